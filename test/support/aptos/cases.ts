/** The cases in `cases.json`: what is done with a channel, and what it ends in. Both the Move module and this stand-in run them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../package-root.js'
import { claimBytes, consentBytes } from './rules.js'
import { TestKey } from './signatures.js'

export type Who = 'alice' | 'bob' | 'carol'
/** Numbers above 2^53 are texts. */
type Amount = number | string

/** A claim or a consent, and the key that signs it. Chain, code and channel are those of the first channel if nothing else is said. */
export interface SignedTerms {
  readonly kind: 'claim' | 'consent'
  readonly key: Who
  /** Of a claim. */
  readonly payer?: Who
  readonly amount?: Amount
  /** Of a consent. */
  readonly party?: Who
  readonly least?: Amount
  readonly until?: Amount
  readonly chain?: number
  readonly code?: string
  readonly channel?: number
  /** Only so many bytes of the signature. */
  readonly cut?: number
  /** A bit of it is changed. */
  readonly flip?: boolean
}

export type KeyName = Who | 'small' | 'short' | 'long' | 'none'
export type CoinName = 'paired' | 'second' | 'unpaired'
interface Calling { readonly by: Who, readonly channel?: number }

export type Step =
  | Calling & { readonly do: 'open', readonly other: Who, readonly challenge?: Amount, readonly key?: KeyName, readonly asset?: 'none' }
  | Calling & { readonly do: 'open_coin', readonly other: Who, readonly coin: CoinName }
  | Calling & { readonly do: 'join', readonly key?: KeyName }
  | Calling & { readonly do: 'deposit', readonly amount: Amount }
  | Calling & { readonly do: 'deposit_coin', readonly amount: Amount, readonly coin: CoinName }
  | Calling & { readonly do: 'redeem', readonly amount: Amount, readonly signature: SignedTerms | null }
  | Calling & { readonly do: 'withdraw' | 'close' | 'settle' }
  | Calling & {
    readonly do: 'together', readonly amount: Amount, readonly claim: SignedTerms | null
    readonly least: Amount, readonly until: Amount, readonly consent: SignedTerms
  }
  | { readonly do: 'clock', readonly now: number }
  | { readonly do: 'chain', readonly id: number }
  | { readonly do: 'hooks', readonly fee: number, readonly isBroken: boolean }
  | { readonly do: 'freeze', readonly who: Who | 'vault', readonly isFrozen: boolean }
  | { readonly do: 'vault', readonly balance: Amount }
  | { readonly do: 'rich', readonly who: Who, readonly balance: Amount }
  | Seen & { readonly do: 'see', readonly channel?: number }

/** What is to be seen of a channel, of its asset, and of the parties. */
export interface Seen {
  readonly state?: number
  readonly settleableAt?: Amount
  readonly revision?: number
  readonly vault?: Amount
  readonly entitled?: Partial<Record<Who, Amount>>
  readonly balance?: Partial<Record<Who, Amount>>
}

export interface Case {
  readonly name: string
  /** Rows of the table of attacks in docs/aptos-module.md. */
  readonly rows: readonly number[]
  /**
   * - `funded`: each party has 1,000 of the asset, and 1,000 of a second one; it is second 1000
   * - `opened`: and alice has opened channel 1 with bob, with a challenge of a day
   * - `filled`: and bob has joined; alice has put 100 into it, and bob 50
   */
  readonly setup: 'funded' | 'opened' | 'filled'
  readonly steps: readonly Step[]
  /** What the last step aborts with. */
  readonly aborts?: { readonly module: string, readonly code: number }
}

export const CASES = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'test/support/aptos/cases.json'), 'utf8')) as readonly Case[]
export const CASE_CHAIN_ID = 1
export const FUNDS = 1000
export const DAY = 86_400
const OPEN: Step = { do: 'open', by: 'alice', other: 'bob' }
const SETUPS: Readonly<Record<Case['setup'], readonly Step[]>> = {
  funded: [],
  opened: [OPEN],
  filled: [OPEN, { do: 'join', by: 'bob' }, { do: 'deposit', by: 'alice', amount: 100 }, { do: 'deposit', by: 'bob', amount: 50 }]
}

/** All steps of a case, with those of its setup. */
export function stepsOf ({ setup, steps }: Case): readonly Step[] {
  return [...SETUPS[setup], ...steps]
}

export const ADDRESSES: Readonly<Record<Who, string>> = {
  alice: `0x${'a11ce'.padStart(64, '0')}`, bob: `0x${'b0b'.padStart(64, '0')}`, carol: `0x${'ca401'.padStart(64, '0')}`
}
const KEYS: Readonly<Record<Who, TestKey>> = {
  alice: new TestKey(Buffer.alloc(32, 1)), bob: new TestKey(Buffer.alloc(32, 2)), carol: new TestKey(Buffer.alloc(32, 3))
}

/** A public key, or what is none. */
export function keyOf (name: KeyName): Uint8Array {
  switch (name) {
  case 'small': return Uint8Array.from([1, ...Buffer.alloc(31)])
  case 'short': return KEYS.alice.publicKey.subarray(1)
  case 'long': return Buffer.concat([KEYS.alice.publicKey, Uint8Array.of(0)])
  case 'none': return new Uint8Array()
  case 'alice':
  case 'bob':
  case 'carol': return KEYS[name].publicKey
  }
}

/** The signature that a step brings; no bytes if it brings none. @param idOf the address of the channel of this number */
export function caseSignature (terms: SignedTerms | null, code: string, idOf: (channel: number) => string): Uint8Array {
  if (terms === null) return new Uint8Array()
  const domain = { chainId: terms.chain ?? CASE_CHAIN_ID, code: terms.code ?? code, id: idOf(terms.channel ?? 1) }
  const message = terms.kind === 'claim'
    ? claimBytes(domain, ADDRESSES[terms.payer ?? 'alice'], BigInt(terms.amount ?? 0))
    : consentBytes(domain, ADDRESSES[terms.party ?? 'alice'], BigInt(terms.least ?? 0), BigInt(terms.until ?? 0))
  const signature = Uint8Array.from(KEYS[terms.key].sign(message)).subarray(0, terms.cut)
  if (terms.flip === true) signature[0] = (signature[0] ?? 0) ^ 1
  return signature
}
