/** The routes for what accounts owe: balances, what happened on each day, and payments outside ILP. Amounts are in base units, as text. */
import { z } from 'zod'
import { SluiceError } from '../../contracts/errors.js'
import type { AccountBalance, Day, Ledger, Movement, Settlement } from '../../contracts/ledger.js'
import type { Accounts } from '../../accounts/accounts.js'
import type { MiddlewareManager } from '../../pipeline/middleware-manager.js'
import { amountInUnit } from '../../lib/amounts.js'
import { json, nothing } from '../../http/responses.js'
import { param, route, type Route } from '../../http/route.js'
import { accountOf, mapValues, unknownAccount } from './accounts.js'
import { bodyOf } from './body.js'

export interface BalanceParts {
  accounts: Pick<Accounts, 'accounts'>
  middlewares: Pick<MiddlewareManager, 'getMiddleware'>
  ledger: { readonly ledger: Pick<Ledger, 'journalOf'> }
}

/** What the middleware named `balance` offers, built in or a user's own. */
interface Balances {
  getStatus (): { accounts: Record<string, AccountBalance> }
  modifyBalance? (accountId: string, diff: bigint): unknown
  getSettlements? (): Settlement[]
}

/** What only the built-in one can. */
interface Settling extends Balances {
  settle (accountId: string, amount?: bigint): Promise<void>
  resolveSettlement (id: string, outcome: 'paid' | 'unpaid'): Promise<void>
}

/** Digits of a 256-bit number: far beyond ILP's 64 bits, and cheap to parse. */
const MAX_AMOUNT_LENGTH = 78

const balanceUpdate = z.strictObject({
  accountId: z.string(),
  amountDiff: z.string().max(MAX_AMOUNT_LENGTH).regex(/^(0|-?[1-9][0-9]*)$/, 'should be a decimal integer in a string')
    .describe('Positive: the account owes us more')
})
const payment = z.strictObject({
  accountId: z.string(),
  amount: z.string().max(MAX_AMOUNT_LENGTH).regex(/^[1-9][0-9]*$/, 'should be a decimal integer above 0 in a string').optional()
    .describe('Default: what is due')
})
const verdict = z.strictObject({ outcome: z.enum(['paid', 'unpaid']) })

const amount = z.string().regex(/^-?\d+$/)
const movement = z.strictObject({ count: z.int(), amount })
const balance = z.strictObject({
  balance: amount.describe('Positive: the account owes us'),
  minimum: z.string(),
  maximum: z.string(),
  incomingHolds: amount,
  outgoingHolds: amount,
  settling: amount,
  prepaid: amount.describe('Paid ahead of packets, with claims, and not used by a fulfilled one yet. No part of the balance'),
  lateFulfills: movement.describe('Fulfills of the peer that came too late'),
  reversals: movement.describe('Fulfilled packets whose answer could not be sent to the peer'),
  removed: z.boolean().describe('The account was removed, its money is still here'),
  unit: z.string().optional().describe('Asset and scale of the amounts, such as USD/9'),
  inWords: z.string().optional().describe('The balance for people, such as 1.500000000 USD')
})
const days = z.array(z.strictObject({
  date: z.string(),
  opening: amount,
  movements: z.strictObject({
    incoming: movement, outgoing: movement, settled: movement, received: movement, adjusted: movement, reversed: movement
  })
}))
const settlement = z.strictObject({
  id: z.string(),
  accountId: z.string(),
  amount,
  inWords: z.string().optional().describe('The amount for people, such as 1.500000000 USD'),
  createdAt: z.iso.datetime(),
  state: z.enum(['sending', 'unknown'])
})

