/** Lets the audit log know of each call of a method that changes something, whoever makes it. Secrets among the arguments are left out. */
import { join } from 'node:path'
import type { Audit } from '../contracts/audit.js'
import type { NodeConfig, NodeLogger } from '../contracts/node.js'
import { currentActor } from '../lib/actor.js'
import { describeError } from '../lib/describe-error.js'
import { isObject } from '../lib/is-object.js'
import { AuditLog } from './audit-log.js'

/** By method, what of the arguments behind the first one may be told. */
type Told = Readonly<Record<string, (rest: readonly unknown[], first: unknown) => string | undefined>>

/** From now on calls of these methods are recorded when they end. */
function auditCalls (target: object, methods: Told, { audit, name = '' }: { audit: Audit, name?: string }): void {
  for (const [key, detailOf] of Object.entries(methods)) {
    const method: unknown = Reflect.get(target, key)
    if (typeof method !== 'function') throw new TypeError(`there is no method ${key} to be audited`)
    const audited = (...args: unknown[]): unknown => {
      const [first, ...rest] = args
      const entry = { action: name + key, subject: subjectOf(first), detail: detailOf(rest, first), by: currentActor() }
      const ended = (outcome: string): void => { audit.record({ ...entry, outcome }) }
      try {
        const result: unknown = Reflect.apply(method, target, args)
        if (result instanceof Promise) result.then(() => { ended('ok') }, (error: unknown) => { ended(describeError(error)) })
        else ended('ok')
        return result
      } catch (error) {
        ended(describeError(error))
        throw error
      }
    }
    Object.defineProperty(target, key, { value: audited, configurable: true, writable: true })
  }
}

function subjectOf (first: unknown): string | undefined {
  if (typeof first === 'string') return first
  if (!isObject(first)) return undefined
  const named = [first.peerId, first.id, first.prefix].find(value => typeof value === 'string')
  return typeof named === 'string' ? named : undefined
}

const nothing = (): undefined => undefined
const amountIn = ([amount]: readonly unknown[]): string | undefined => ['bigint', 'string', 'number'].includes(typeof amount) ? String(amount) : undefined
const fieldsOf = (value: unknown): string | undefined => isObject(value) ? Object.keys(value).sort().join(', ') : undefined

const NODE_CALLS: Told = {
  start: nothing,
  stop: nothing,
  registerPeer: (_rest, request) => fieldsOf(request),
  updatePeer: ([changes]) => fieldsOf(changes),
  removePeer: nothing,
  setPeerRelation: ([relation]) => typeof relation === 'string' ? relation : undefined,
  addRoute: ([nextHop], route) => typeof nextHop === 'string' ? nextHop : isObject(route) && typeof route.nextHop === 'string' ? route.nextHop : undefined,
  removeRoute: nothing,
  openChannel: (rest, request) => isObject(request) ? amountIn([request.initialDeposit]) : amountIn(rest),
  settle: amountIn,
  pausePeer: ([reason]) => typeof reason === 'string' ? reason : undefined,
  resumePeer: nothing
}

const CHANNEL_CALLS: Told = { deposit: amountIn, close: nothing, settle: nothing, redeem: nothing }

/** What is audited of a node: its methods, and those that change its channels. */
interface AuditedNode {
  readonly channelManager: object
  stop (): Promise<void>
}

/** The audit log of a node, as its configuration says. Undefined: none. It is complete on disk once `stop` has resolved. */
export function auditOf (node: AuditedNode, { dataPath, nodeId, security: { audit } }: NodeConfig, log: NodeLogger): Audit | undefined {
  if (!audit.enabled) return undefined
  const writer = new AuditLog({ folder: join(dataPath, `audit-${nodeId}`), key: audit.key, retentionDays: audit.retentionDays }, log)
  auditCalls(node, NODE_CALLS, { audit: writer })
  auditCalls(node.channelManager, CHANNEL_CALLS, { audit: writer, name: 'channel.' })
  const stop = node.stop.bind(node)
  node.stop = async () => {
    await stop()
    await writer.flush()
  }
  return writer
}
