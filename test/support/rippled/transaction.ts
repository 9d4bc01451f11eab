/** A transaction as it comes in: the blob, what the codec reads in it, and what can be said of it without a ledger (rippled STTx.cpp). */
import { decode, encode, encodeForSigning, hashes } from 'xrpl'
import { isSignedBy } from './signatures.js'

const MAX_MEMO_BYTES = 1024
/** RFC 3986: what MemoType and MemoFormat may consist of. */
const URL_CHARACTERS = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]*$/
/** Every template of a transaction has these (xrpl.org, "transaction common fields"). */
const COMMON = ['Account', 'TransactionType', 'Fee', 'Sequence', 'SigningPubKey']

export interface Transaction {
  readonly hash: string
  readonly blob: string
  readonly json: Readonly<Record<string, unknown>>
  readonly type: string
  readonly account: string
  /** Undefined when it is not XRP. */
  readonly fee: bigint | undefined
  readonly flags: number
  /** 0 when a ticket stands for it. */
  readonly sequence: number
  readonly ticket: number | undefined
  readonly lastLedgerSequence: number | undefined
  readonly signingKey: string
}

/** Thrown for a blob that never comes as far as a ledger: `submit` answers with the error `invalidTransaction`. */
export class LocalCheckError extends Error {}

/**
 * Reads a signed transaction.
 * @throws {LocalCheckError} when it is unreadable, wrongly signed, or has bad memos
 */
export function readTransaction (blob: string, requiredOf: (type: string) => readonly string[] | undefined): Transaction {
  const json = decoded(blob)
  const type = textField(json, 'TransactionType') ?? ''
  for (const name of [...COMMON, ...requiredOf(type) ?? []]) {
    if (json[name] === undefined) throw new LocalCheckError(`Field '${name}' is required but missing.`)
  }
  checkMemos(json)
  const signingKey = textField(json, 'SigningPubKey') ?? ''
  const signature = textField(json, 'TxnSignature') ?? ''
  if (!isSignedBy(signingKey, encodeForSigning(codecJson(json)), signature)) throw new LocalCheckError('fails local checks: Invalid signature.')
  return {
    hash: hashes.hashSignedTx(blob),
    blob: blob.toUpperCase(),
    json,
    type,
    account: textField(json, 'Account') ?? '',
    fee: dropsOf(json.Fee),
    flags: numberField(json, 'Flags') ?? 0,
    sequence: numberField(json, 'Sequence') ?? 0,
    ticket: numberField(json, 'TicketSequence'),
    lastLedgerSequence: numberField(json, 'LastLedgerSequence'),
    signingKey
  }
}

function decoded (blob: string): Record<string, unknown> {
  let json: Record<string, unknown>
  try {
    json = decode(blob)
    if (encode(codecJson(json)) !== blob.toUpperCase()) throw new Error('fields out of order')
  } catch (error) {
    throw new LocalCheckError(`unreadable: ${error instanceof Error ? error.message : String(error)}`)
  }
  return json
}

/** The types of the codec name every kind of transaction; what it decoded it also encodes. */
function codecJson (json: Record<string, unknown>): Parameters<typeof encode>[0] & Parameters<typeof encodeForSigning>[0] {
  return json as unknown as Parameters<typeof encode>[0] & Parameters<typeof encodeForSigning>[0]
}

function checkMemos ({ Memos }: Record<string, unknown>): void {
  if (!Array.isArray(Memos)) return
  let bytes = 0
  for (const wrapped of Memos as Array<{ Memo?: Record<string, string> }>) {
    for (const [name, hex] of Object.entries(wrapped.Memo ?? {})) {
      bytes += hex.length / 2 + 4
      if (name !== 'MemoData' && !URL_CHARACTERS.test(Buffer.from(hex, 'hex').toString('latin1'))) {
        throw new LocalCheckError('fails local checks: The MemoType and MemoFormat fields may only contain characters that are allowed in URLs under RFC 3986.')
      }
    }
  }
  if (bytes > MAX_MEMO_BYTES) throw new LocalCheckError('fails local checks: The memo exceeds the maximum allowed size.')
}

/** Drops, or undefined for anything but XRP. */
export function dropsOf (amount: unknown): bigint | undefined {
  return typeof amount === 'string' && /^-?\d+$/.test(amount) ? BigInt(amount) : undefined
}

export function textField (json: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = json[name]
  return typeof value === 'string' ? value : undefined
}

export function numberField (json: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = json[name]
  return typeof value === 'number' ? value : undefined
}
