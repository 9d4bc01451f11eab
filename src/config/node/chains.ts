/** What `chainProviders` says becomes what accounts of peers get; and the rules for it that one field alone cannot show. */
import { chainIdOf, chainOf, evmAddressOf, settlementFault, sharedAddressFault, type SettlementChain } from './settlement-chains.js'
import type { NodeConfig } from '../../contracts/node.js'
import type { ParsedChainProvider } from './chain-schema.js'
import { chainsOfBlockchain } from './legacy-chains.js'
import type { ParsedConfig } from './schema.js'

const THRESHOLD = 1_000_000n
/** Unless told otherwise, a channel takes so many settlements before it is filled up. */
const SETTLEMENTS_IN_DEPOSIT = 10n

const NETWORKS: ReadonlyArray<{ name: string, main: string, test: string, testName: string }> = [
  { name: 'Base mainnet', main: 'evm:8453', test: 'evm:84532', testName: 'Base Sepolia' },
  { name: 'Arbitrum One', main: 'evm:42161', test: 'evm:421614', testName: 'Arbitrum Sepolia' }
]
const DEVELOPERS = ['evm:1337', 'evm:31337']
/** How the keys begin that every developer's node prints when it starts: whoever wants their money takes it. */
const PUBLIC_KEYS = ['0xac0974bec39a17e3', '0x59c6995e998f97a5', '0x5de4111afa1a4b94']
const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\]|0\.0\.0\.0)$/

type Refuse = (path: PropertyKey[], message: string) => void
type Warn = (message: string) => void

/** None where settlement is turned off. */
export function chainsOf (given: ParsedConfig): SettlementChain[] {
  return given.settlement?.enableSettlement === false ? [] : providersOf(given).map(resolve)
}

function providersOf (given: ParsedConfig): ParsedChainProvider[] {
  return [...given.chainProviders ?? [], ...chainsOfBlockchain(given).providers]
}

function resolve (provider: ParsedChainProvider): SettlementChain {
  const { chainId, rpcUrl, registryAddress, tokenAddress, keyId, settlementOptions = {} } = provider
  const {
    initialDeposit, topUpBelow, maxPrepaid, redeemThreshold, nativePrice, confirmations, startBlock, timeBasedIntervalMs, ...others
  } = settlementOptions
  const threshold = BigInt(settlementOptions.threshold ?? THRESHOLD)
  const id = chainIdOf(chainId)
  return {
    id,
    plugin: 'evm',
    tokenAddress: tokenAddress.toLowerCase(),
    threshold: String(threshold),
    intervalMs: timeBasedIntervalMs,
    options: present({
      // Everything in a node is in the same unit, and so are the amounts in its configuration: that of the token.
      sameUnits: true,
      chain: present({ chainId: id, rpcUrl, registryAddress, tokenAddress, keyId, confirmations, startBlock }),
      ...others,
      threshold: undefined,
      ledgerSnapshotPath: undefined,
      ledgerPersistIntervalMs: undefined,
      initialDeposit: String(initialDeposit ?? threshold * SETTLEMENTS_IN_DEPOSIT),
      redeemThreshold: String(redeemThreshold ?? threshold),
      topUpBelow: topUpBelow === undefined ? undefined : String(topUpBelow),
      maxPrepaid: maxPrepaid === undefined ? undefined : String(maxPrepaid),
      nativePrice: nativePrice === undefined ? undefined : String(nativePrice)
    })
  }
}

function present (fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

export function checkChains (given: ParsedConfig, config: NodeConfig, refuse: Refuse, warn: Warn): void {
  const { chains, peers } = config
  const enabled = given.settlement?.enableSettlement
  const providers = providersOf(given)
  if (enabled === true && providers.length === 0) {
    refuse(['settlement', 'enableSettlement'], 'is true, and there is no chain to settle on. Add chainProviders, or remove it.')
  }
  for (const warning of chainsOfBlockchain(given).warnings) warn(warning)
  checkEntries(providers, config, refuse, warn)
  if (enabled === false) {
    if (providers.length > 0) warn('settlement.enableSettlement is false: nothing is settled on the chains that are configured.')
    return
  }
  for (const [index, peer] of peers.entries()) {
    const fault = settlementFault(peer, chains)
    if (fault !== undefined) refuse(['peers', index, 'chain'], fault)
    const shared = sharedAddressFault(peer, peers.slice(0, index), chains)
    if (shared !== undefined) refuse(['peers', index, 'evmAddress'], shared)
    if (chains.length > 1 && peer.chain === undefined && evmAddressOf(peer) !== undefined) {
      warn(`peer ${peer.id} has an evmAddress and no chain: nothing is settled with it. Add chain, one of ${chains.map(({ id }) => id).join(', ')}.`)
    }
  }
  const used = new Set(peers.map(peer => chainOf(peer, chains)).filter(chain => chain !== undefined))
  if (used.size > 1) warn(`peers are settled with on several chains (${[...used].map(({ id }) => id).join(', ')}): one unit of the token counts the same on each.`)
}

function checkEntries (providers: readonly ParsedChainProvider[], { environment }: NodeConfig, refuse: Refuse, warn: Warn): void {
  const seen = new Set<string>()
  for (const [index, provider] of providers.entries()) {
    const id = chainIdOf(provider.chainId)
    const at = (field: string): PropertyKey[] => ['chainProviders', index, field]
    if (seen.has(id)) refuse(at('chainId'), `Duplicate chainId: ${id}`)
    seen.add(id)
    for (const field of ['ledgerSnapshotPath', 'ledgerPersistIntervalMs'] as const) {
      if (provider.settlementOptions?.[field] !== undefined) {
        warn(`chainProviders[${index}].settlementOptions.${field} is ignored: balances are kept in dataPath, where no crash loses them.`)
      }
    }
    checkChainId(id, environment, message => { refuse(at('chainId'), message) }, warn)
    checkUrl(provider.rpcUrl, environment, message => { refuse(at('rpcUrl'), message) }, warn)
    if (PUBLIC_KEYS.some(start => provider.keyId.toLowerCase().startsWith(start)) && environment !== 'development') {
      refuse(at('keyId'), `this key is public, and money on it is anybody's. Use a key of your own in ${environment}.`)
    }
  }
}

function checkChainId (id: string, environment: string, refuse: Warn, warn: Warn): void {
  const chain = NETWORKS.find(({ main, test }) => [main, test].includes(id))
  const number = id.replace('evm:', '')
  if (environment === 'production') {
    if (chain?.test === id) refuse(`Production must use ${chain.name} (chainId ${chain.main.replace('evm:', '')}), got chainId ${number}`)
    if (DEVELOPERS.includes(id)) refuse(`Production must use a main network such as Base mainnet (chainId 8453), got chainId ${number}`)
  }
  if (chain?.main !== id) return
  if (environment === 'staging') refuse(`Staging must use ${chain.testName} (chainId ${chain.test.replace('evm:', '')}), got chainId ${number}`)
  if (environment === 'development') warn(`${id} is ${chain.name}, where money is real, and environment is development: it fulfils packets that nobody handles.`)
}

function checkUrl (url: string, environment: string, refuse: Warn, warn: Warn): void {
  const { protocol, hostname } = new URL(url)
  const isHere = LOOPBACK.test(hostname)
  if (environment === 'production' && isHere) refuse('Production must not use an RPC URL of localhost. Use that of a node that others see, too.')
  else if (environment === 'production' && protocol !== 'https:') refuse('Production must use an https:// RPC URL.')
  else if (environment === 'staging' && (isHere || protocol !== 'https:')) warn('the RPC URL of a chain is not https://, or on this machine: not for production.')
}
