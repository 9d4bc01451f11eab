/**
 * How keys of other connectors become keys of this one, for `connector import`. Each writes what the key meant to where it belongs here, as
 * far as nothing is there yet, and returns what is left of it: what has no place, or would contradict what is there.
 */
import type { ChainKind } from '../../contracts/chain-kind.js'
import { isObject } from '../../lib/is-object.js'
import { isPrefix } from '../../packet/address.js'
import { valueAt } from '../explain.js'

/** A configuration that is being rewritten. */
export interface Draft {
  config: Record<string, unknown>
  kinds: readonly ChainKind[]
}

/** @returns what is left of the value; undefined: nothing */
export type Carry = (draft: Draft, path: readonly PropertyKey[], value: unknown) => unknown

/** To a variable, whose value nobody knows yet. */
export const REFERENCE = /\$\{/

/** An address of the node itself. */
export const asOwnRoute: Carry = ({ config }, _path, value) => {
  if (!isAddress(value)) return value
  if (value !== `g.${String(config.nodeId)}`) addRoute(config, { prefix: value, nextHop: 'local' })
  return undefined
}

export const asPeerRoute: Carry = ({ config }, path, value) => {
  const id = valueAt(config, [...path.slice(0, -1), 'id'])
  if (!isAddress(value) || typeof id !== 'string') return value
  addRoute(config, { prefix: value, nextHop: id })
  return undefined
}

export const asPeerRoutes: Carry = ({ config }, path, value) => {
  const id = valueAt(config, [...path.slice(0, -1), 'id'])
  if (!Array.isArray(value) || typeof id !== 'string') return value
  const left = value.filter(route => !isObject(route) || !isAddress(route.prefix))
  for (const route of value) if (!left.includes(route)) addRoute(config, { ...(route as object), nextHop: id })
  return orNothing(left)
}

export const sameAsPrefix: Carry = ({ config }, path, value) => value === valueAt(config, [...path.slice(0, -1), 'prefix']) ? undefined : value

/** A fee of which `parts` are one percent. */
export const asFee = (parts: number): Carry => ({ config }, _path, value) => {
  if (typeof value !== 'number' || value < 0) return value
  return setIn(config, 'settlement', 'connectorFeePercentage', value / parts) ? undefined : value
}

export const asExplorerPort: Carry = ({ config }, _path, value) => setIn(config, 'explorer', 'port', value) ? undefined : value

/** An option of settlement, which each chain has of its own. */
export const ofEachChain = (option: string): Carry => ({ config: { chainProviders } }, _path, value) => {
  const chains = Array.isArray(chainProviders) ? chainProviders.filter(isObject) : []
  const taken = chains.map(chain => setIn(chain, 'settlementOptions', option, option === 'threshold' ? String(value) : value))
  return chains.length > 0 && taken.every(Boolean) ? undefined : value
}

const OF_THRESHOLDS: Readonly<Record<string, string>> = {
  defaultThreshold: 'threshold', pollingInterval: 'pollingIntervalMs', timeBasedIntervalMs: 'timeBasedIntervalMs'
}

export const asThresholds: Carry = (draft, path, value) => {
  if (!isObject(value)) return value
  const left = Object.entries(value).filter(([name, part]) => {
    const option = Object.hasOwn(OF_THRESHOLDS, name) ? OF_THRESHOLDS[name] : undefined
    return option === undefined || ofEachChain(option)(draft, path, part) !== undefined
  })
  return orNothing(Object.fromEntries(left))
}

/** Secrets by the id of their peer. */
export const asPeerSecrets: Carry = ({ config: { peers } }, _path, value) => {
  if (!isObject(value) || !Array.isArray(peers)) return value
  const left = Object.entries(value).filter(([id, secret]) => {
    const peer = peers.filter(isObject).find(each => each.id === id)
    if (peer === undefined || typeof secret !== 'string' || ![undefined, '', secret].includes(peer.authToken as string)) return true
    peer.authToken = secret
    return false
  })
  return orNothing(Object.fromEntries(left))
}

/** The address of a peer, on the chain that the peer names, or else on the only kind of chain that such an address is of. */
export const asPeerAddress: Carry = (draft, path, value) => {
  const peer = valueAt(draft.config, path.slice(0, -1))
  if (!isObject(peer) || typeof value !== 'string') return value
  const named = draft.kinds.find(({ type }) => String(peer.chain).startsWith(`${type}:`))
  const possible = draft.kinds.filter(({ address }) => address.matches(value))
  const kind = named ?? (possible.length === 1 ? possible[0] : undefined)
  return kind !== undefined && fill(peer, kind.peerField, value) ? undefined : value
}

/** By kind of chain. */
export const asPeerAddresses: Carry = ({ config, kinds }, path, value) => {
  const peer = valueAt(config, path.slice(0, -1))
  if (!isObject(peer) || !isObject(value)) return value
  const left = Object.entries(value).filter(([type, address]) => {
    const kind = kinds.find(each => each.type === type)
    return kind === undefined || !fill(peer, kind.peerField, address)
  })
  return orNothing(Object.fromEntries(left))
}

/** Whether it can be a prefix: with `${NAME}` in it, nobody knows yet. */
function isAddress (value: unknown): value is string {
  return typeof value === 'string' && (isPrefix(value) || REFERENCE.test(value))
}

/** Unless the configuration has a route for that prefix already. */
export function addRoute (config: Record<string, unknown>, route: Record<string, unknown>): void {
  const routes: unknown[] = Array.isArray(config.routes) ? config.routes : []
  const isThere = routes.some(each => isObject(each) && each.prefix === route.prefix && each.nextHop === route.nextHop)
  if (!isThere) config.routes = [...routes, route]
}

/** Whether the value stands there now. */
function setIn (holder: Record<string, unknown>, section: string, field: string, value: unknown): boolean {
  const inner = holder[section] ?? {}
  if (!isObject(inner) || !fill(inner, field, value)) return false
  holder[section] = inner
  return true
}

function fill (holder: Record<string, unknown>, field: string, value: unknown): boolean {
  holder[field] ??= value
  return holder[field] === value
}

function orNothing<T extends object> (left: T): T | undefined {
  return Object.keys(left).length === 0 ? undefined : left
}
