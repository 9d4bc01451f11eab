/**
 * What a kind of chain (EVM, XRP Ledger, Solana ...) tells a node, so that the node can read a configuration and requests that speak of it.
 * The node itself knows no chain: it finds `<chainType>/chain-kind` beside the plugin of that name, and that file loads no SDK.
 */
import type { ZodType } from 'zod'
import type { Asset } from './account.js'
import type { TransportType } from './node-transport.js'
import type { TreasuryKind } from './treasury.js'

/** The field of a peer that has its address on chains of a kind. */
export type PeerField = `${string}Address`

/** How an address, an id or the like is written. */
export interface Format {
  matches (text: string): boolean
  /** Fits after "expected" and "must be": `0x and 40 hexadecimal digits`. */
  readonly inWords: string
}

export interface AddressFormat extends Format {
  /** The one form of an address, so that two can be compared with `===`. */
  canonical (address: string): string
  /** Words that clients of the admin API know, after "must be": for any field with an address, and for the peer to open a channel with. */
  readonly inAnswers?: { readonly field: string, readonly peer: string } | undefined
  /**
   * Where addresses say which network they are for: why this one is not for that chain, as a part of a sentence about it. Undefined: it may
   * be. Absent: addresses are the same on all networks.
   */
  readonly faultOn?: ((address: string, chainId: string) => string | undefined) | undefined
}

interface ChainIdFormat extends Format {
  /** The one form of a chain's id: `evm:8453` of `evm:base:8453`. Anything that is not an id of the kind stays as it is. */
  canonical (chainId: string): string
  /** For documents: `evm:8453`. */
  readonly examples: readonly string[]
}

/**
 * An entry of `chainProviders`, decided: what the account of a peer on that chain gets. Amounts are decimal strings, in the smallest unit
 * of what is paid in.
 */
export interface ChainTerms {
  /** Such as `evm:8453`, in its one form. */
  readonly id: string
  /** Of what is paid in there, in its one form. */
  readonly tokenAddress: string
  /**
   * What is paid in there, with the scale of its smallest unit, if the entry or the kind says so. Undefined: the asset of the node, of
   * which one base unit is the smallest unit of whatever is paid in.
   */
  readonly asset?: Asset | undefined
  /** How its nodes are asked: through the proxy of the node, or directly, which is the default. */
  readonly transport?: TransportType | undefined
  /** What we may owe before we settle. */
  readonly threshold: string
  /** How often we pay whatever we owe, in ms. */
  readonly intervalMs?: number | undefined
  /**
   * For the plugin. `chain` says which chain it is and who signs there. The node adds what is the peer's own: `peerAddress`, `senderId`,
   * and the options of the transport; and `chain.socksProxy`, where the nodes of the chain are asked through a proxy.
   */
  readonly options: Readonly<Record<string, unknown>>
}

/** A chain that a node settles on. */
export interface SettlementChain extends ChainTerms {
  readonly kind: ChainKind
  /** The plugin that settles there, by its name or path: `chainType` as it was written. */
  readonly plugin: string
}

/** What is wrong, or odd, with an entry besides its single fields. */
export interface EntryFindings {
  problems: Array<{ field: string, message: string }>
  warnings: string[]
}

/** The accounts of a kind in a wallet of words. */
export interface WalletAccounts {
  /** @param seed of 64 bytes (BIP-39) @returns the path of the key with this index, and its address */
  accountAt (seed: Uint8Array, index: number): { path: string, address: string }
}

/** The environment that a node runs in, as its configuration says. */
export type Environment = 'development' | 'staging' | 'production'

/** What `connector setup` asks about a chain of a kind. */
export interface SetupQuestion {
  /** Of the entry of `chainProviders`: the answer is written there. */
  readonly field: string
  readonly question: string
  /** Absent: there is none, and the answer cannot be left out, unless it is a secret, which the operator can fill in later. */
  readonly fallback?: string
  /** The variable of `.env` that gets the answer, where others must not see it. */
  readonly variable?: string
}

/** What every entry of `chainProviders` has. */
export type AnyEntry = { chainType: string, chainId: string }

/** `Entry` is one entry of `chainProviders`, as `schema` reads it. */
export interface ChainKind<Entry extends AnyEntry = AnyEntry> {
  /** `evm`: what the ids of its chains begin with. */
  readonly type: string
  /** For people: `EVM`. */
  readonly label: string
  readonly peerField: PeerField
  readonly address: AddressFormat
  readonly channelId: Format
  readonly chainId: ChainIdFormat
  /** With the words for errors as metadata (src/lib/field-kinds.ts); `secret` on whatever may hold one. */
  readonly schema: ZodType<Entry>
  decide (entry: Entry): ChainTerms
  /** Rules that one field alone cannot show. */
  check? (entry: Entry, environment: Environment): EntryFindings
  readonly legacy?: LegacySettings | undefined
  /** Without it, keys of this kind cannot come from a wallet. */
  readonly wallet?: WalletAccounts | undefined
  /** Without it, no faucet gives its money away, and peers are not funded. */
  readonly treasury?: TreasuryKind | undefined
  /** Without it, `connector setup` does not offer the kind. */
  readonly questions?: readonly SetupQuestion[] | undefined
}

/** A chain in the section `blockchain` of earlier versions. */
export interface OldChain {
  enabled?: boolean | undefined
  rpcUrl?: string | undefined
  chainId?: number | undefined
  /** Where networks have names. */
  network?: string | undefined
  privateKey?: string | undefined
  /** How to get into the vault that `privateKey` names a key in. */
  vault?: object | undefined
  registryAddress?: string | undefined
  /** Where contracts are modules of an account. */
  moduleAddress?: string | undefined
  tokenAddress?: string | undefined
  settlementOptions?: object | undefined
}

/** How earlier versions, and other connectors, named what is `chainProviders` here. */
export interface LegacySettings {
  /** Sections of the configuration that there are no more, and what to do about each. */
  readonly removed: Readonly<Record<string, string>>
  /** The parts of the section `blockchain` that are of this kind, with their schemas. */
  readonly blockchain: Readonly<Record<string, ZodType<OldChain>>>
  /** The configuration, as it is written, with what the environment adds to it. */
  withVariables (given: Readonly<Record<string, unknown>>, env: Variables): LegacyReading
  /** Fills peers in: their addresses may stand in variables of their own. */
  withPeerAddresses (peers: readonly unknown[], env: Variables): { peers: unknown[], sources: ReadonlyMap<string, string> }
  /** What is enabled in `blockchain`, once that is right: an entry of `chainProviders`, if one can be made of it, and what to say of it. */
  entriesOf (blockchain: Readonly<Record<string, OldChain | undefined>>): Array<{ section: string, entry?: unknown, advice: string }>
  /** Warnings for a node without chains: variables that are set and settle nothing. */
  unusedVariables (env: Variables): string[]
}

export interface LegacyReading {
  values: Record<string, unknown>
  /** By place (`chainProviders.0.rpcUrl`) the variable that set it. */
  sources: ReadonlyMap<string, string>
  warnings: string[]
  /** What stops the start: where it is said, and what is wrong. */
  faults?: ReadonlyArray<{ source: string, message: string }> | undefined
}

type Variables = Readonly<Record<string, string | undefined>>
