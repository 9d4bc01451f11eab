/** What a connection has subscribed to, and the messages that it gets (xrpl.org: subscribe). */
import { isValidClassicAddress } from 'xrpl'
import { messageOf, numberOf } from '../codes.js'
import type { ClosedLedger, LedgerTransaction } from '../network.js'
import { ApiError } from './errors.js'
import { accountsIn } from './transaction-commands.js'
import type { Fields, Vantage } from './vantage.js'

const STREAMS = new Set(['ledger', 'transactions', 'server'])

export class Subscriptions {
  private readonly streams = new Set<string>()
  /** With the API version in which each was subscribed. */
  private readonly accounts = new Map<string, number>()
  private apiVersion = 1

  subscribe (request: Fields, vantage: Vantage, apiVersion: number): Fields {
    const { streams, accounts } = namesIn(request)
    this.apiVersion = apiVersion
    for (const name of streams) this.streams.add(name)
    for (const address of accounts) this.accounts.set(address, apiVersion)
    if (!streams.includes('ledger')) return {}
    const { validated, closed, completeLedgers } = vantage
    return { ...ledgerFields(validated ?? closed, vantage), validated_ledgers: completeLedgers }
  }

  unsubscribe (request: Fields): Fields {
    const { streams, accounts } = namesIn(request)
    for (const name of streams) this.streams.delete(name)
    for (const address of accounts) this.accounts.delete(address)
    return {}
  }

  /** The messages about a ledger that is validated now: first the ledger, then its transactions in their order. */
  messagesFor (ledger: ClosedLedger, vantage: Vantage): Fields[] {
    const messages: Fields[] = []
    if (this.streams.has('ledger')) {
      const more = { txn_count: ledger.transactions.length, validated_ledgers: vantage.completeLedgers, network_id: vantage.networkId }
      messages.push({ type: 'ledgerClosed', ...ledgerFields(ledger, vantage), ...more })
    }
    for (const each of ledger.transactions) {
      if (this.streams.has('transactions')) messages.push(transactionMessage(each, ledger, vantage, this.apiVersion))
      const version = [...accountsIn(each)].map(address => this.accounts.get(address)).find(found => found !== undefined)
      if (version !== undefined) messages.push(transactionMessage(each, ledger, vantage, version))
    }
    return messages
  }
}

function namesIn ({ streams = [], accounts = [] }: Fields): { streams: string[], accounts: string[] } {
  if (!Array.isArray(streams) || !Array.isArray(accounts)) throw new ApiError('invalidParams')
  for (const name of streams) if (typeof name !== 'string' || !STREAMS.has(name)) throw new ApiError('malformedStream')
  for (const name of accounts) if (typeof name !== 'string' || !isValidClassicAddress(name)) throw new ApiError('actMalformed')
  return { streams: streams.map(String), accounts: accounts.map(String) }
}

function ledgerFields (ledger: ClosedLedger, vantage: Vantage): Fields {
  const { base, reserveBase, reserveIncrement } = vantage.network.fees
  return {
    fee_base: Number(base),
    reserve_base: Number(reserveBase),
    reserve_inc: Number(reserveIncrement),
    ledger_hash: vantage.hashOf(ledger),
    ledger_index: ledger.index,
    ledger_time: ledger.closeTime
  }
}

function transactionMessage (
  { tx: { json, hash }, result, meta }: LedgerTransaction, ledger: ClosedLedger, vantage: Vantage, apiVersion: number
): Fields {
  const date = { date: ledger.closeTime }
  return {
    type: 'transaction',
    status: 'closed',
    validated: true,
    engine_result: result,
    engine_result_code: numberOf(result),
    engine_result_message: messageOf(result),
    ledger_index: ledger.index,
    ledger_hash: vantage.hashOf(ledger),
    close_time_iso: vantage.isoTimeOf(ledger),
    meta,
    ...apiVersion === 1 ? { transaction: { ...json, ...date, hash } } : { tx_json: { ...json, ...date }, hash }
  }
}
