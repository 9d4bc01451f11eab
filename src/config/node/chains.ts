/** What `chainProviders` says, read by the kind of chain that each entry is for; and the rules for it that one entry alone cannot show. */
import type { AnyEntry, ChainKind, LegacySettings, SettlementChain } from '../../contracts/chain-kind.js'
import type { NodeConfig } from '../../contracts/node.js'
import { isObject } from '../../lib/is-object.js'
import type { Problem } from '../errors.js'
import { explain } from '../explain.js'
import { schemaAt, type Schema } from '../fields.js'
import type { ChainKinds } from './chain-kinds.js'
import { SettlementAddresses } from './settlement-addresses.js'
import { addressOf, chainOf, settlementFault } from './settlement-chains.js'
import { nodeSchema, type ParsedConfig } from './schema.js'

/** An entry of `chainProviders` that its kind of chain has found right. */
export interface ChainEntry {
  kind: ChainKind
  /** `chainType`, as it was written. */
  plugin: string
  value: AnyEntry
}

type Refuse = (path: PropertyKey[], message: string) => void
type Warn = (message: string) => void

/** The schema of a place in a configuration, as far as its fields are known. */
export function fieldAt (given: unknown, path: readonly PropertyKey[], kinds: ChainKinds): Schema | undefined {
  const [section, index] = path
  const entries: unknown = isObject(given) ? given.chainProviders : undefined
  if (section !== 'chainProviders' || !Array.isArray(entries)) return schemaAt(nodeSchema(kinds.all), path)
  const kind = kindOf(entries[Number(index)], kinds)
  return kind && schemaAt(kind.schema, path.slice(2))
}

/** Reads the entries whose kind is known; what is wrong with the type of the others is for the node's schema to say. */
export function readEntries (given: unknown, kinds: ChainKinds): { entries: ChainEntry[], problems: Problem[] } {
  const entries: ChainEntry[] = []
  const problems: Problem[] = []
  for (const [index, value] of (Array.isArray(given) ? given : []).entries()) {
    const kind = kindOf(value, kinds)
    if (kind === undefined || !isObject(value)) continue
    const { data, error } = kind.schema.safeParse(value)
    if (error === undefined) entries.push({ kind, plugin: data.chainType, value: data })
    else problems.push(...explain(error.issues, kind.schema, value).map(({ path, message }) => ({ path: ['chainProviders', index, ...path], message })))
  }
  return { entries, problems }
}

function kindOf (entry: unknown, kinds: ChainKinds): ChainKind | undefined {
  return isObject(entry) && typeof entry.chainType === 'string' ? kinds.named(entry.chainType) : undefined
}

/** The same from `blockchain`, which earlier versions had in the place of `chainProviders`. */
export function readBlockchain ({ blockchain = {} }: ParsedConfig, kinds: ChainKinds): { entries: ChainEntry[], warnings: string[] } {
  const found = entriesOf(blockchain, kinds)
  return { entries: readEntries(found.flatMap(({ entry }) => entry ?? []), kinds).entries, warnings: found.map(({ advice }) => advice) }
}

/** Of each enabled section of `blockchain`, the entry of `chainProviders` that it comes to, if it does, and what to say of it. */
export function entriesOf (blockchain: NonNullable<ParsedConfig['blockchain']>, kinds: ChainKinds): ReturnType<LegacySettings['entriesOf']> {
  return kinds.all.flatMap(({ legacy }) => {
    if (legacy === undefined) return []
    const ours = Object.entries(blockchain).filter(([name, section]) => section !== undefined && Object.hasOwn(legacy.blockchain, name))
    return legacy.entriesOf(Object.fromEntries(ours))
  })
}

export function decideChain ({ kind, plugin, value }: ChainEntry): SettlementChain {
  return { ...kind.decide(value), kind, plugin }
}

export function checkChains (given: ParsedConfig, config: NodeConfig, entries: readonly ChainEntry[], refuse: Refuse, warn: Warn): void {
  const { chains, peers } = config
  const enabled = given.settlement?.enableSettlement
  if (enabled === true && entries.length === 0) {
    refuse(['settlement', 'enableSettlement'], 'is true, and there is no chain to settle on. Add chainProviders, or remove it.')
  }
  checkEntries(entries, config, refuse, warn)
  if (enabled === false) {
    if (entries.length > 0) warn('settlement.enableSettlement is false: nothing is settled on the chains that are configured.')
    return
  }
  const addresses = new SettlementAddresses(config)
  for (const [index, peer] of peers.entries()) {
    const fault = settlementFault(peer, config)
    if (fault !== undefined) refuse(['peers', index, 'chain'], fault)
    const chain = chainOf(peer, config)
    const shared = addresses.take(peer)
    if (chain !== undefined && shared !== undefined) refuse(['peers', index, chain.kind.peerField], shared)
    if (chain !== undefined || peer.chain !== undefined) continue
    const possible = chains.filter(({ kind }) => addressOf(peer, kind) !== undefined)
    if (possible[0] === undefined) continue
    const { peerField } = possible[0].kind
    warn(`peer ${peer.id} has ${/^[aeix]/.test(peerField) ? 'an' : 'a'} ${peerField} and no chain: the node does not settle with it. ` +
      `Add chain, one of ${possible.map(({ id }) => id).join(', ')}.`)
  }
  const used = new Set(peers.map(peer => chainOf(peer, config)).filter(chain => chain !== undefined))
  const unnamed = [...used].filter(({ asset }) => asset === undefined)
  if (unnamed.length > 1) warn(`the node settles with its peers on several chains (${unnamed.map(({ id }) => id).join(', ')}): one unit of the token counts the same on each.`)
}

function checkEntries (entries: readonly ChainEntry[], { environment, transport }: NodeConfig, refuse: Refuse, warn: Warn): void {
  const seen = new Set<string>()
  for (const [index, { kind, value }] of entries.entries()) {
    const { id, transport: asked } = kind.decide(value)
    if (asked === 'socks5' && transport.type !== 'socks5') {
      refuse(['chainProviders', index, 'transport'], 'is socks5, which requires connector-level transport.type \'socks5\'. Set that, or remove this.')
    } else if (asked === undefined && transport.type === 'socks5') {
      warn(`transport.type is socks5, and the nodes of ${id} are asked directly: those who run them see the address of this node (docs/transport.md). ` +
        (schemaAt(kind.schema, ['transport']) === undefined ? 'They cannot be asked through a proxy yet.' : `Set chainProviders[${index}].transport to socks5, or to direct if you mean it.`))
    }
    if (seen.has(id)) refuse(['chainProviders', index, 'chainId'], `Duplicate chainId: ${id}`)
    seen.add(id)
    const { problems = [], warnings = [] } = kind.check?.(value, environment) ?? {}
    for (const { field, message } of problems) refuse(['chainProviders', index, field], message)
    for (const warning of warnings) warn(warning.startsWith('settlementOptions.') ? `chainProviders[${index}].${warning}` : warning)
  }
}
