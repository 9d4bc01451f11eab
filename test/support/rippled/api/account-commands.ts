/** What a ledger says of accounts, channels and claims (xrpl.org: account_info, account_channels, ledger_entry, channel_verify). */
import { encodeAccountPublic, decodeAccountPublic, isValidClassicAddress } from 'xrpl'
import { jsonOf, lsf, type PayChannel } from '../entries.js'
import { accountIndex } from '../hashing.js'
import type { TransactionQueue } from '../queue.js'
import { claimMessage, isKnownKey, isSignedBy } from '../signatures.js'
import { numberField, textField } from '../transaction.js'
import { transactorOf } from '../transactors/index.js'
import { accountOf, objectsOf, type ReadView } from '../view.js'
import { ApiError } from './errors.js'
import type { Fields, Vantage } from './vantage.js'

const HASH = /^[0-9A-F]{64}$/i
const LEAST_LIMIT = 10
const DEFAULT_LIMIT = 200
const MOST_LIMIT = 400
const KIND_OF_FIELD = [['payment_channel', 'PayChannel'], ['index', undefined], ['account_root', 'AccountRoot']] as const

function addressIn (request: Fields, name = 'account'): string {
  const address = textField(request, name)
  if (address === undefined) throw new ApiError('invalidParams', { error_message: `Missing field '${name}'.` })
  return address
}

export function accountInfo (request: Fields, vantage: Vantage, apiVersion: number): Fields {
  const { view, fields, ledger } = vantage.select(request)
  const address = addressIn(request)
  if (!isValidClassicAddress(address)) throw new ApiError('actMalformed', fields)
  const root = accountOf(view, address)
  if (root === undefined) throw new ApiError('actNotFound', { account: address, ...fields })
  if (request.queue === true && ledger !== undefined) throw new ApiError('invalidParams')
  const has = (flag: number): boolean => (root.Flags & flag) !== 0
  const signers = request.signer_lists === true ? { signer_lists: [] } : {}
  return {
    account_data: { ...jsonOf(root), index: accountIndex(address), ...apiVersion === 1 ? signers : {} },
    account_flags: {
      defaultRipple: false,
      depositAuth: has(lsf.depositAuth),
      disableMasterKey: has(lsf.disableMaster),
      disallowIncomingPayChan: has(lsf.disallowIncomingPayChan),
      disallowIncomingXRP: has(lsf.disallowXrp),
      requireDestinationTag: has(lsf.requireDestTag)
    },
    ...apiVersion > 1 ? signers : {},
    ...request.queue === true ? { queue_data: queueData(address, vantage.network.queue) } : {},
    ...fields
  }
}

function queueData (address: string, queue: TransactionQueue): Fields {
  const own = queue.of(address)
  if (own.length === 0) return { txn_count: 0 }
  const transactions = own.map(({ tx, level }) => ({
    seq: tx.sequence,
    fee: `${tx.fee ?? 0n}`,
    fee_level: `${level}`,
    max_spend_drops: `${(tx.fee ?? 0n) + (transactorOf(tx.type)?.spends?.(tx) ?? 0n)}`,
    auth_change: transactorOf(tx.type)?.isBlocker === true,
    ...tx.lastLedgerSequence === undefined ? {} : { LastLedgerSequence: tx.lastLedgerSequence }
  }))
  return {
    txn_count: own.length,
    auth_change_queued: transactions.some(each => each.auth_change),
    lowest_sequence: transactions[0]?.seq,
    highest_sequence: transactions.at(-1)?.seq,
    max_spend_drops_total: `${transactions.reduce((sum, each) => sum + BigInt(each.max_spend_drops), 0n)}`,
    transactions
  }
}

