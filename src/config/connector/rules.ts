/**
 * Rules that one field alone cannot show: limits of a balance that contradict each other, two children with one address, names that
 * point nowhere. They run only on values whose fields are all right.
 */
import { ACCOUNT_ID } from '../../contracts/account.js'
import { PREFIX, SEGMENT_IN_WORDS } from '../../packet/address.js'
import { isObject } from '../../lib/is-object.js'
import type { AccountInfo, BalanceConfig } from '../../contracts/account.js'
import { nearest } from '../../lib/nearest.js'
import type { ConnectorOptions } from './schema.js'
import type { Problem } from '../errors.js'
import { quote } from '../in-words.js'

/** Keys of a middleware entry; others are let through unless they look like one of these. */
const MIDDLEWARE_KEYS = ['type', 'options']

/** zod does not look at a key of this name, so nothing may come through under it. */
const HIDDEN_ID = '__proto__'
const UNUSABLE_ID: Problem = { path: [], message: 'this account id cannot be used. Choose another.' }

/** Faults that the schema cannot see, in options that it refused. */
export function problemsUnseen (given: unknown): Problem[] {
  const accounts: unknown = isObject(given) && 'accounts' in given ? given.accounts : undefined
  const hidden = isObject(accounts) && Object.hasOwn(accounts, HIDDEN_ID)
  return hidden ? below('accounts', below(HIDDEN_ID, [UNUSABLE_ID])) : []
}

/** Faults in the options as a whole. */
export function problemsOfOptions (options: ConnectorOptions): Problem[] {
  return [
    ...below('accounts', problemsOfAccounts(options.accounts)),
    ...problemsOfInheritance(options),
    ...problemsOfLedger(options),
    ...below('middlewares', problemsOfMiddlewares(options.middlewares))
  ]
}

/** Faults in accounts by id, each and among each other. */
function problemsOfAccounts (accounts: Record<string, AccountInfo>): Problem[] {
  const children = new Map<string, string>()
  return Object.entries(accounts).flatMap(([id, account]) => {
    const own = problemsOfAccount(id, account)
    if (own.length > 0 || account.relation !== 'child') return below(id, own)
    const segment = account.ilpAddressSegment ?? id
    const other = children.get(segment)
    children.set(segment, other ?? id)
    if (other === undefined) return []
    const message = `${quote(segment)} is already the address segment of account ${quote(other)}. Choose another.`
    return [{ path: [id, 'ilpAddressSegment'], message }]
  })
}

/** Faults in one account whose fields are all right; the place is inside the account. */
export function problemsOfAccount (id: string, account: AccountInfo): Problem[] {
  if (id === '' || id === HIDDEN_ID) return [UNUSABLE_ID]
  const problems = account.balance === undefined ? [] : below('balance', problemsOfBalance(account.balance))
  if (typeof account.plugin === 'string' && !ACCOUNT_ID.test(id)) {
    problems.push({ path: [], message: 'the account id includes forbidden characters, expected letters, digits and _ - ~ . only. Rename it.' })
  }
  if (account.relation === 'child' && account.ilpAddressSegment === undefined && !PREFIX.test(id)) {
    problems.push({ path: ['ilpAddressSegment'], message: `is missing, and the account id is not ${SEGMENT_IN_WORDS}. Add it.` })
  }
  return problems
}

type Amount = Exclude<keyof BalanceConfig, 'settleInterval'>

/** What may not be above what. A settlement that aims outside the limits, or below where it starts, would pay a negative amount. */
const NOT_ABOVE: [Amount, Amount][] = [
  ['minimum', 'maximum'], ['minimum', 'settleTo'], ['settleTo', 'maximum'], ['settleThreshold', 'settleTo']
]

/** A balance below the threshold is what settles; it has to be one that the limits allow. */
function problemsOfThreshold ({ settleThreshold, minimum = '-Infinity' }: BalanceConfig): Problem[] {
  if (settleThreshold === undefined || settleThreshold === '-Infinity' || amount(settleThreshold) > amount(minimum)) return []
  const message = `settleThreshold ${quote(settleThreshold)} is not above minimum ${quote(minimum)}: the balance can never fall below it, and nothing ` +
    'would be settled. Raise settleThreshold, or lower minimum.'
  return [{ path: [], message }]
}

function problemsOfBalance (balance: BalanceConfig): Problem[] {
  const settles = [balance.settleThreshold, balance.settleTo, balance.settleInterval].some(setting => setting !== undefined)
  const effective = { ...balance, minimum: balance.minimum ?? '-Infinity', settleTo: settles ? balance.settleTo ?? '0' : undefined }
  const shown = (name: Amount): string => `${name} "${effective[name] ?? ''}"${balance[name] === undefined ? ' (the default)' : ''}`
  const contradictions = NOT_ABOVE.flatMap(([low, high]) => {
    const [lower, upper] = [effective[low], effective[high]]
    if (lower === undefined || upper === undefined || amount(lower) <= amount(upper)) return []
    return [{ path: [], message: `${shown(low)} is above ${shown(high)}. Change one of the two.` }]
  })
  return contradictions.length > 0 ? contradictions : problemsOfThreshold(balance)
}

/** Exact, and comparable with the two infinities. */
function amount (text: string): bigint | number {
  return text.endsWith('Infinity') ? Number(text) : BigInt(text)
}

function problemsOfInheritance ({ accounts, ilpAddressInheritFrom: id }: ConnectorOptions): Problem[] {
  const relation = Object.hasOwn(accounts, id) ? accounts[id]?.relation : undefined
  if (id === '' || relation === 'parent') return []
  const fault = relation === undefined ? 'which is not an account' : `an account with relation ${relation}`
  return [{
    path: ['ilpAddressInheritFrom'],
    message: `found ${quote(id)}, ${fault}. Name an account with relation parent, or leave it out for the first one.`
  }]
}

function problemsOfLedger (options: ConnectorOptions): Problem[] {
  if (options.ledger !== 'tigerbeetle') return []
  return (['tigerbeetleClusterId', 'tigerbeetleReplicas'] as const).filter(name => options[name] === '').map(name => ({
    path: [name], message: 'is missing, and ledger is "tigerbeetle". Add it.'
  }))
}

function problemsOfMiddlewares (middlewares: ConnectorOptions['middlewares']): Problem[] {
  return Object.entries(middlewares).flatMap(([name, entry]) => below(name, Object.keys(entry).flatMap(key => {
    const meant = MIDDLEWARE_KEYS.includes(key) ? undefined : nearest(key, MIDDLEWARE_KEYS)
    return meant === undefined ? [] : [{ path: [key], message: `is not a known key, did you mean ${meant}? Rename or remove it.` }]
  })))
}

function below (key: string, problems: Problem[]): Problem[] {
  return problems.map(({ path, message }) => ({ path: [key, ...path], message }))
}
