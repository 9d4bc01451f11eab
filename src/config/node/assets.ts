/**
 * What the accounts of a node count in: the asset of a peer, of its chain, or of the node. Assets of one code differ in scale at most,
 * which is exact; two codes need a rate, and so nothing is ever taken to be worth the same because nobody said otherwise.
 */
import type { Asset } from '../../contracts/account.js'
import type { SettlementChain } from '../../contracts/chain-kind.js'
import type { AssetLimits, CreditLimit, CreditLimits, NodeConfig, PeerConfig, RatesConfig } from '../../contracts/node.js'
import { RateTable } from '../../lib/rate-table.js'
import { chainOf, type Chains, type SettlingPeer } from './settlement-chains.js'

/** What a node counts in that says nothing: one base unit is the smallest unit of whatever its peers are paid in. */
export const UNNAMED_ASSET: Asset = { code: 'M2M', scale: 0 }

type Assets = Chains & Pick<NodeConfig, 'asset' | 'rates' | 'creditLimits'>
type AssetPeer = SettlingPeer & Pick<PeerConfig, 'id' | 'asset'>

/** The asset of a node that names none: what is paid in on its chains, if that is the same on all. */
export function assetOfNode (given: Asset | undefined, chains: readonly SettlementChain[]): Asset {
  if (given !== undefined) return given
  const [first, ...others] = chains.map(({ asset }) => asset)
  return first !== undefined && others.every(other => other !== undefined && isSameAsset(first, other)) ? first : UNNAMED_ASSET
}

export function assetOf (peer: SettlingPeer & Pick<PeerConfig, 'asset'>, config: Chains & Pick<NodeConfig, 'asset'>): Asset {
  return peer.asset ?? chainOf(peer, config)?.asset ?? config.asset
}

export function isSameAsset (a: Asset, b: Asset): boolean {
  return a.code === b.code && a.scale === b.scale
}

/** Why the node cannot count in the asset of the peer. Undefined: nothing is wrong. What a backend knows shows only when it is asked. */
export function assetFault (peer: AssetPeer, config: Assets): string | undefined {
  return chainFault(peer, config) ?? rateFault(peer, config) ?? limitFault(peer, config)
}

/** What is wrong with `rates`, by place. */
export function ratesFaults ({ fixed = {}, backend, options }: RatesConfig): Array<{ path: string[], message: string }> {
  const { faults } = RateTable.read(fixed)
  return [
    ...faults.map(({ pair, message }) => ({ path: ['rates', 'fixed', pair], message })),
    ...options !== undefined && backend === undefined
      ? [{ path: ['rates', 'options'], message: 'there is no backend that they are for. Add rates.backend, or remove them.' }]
      : []
  ]
}

/** What a peer may owe us, in base units of `asset`, which is that of its account. Undefined: any amount. */
export function creditLimitIn (peerId: string, { asset, ...config }: Omit<Assets, 'rates'>, own: Asset = asset): bigint | undefined {
  const { defaultLimit, perPeerLimits = {}, globalCeiling } = config.creditLimits
  const ofPeer = isMap(perPeerLimits) ? perPeerLimits.get(peerId) : Object.hasOwn(perPeerLimits, peerId) ? perPeerLimits[peerId] : undefined
  const within = (limit: AssetLimits | undefined): bigint | undefined => limitIn(limit, { asset, ...config }, own)
  const set = [ofPeer === undefined ? within(defaultLimit) : BigInt(ofPeer), within(globalCeiling)].filter(limit => limit !== undefined)
  return set.length === 0 ? undefined : set.reduce((a, b) => a < b ? a : b)
}

/** `amount` base units of one scale in those of another, rounded down. */
export function rescaled (amount: bigint, from: number, to: number): bigint {
  return to >= from ? amount * 10n ** BigInt(to - from) : amount / 10n ** BigInt(from - to)
}

