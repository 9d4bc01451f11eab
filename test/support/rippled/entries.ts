/**
 * The entries of the ledger that the stand-in knows, with the names that rippled gives their fields (xrpl.org, "ledger entry types").
 * XRP is drops as bigint; only `jsonOf` makes texts of it. Entries never change: a change is a new entry.
 */

interface Threaded {
  readonly PreviousTxnID?: string
  readonly PreviousTxnLgrSeq?: number
}

export interface AccountRoot extends Threaded {
  readonly LedgerEntryType: 'AccountRoot'
  readonly Account: string
  readonly Balance: bigint
  readonly Flags: number
  readonly OwnerCount: number
  readonly Sequence: number
  readonly RegularKey?: string | undefined
  readonly TicketCount?: number | undefined
  readonly AccountTxnID?: string | undefined
  /** Only a pseudo-account has it. */
  readonly AMMID?: string
}

/** An amount of a token, as its JSON. Only channels of the amendment TokenPaychan have one. */
interface TokenAmount {
  readonly value: string
  readonly currency: string
  readonly issuer: string
}

export interface PayChannel extends Threaded {
  readonly LedgerEntryType: 'PayChannel'
  readonly Account: string
  readonly Destination: string
  /** All that was ever put in. */
  readonly Amount: bigint | TokenAmount
  /** All that was ever paid out. */
  readonly Balance: bigint | TokenAmount
  readonly PublicKey: string
  readonly SettleDelay: number
  readonly Flags: number
  /** Seconds since 2000, as all times here. */
  readonly Expiration?: number | undefined
  readonly CancelAfter?: number | undefined
  readonly SourceTag?: number | undefined
  readonly DestinationTag?: number | undefined
  readonly Sequence?: number | undefined
  readonly OwnerNode: string
  /** Channels of before 2020 are in the directory of their source alone. */
  readonly DestinationNode?: string | undefined
}

interface Ticket extends Threaded {
  readonly LedgerEntryType: 'Ticket'
  readonly Account: string
  readonly Flags: number
  readonly OwnerNode: string
  readonly TicketSequence: number
}

interface DepositPreauth extends Threaded {
  readonly LedgerEntryType: 'DepositPreauth'
  readonly Account: string
  readonly Authorize?: string
  readonly AuthorizeCredentials?: ReadonlyArray<{ readonly Credential: { readonly Issuer: string, readonly CredentialType: string } }>
  readonly Flags: number
  readonly OwnerNode: string
}

export interface Credential extends Threaded {
  readonly LedgerEntryType: 'Credential'
  readonly Subject: string
  readonly Issuer: string
  readonly CredentialType: string
  readonly Flags: number
  readonly Expiration?: number
  readonly OwnerNode: string
}

/** All objects of an account, in one page (rippled: 32 a page). */
interface DirectoryNode {
  readonly LedgerEntryType: 'DirectoryNode'
  readonly Owner: string
  readonly RootIndex: string
  readonly Flags: number
  readonly Indexes: readonly string[]
}

/** An object that counts in a directory, and is otherwise of no interest here. */
interface Check extends Threaded {
  readonly LedgerEntryType: 'Check'
  readonly Account: string
  readonly Destination: string
  readonly Flags: number
  readonly OwnerNode: string
  readonly SendMax: string
  readonly Sequence: number
}

export type Entry = AccountRoot | PayChannel | Ticket | DepositPreauth | Credential | DirectoryNode | Check

/** Flags of an account. */
export const lsf = {
  requireDestTag: 0x00020000,
  disallowXrp: 0x00080000,
  disableMaster: 0x00100000,
  depositAuth: 0x01000000,
  disallowIncomingPayChan: 0x10000000
} as const
/** Flag of a credential. */
export const lsfAccepted = 0x00010000

type Json = string | number | boolean | readonly unknown[] | { readonly [field: string]: unknown }

/** The fields of an entry as rippled's JSON has them: drops as text, absent fields left out. */
export function jsonOf (entry: Entry): Record<string, Json> {
  const fields: Record<string, Json> = {}
  for (const [name, value] of Object.entries(entry) as Array<[string, Json | bigint | undefined]>) {
    if (value !== undefined) fields[name] = typeof value === 'bigint' ? value.toString() : value
  }
  return fields
}

/** The XRP that an entry holds, in drops. */
export function dropsIn (entry: Entry | undefined): bigint {
  if (entry?.LedgerEntryType === 'AccountRoot') return entry.Balance
  if (entry?.LedgerEntryType !== 'PayChannel' || typeof entry.Amount !== 'bigint' || typeof entry.Balance !== 'bigint') return 0n
  return entry.Amount - entry.Balance
}