/** Channels whose source the account is. Pages count all of its objects, so that a page may be empty and not the last. */
export function accountChannels (request: Fields, vantage: Vantage): Fields {
  const address = addressIn(request)
  const { view, fields } = vantage.select(request)
  if (!isValidClassicAddress(address)) throw new ApiError('actMalformed', fields)
  if (accountOf(view, address) === undefined) throw new ApiError('actNotFound', fields)
  const destination = textField(request, 'destination_account')
  if (destination !== undefined && !isValidClassicAddress(destination)) throw new ApiError('actMalformed', fields)
  const limit = Math.min(MOST_LIMIT, Math.max(LEAST_LIMIT, numberField(request, 'limit') ?? DEFAULT_LIMIT))
  const all = objectsOf(view, address)
  const start = request.marker === undefined ? 0 : startAfter(request.marker, all)
  const page = all.slice(start, start + limit)
  const more = start + limit < all.length ? { limit, marker: `${page.at(-1) ?? ''},0` } : {}
  const channels = page.flatMap(id => channelJson(id, view, address, destination))
  return { account: address, channels, ...more, ...fields }
}

function startAfter (marker: unknown, all: readonly string[]): number {
  const [, id = ''] = typeof marker === 'string' ? /^([0-9A-F]{64}),\d+$/i.exec(marker) ?? [] : []
  const at = all.indexOf(id.toUpperCase())
  if (at < 0) throw new ApiError('invalidParams')
  return at + 1
}

function channelJson (id: string, view: ReadView, source: string, destination: string | undefined): Fields[] {
  const entry = view.get(id)
  if (entry?.LedgerEntryType !== 'PayChannel' || entry.Account !== source || (destination ?? entry.Destination) !== entry.Destination) return []
  return [{
    channel_id: id,
    account: entry.Account,
    destination_account: entry.Destination,
    amount: amountText(entry.Amount),
    balance: amountText(entry.Balance),
    public_key: encodeAccountPublic(Buffer.from(entry.PublicKey, 'hex')),
    public_key_hex: entry.PublicKey,
    settle_delay: entry.SettleDelay,
    ...optional('expiration', entry.Expiration),
    ...optional('cancel_after', entry.CancelAfter),
    ...optional('source_tag', entry.SourceTag),
    ...optional('destination_tag', entry.DestinationTag)
  }]
}

/** As rippled's `getText`: of a token, the value and the currency. */
function amountText (amount: PayChannel['Amount']): string {
  return typeof amount === 'bigint' ? amount.toString() : amount.value
}

function optional (name: string, value: number | undefined): Fields {
  return value === undefined ? {} : { [name]: value }
}

export function ledgerEntry (request: Fields, vantage: Vantage): Fields {
  const { view, fields } = vantage.select(request)
  const field = KIND_OF_FIELD.find(([name]) => request[name] !== undefined)
  if (field === undefined) throw new ApiError('unknownOption', fields)
  const [name, kind] = field
  const value = textField(request, name) ?? ''
  if (name === 'account_root' ? !isValidClassicAddress(value) : !HASH.test(value)) throw new ApiError('malformedRequest', fields)
  const index = name === 'account_root' ? accountIndex(value) : value.toUpperCase()
  const entry = view.get(index)
  if (entry === undefined) throw new ApiError('entryNotFound', { index, ...fields })
  if (kind !== undefined && entry.LedgerEntryType !== kind) throw new ApiError('unexpectedLedgerType', { index, ...fields })
  return { index, node: { ...jsonOf(entry), index }, ...fields }
}

export function channelVerify (request: Fields): Fields {
  const key = publicKeyHex(textField(request, 'public_key') ?? '')
  const channel = textField(request, 'channel_id') ?? ''
  const amount = textField(request, 'amount') ?? ''
  if (key === undefined) throw new ApiError('publicMalformed')
  if (!HASH.test(channel)) throw new ApiError('channelMalformed')
  if (!/^\d{1,20}$/.test(amount) || BigInt(amount) >= 2n ** 64n) throw new ApiError('channelAmtMalformed')
  return { signature_verified: isSignedBy(key, claimMessage(channel.toUpperCase(), BigInt(amount)), textField(request, 'signature') ?? '') }
}

function publicKeyHex (text: string): string | undefined {
  if (isKnownKey(text)) return text.toUpperCase()
  try {
    return Buffer.from(decodeAccountPublic(text)).toString('hex').toUpperCase()
  } catch {
    return undefined
  }
}