/** A peer is paid in what the chain pays in: other money in its place would be an exchange at a rate that nobody has said. */
function chainFault (peer: AssetPeer, config: Assets): string | undefined {
  const chain = chainOf(peer, config)
  if (peer.asset === undefined || chain === undefined) return undefined
  const { id, asset } = chain
  if (asset !== undefined && asset.code !== peer.asset.code) {
    return `Peer ${peer.id} counts in ${peer.asset.code}, and settles on ${id}, which pays in ${asset.code}. Remove its asset, or its chain.`
  }
  if (asset !== undefined || isSameAsset(peer.asset, config.asset)) return undefined
  return `Peer ${peer.id} counts in ${peer.asset.code}, and settles on ${id}, of which nothing says what it pays in. Write that there, with the decimals ` +
    `of the token: asset: { code: ${peer.asset.code}, scale: <decimals> }.`
}

function rateFault (peer: AssetPeer, config: Assets): string | undefined {
  const { asset, rates } = config
  const { code, scale } = assetOf(peer, config)
  if (rates.backend !== undefined || tableOf(rates).between(code, asset.code) !== undefined) return undefined
  return `${noRate(peer.id, code, asset.code)}, or let the node count in ${code}, too: asset: { code: ${code}, scale: ${scale} }.`
}

/** Peers are judged one by one, and there may be thousands. */
function tableOf (rates: RatesConfig): RateTable {
  const table = tables.get(rates) ?? RateTable.read(rates.fixed ?? {}).table
  tables.set(rates, table)
  return table
}

const tables = new WeakMap<RatesConfig, RateTable>()

/** The beginning of a sentence. */
export function noRate (peerId: string, code: string, other: string): string {
  return `Peer ${peerId} counts in ${code} and the node in ${other}, and there is no rate between them. ` +
    `Write what one ${code} is worth: rates: { fixed: { ${code}/${other}: "<amount>" } }, or name a backend that knows both: rates: { backend: <name> }`
}

function limitFault (peer: AssetPeer, config: Assets): string | undefined {
  const { creditLimits, asset } = config
  const { code } = assetOf(peer, config)
  const { perPeerLimits = {} } = creditLimits
  const hasOwn = isMap(perPeerLimits) ? perPeerLimits.has(peer.id) : Object.hasOwn(perPeerLimits, peer.id)
  const limits = { ...(!hasOwn && { defaultLimit: creditLimits.defaultLimit }), globalCeiling: creditLimits.globalCeiling }
  for (const [name, limit] of Object.entries(limits)) {
    if (limit === undefined || amountFor(limit, code, asset) !== undefined) continue
    const example = `{ ${asset.code}: "${isByAsset(limit) ? limit[asset.code] ?? '<base units>' : limit}", ${code}: "<base units>" }`
    return `Peer ${peer.id} counts in ${code}, and settlement.creditLimits.${name} has no amount of that. Write one for each asset: ${name}: ${example}.`
  }
  return undefined
}

function limitIn (limit: AssetLimits | undefined, { chains, asset }: Pick<Assets, 'chains' | 'asset'>, own: Asset): bigint | undefined {
  if (limit === undefined) return undefined
  const amount = amountFor(limit, own.code, asset)
  if (amount === undefined) return 0n // refused before, and nobody has credit by mistake
  const { scale } = [asset, ...chains.flatMap(chain => chain.asset ?? [])].find(({ code }) => code === own.code) ?? own
  return rescaled(BigInt(amount), scale, own.scale)
}

function amountFor (limit: AssetLimits, code: string, asset: Asset): CreditLimit | undefined {
  if (isByAsset(limit)) return Object.hasOwn(limit, code) ? limit[code] : undefined
  return code === asset.code ? limit : undefined
}

function isByAsset (limit: AssetLimits): limit is Readonly<Record<string, CreditLimit>> {
  return typeof limit === 'object'
}

function isMap (limits: NonNullable<CreditLimits['perPeerLimits']>): limits is ReadonlyMap<string, CreditLimit> {
  return limits instanceof Map
}
