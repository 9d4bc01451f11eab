/** A node's part of a channel as it lives: connected, crashed, and back with what it had kept. */
import type { Logger } from '../../../src/contracts/logger.js'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { rawKeyOf } from '../../../plugins/evm/chain/signer.js'
import { EvmProvider, type EvmProviderOptions } from '../../../plugins/evm/provider.js'
import { CHAIN_ID, type accounts } from '../../../examples/evm-chain.js'
import type { Parties } from './parties.js'

type Account = typeof accounts[number]

const POLL_MS = 10

/** Keeps its lines. */
export function memoryLog (lines: string[] = []): Logger & { lines: string[] } {
  const write = (message: string, ...args: unknown[]): void => { lines.push([message, ...args.map(String)].join(' ')) }
  return { lines, error: write, warn: write, info: write, debug: write, trace: write, debugEnabled: true }
}

type OnPut = (key: string, value: string) => void

/** `onPut` comes before each write. */
export function memoryStore (entries = new Map<string, string>(), onPut: OnPut = () => undefined): PluginStore {
  return {
    get: key => Promise.resolve(entries.get(key)),
    put: (key, value) => Promise.resolve().then(() => {
      onPut(key, value)
      entries.set(key, value)
    }),
    del (key) {
      entries.delete(key)
      return Promise.resolve()
    }
  }
}

/** Of the network of `parties`, one confirmation, looked at without waiting. */
export function providerOptions (parties: Parties, account: Account, more: Partial<EvmProviderOptions> = {}): EvmProviderOptions {
  return {
    rpcUrl: parties.chain.url,
    chainId: BigInt(CHAIN_ID),
    registryAddress: parties.chain.registry.address.toLowerCase(),
    tokenAddress: parties.token.address.toLowerCase(),
    signer: rawKeyOf(account.privateKey),
    store: memoryStore(),
    log: memoryLog(),
    confirmations: 1,
    pollMs: POLL_MS,
    ...more
  }
}

/** Providers of a test, disconnected after it. */
export function lives (parties: Parties): (account: Account, more?: Partial<EvmProviderOptions>) => EvmProvider {
  const made: EvmProvider[] = []
  afterEach(async () => { await Promise.all(made.splice(0).map(provider => provider.disconnect())) })
  return (account, more) => {
    const provider = new EvmProvider(providerOptions(parties, account, more))
    made.push(provider)
    return provider
  }
}