export function balanceRoutes ({ accounts, middlewares, ledger }: BalanceParts): Route[] {
  return [
    route({
      method: 'get',
      path: '/balance',
      summary: 'Shows the balances with their limits, and what is on hold; {} while none are kept',
      responses: { 200: z.strictObject({ accounts: z.record(z.string(), balance).optional() }) },
      errors: {}
    }, () => {
      const balances = balancesOf(middlewares)
      return json(200, balances === undefined ? {} : { accounts: mapValues(Object.entries(balances.getStatus().accounts), balanceStatus) })
    }),

    route({
      method: 'post',
      path: '/balance',
      summary: 'Corrects a balance, within its limits',
      body: bodyOf(balanceUpdate, 'invalid balance update', { accountId: 'alice', amountDiff: '-1000' }),
      responses: { 204: 'nothing' },
      errors: { 400: 'A field is missing or wrong', 404: 'No such account, or it has no balance', 409: 'The balance would pass a limit, or none are kept' }
    }, async ({ body: { accountId, amountDiff } }) => {
      if (!accounts.accounts.has(accountId)) throw unknownAccount(accountId)
      const balances = balancesOf(middlewares)
      if (balances?.modifyBalance === undefined) throw new SluiceError('SLUICE_BALANCES_OFF', 'no balances are kept, the balance middleware is disabled.')
      if (!Object.hasOwn(balances.getStatus().accounts, accountId)) {
        throw new SluiceError('SLUICE_BALANCE_UNKNOWN', `account not found. accountId=${accountId} (it has no balance)`)
      }
      await balances.modifyBalance(accountId, BigInt(amountDiff))
      return nothing()
    }),

    route({
      method: 'get',
      path: '/journal/{id}',
      summary: 'Shows what packets, settlements, payments received and corrections of an account came to on each day, oldest first',
      params: { id: 'The account\'s id' },
      responses: { 200: z.strictObject({ account: z.string(), days }) },
      errors: { 400: 'The id has other characters than ids have', 404: 'No such account' }
    }, request => {
      const accountId = param(request, 'id')
      accountOf(accounts, accountId)
      return json(200, { account: accountId, days: ledger.ledger.journalOf(accountId).map(dayStatus) })
    }),

    route({
      method: 'get',
      path: '/settlements',
      summary: 'Lists payments to peers that are under way, or of which nobody knows the outcome',
      responses: { 200: z.strictObject({ settlements: z.array(settlement) }) },
      errors: {}
    }, () => {
      const balances = balancesOf(middlewares)
      const { accounts: books } = balances?.getStatus() ?? { accounts: {} }
      return json(200, { settlements: (balances?.getSettlements?.() ?? []).map(one => settlementStatus(one, books[one.accountId]?.unit)) })
    }),

    route({
      method: 'post',
      path: '/settlements',
      summary: 'Pays a peer now; answers when its plugin has paid',
      body: bodyOf(payment, 'invalid settlement', { accountId: 'alice', amount: '1000' }),
      responses: { 204: 'nothing' },
      errors: { 400: 'A field is missing or wrong', 404: 'No such account, or it has no balance', 409: 'More is to be paid than is due, or nothing is settled' }
    }, async ({ body: { accountId, amount } }) => {
      if (!accounts.accounts.has(accountId)) throw unknownAccount(accountId)
      await settlerOf(middlewares).settle(accountId, amount === undefined ? undefined : BigInt(amount))
      return nothing()
    }),

    route({
      method: 'post',
      path: '/settlements/{id}',
      summary: 'Closes a settlement of which nobody knows the outcome, as an operator found out',
      params: { id: 'The settlement\'s id' },
      body: bodyOf(verdict, 'invalid outcome', { outcome: 'paid' }),
      responses: { 204: 'nothing' },
      errors: { 400: 'The outcome is wrong', 404: 'No such settlement', 409: 'It is under way, or may be paid still' }
    }, async request => {
      await settlerOf(middlewares).resolveSettlement(param(request, 'id'), request.body.outcome)
      return nothing()
    })
  ]
}

/** Undefined while no balances are kept. */
export function balancesOf (middlewares: BalanceParts['middlewares']): Balances | undefined {
  const middleware = middlewares.getMiddleware('balance')
  return middleware !== undefined && isBalances(middleware) ? middleware : undefined
}

function settlerOf (middlewares: BalanceParts['middlewares']): Settling {
  const balances = balancesOf(middlewares)
  if (balances !== undefined && isSettling(balances)) return balances
  throw new SluiceError('SLUICE_SETTLEMENT_OFF', 'nothing is settled here: the built-in balance middleware is disabled.')
}

function isBalances (middleware: object): middleware is Balances {
  return 'getStatus' in middleware
}

function isSettling (balances: Balances): balances is Settling {
  return 'settle' in balances && 'resolveSettlement' in balances
}

function balanceStatus (book: AccountBalance): z.infer<typeof balance> {
  const { limits, removed } = book
  const inWords = amountInUnit(book.balance, book.unit)
  return {
    balance: book.balance.toString(),
    minimum: limits.minimum?.toString() ?? '-Infinity',
    maximum: limits.maximum?.toString() ?? 'Infinity',
    incomingHolds: book.incomingHolds.toString(),
    outgoingHolds: book.outgoingHolds.toString(),
    settling: book.settling.toString(),
    prepaid: book.prepaid.toString(),
    lateFulfills: movementStatus(book.lateFulfills),
    reversals: movementStatus(book.reversals),
    removed,
    ...(inWords !== undefined && { unit: book.unit, inWords })
  }
}

function movementStatus ({ count, amount }: Movement): z.infer<typeof movement> {
  return { count, amount: amount.toString() }
}

function dayStatus ({ date, opening, movements }: Day): z.infer<typeof days>[number] {
  const { incoming, outgoing, settled, received, adjusted, reversed } = movements
  return {
    date,
    opening: opening.toString(),
    movements: {
      incoming: movementStatus(incoming),
      outgoing: movementStatus(outgoing),
      settled: movementStatus(settled),
      received: movementStatus(received),
      adjusted: movementStatus(adjusted),
      reversed: movementStatus(reversed)
    }
  }
}

function settlementStatus ({ id, accountId, amount, createdAt, state }: Settlement, unit: string | undefined): z.infer<typeof settlement> {
  const inWords = amountInUnit(amount, unit)
  const createdWhen = new Date(createdAt).toISOString()
  return { id, accountId, amount: amount.toString(), ...(inWords !== undefined && { inWords }), createdAt: createdWhen, state }
}
