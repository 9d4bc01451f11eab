/**
 * What the adversary needs of a chain. Each chain that settles brings one of these, and is attacked in the same way.
 * Amounts are token units; one of them is one base unit of the account.
 */
import type { ClaimCodec, CloseConsent } from '../../../plugins/lib/channels/types.js'

/** A key of the adversary. It has several: a peer may change its key. */
export interface Identity {
  /** In the chain's form. */
  address: string
  codec: ClaimCodec
}

/** One side of a channel, as the chain has it. */
interface Side {
  deposit: bigint
  /** What the other side has taken out of it. */
  redeemed: bigint
}

/** A channel between us and one of the adversary's addresses that is not settled. */
export interface OpenChannel {
  channelId: string
  /** Of the adversary. */
  address: string
  challengeSecs: number
  isClosing: boolean
  ours: Side
  theirs: Side
}

/** What the adversary does on the chain. */
export type ChainAct =
  | { do: 'open', challengeSecs: number }
  | { do: 'deposit', channelId: string, into: 'ours' | 'theirs', amount: bigint }
  | { do: 'redeem', channelId: string, claim: Buffer }
  | { do: 'close', channelId: string }
  | { do: 'settle', channelId: string }
  | { do: 'closeTogether', consent: CloseConsent, signature: string, claim: Buffer | undefined }

/** How the node answers that we ask. `stale`: with what was so when that began. */
export type Weather = 'fine' | 'away' | 'stale'

export interface ChainUnderTest {
  /** Our address. */
  readonly ours: string
  readonly identities: readonly [Identity, ...Identity[]]
  /** The plugin of our account, by name or path, and its options but for those of the transport. */
  readonly plugin: string
  optionsFor (peerAddress: string): Record<string, unknown>
  /** Whoever has it on the chain, and nothing of what is in channels. */
  wallet (address: string): Promise<bigint>
  channels (): Promise<OpenChannel[]>
  /** Rejects when the chain does. */
  act (by: Identity, act: ChainAct): Promise<void>
  /** Whether the chain takes its signature, whatever stands against paying it out now. */
  isSigned (claim: Buffer): Promise<boolean>
  /** Lets the chain's own clock go on, where it has one. */
  pass (ms: number): Promise<void>
  setWeather (weather: Weather): void
  /** How often something has happened on it: to see whether all is quiet. */
  readonly activity: number
  /** The time by its clock when a history begins, in ms since the epoch. */
  readonly beginsMs: number
  /** Nobody uses it any more. */
  stop (): void
  /** Takes a channel back as if it had never been opened, where the chain can. */
  takeBack?: (channelId: string) => void
  /** How long one waits for the end that the other has agreed to, where it is longer than usual. */
  readonly endSecs?: number
  /** Real ms that its node may need before anything is to be seen of what goes on. */
  readonly patienceMs: number
  /** Where that depends on how busy the machine is: resolves when its node has answered once more. */
  breathe? (): Promise<void>
}
