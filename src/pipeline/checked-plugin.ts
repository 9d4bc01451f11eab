/** Hands a packet to a plugin. Whatever a plugin does wrong becomes one error with an ILP code. */
import { describeError } from '../lib/describe-error.js'
import type { Context } from '../contracts/middleware.js'
import { InvalidPacketError, UnreachableError, rejectReasonOf } from '../packet/errors.js'
import { isFulfill, isReject, withUsableSignature } from '../packet/reply.js'
import type { PluginInstance } from '../contracts/plugin.js'

const FAILED = 'failed to send packet'

/**
 * Rejects with the plugin's error, prefixed `failed to send packet: `, if that has an ILP code; with F02 for any other error; and with F01
 * if the answer is not a packet that can answer one.
 */
export function sendThrough (plugin: PluginInstance, data: Buffer, context?: Context): Promise<Buffer> {
  let reply: unknown
  try {
    reply = plugin.sendData(data, context) // looked up at each call: plugins may be changed after they were added
  } catch (thrown) {
    return Promise.reject(sendError(thrown))
  }
  return Promise.resolve(reply).then(checked, failed)
}

function checked (reply: unknown): Buffer {
  if (!Buffer.isBuffer(reply)) throw sendError(new UnreachableError(`plugin answered with something other than a Buffer. typeof=${typeof reply}`))
  if (!isFulfill(reply) && !isReject(reply)) throw new InvalidPacketError(`next hop answered with no fulfill and no reject. type=${String(reply[0])}`)
  return isReject(reply) ? withUsableSignature(reply) : reply
}

function failed (thrown: unknown): never {
  throw sendError(thrown)
}

/** As `withDetails` makes them. */
interface SendErrorFields {
  publicMessage: string
  ilpErrorCode: string
  ilpErrorData?: Buffer
}

/** With an ILP code, the plugin has said what the sender is to be told; otherwise its text is for the log alone. */
function sendError (thrown: unknown): Error {
  const { code, message, data, isExpected } = rejectReasonOf(thrown)
  const fields: SendErrorFields = isExpected
    ? { publicMessage: `${FAILED}: ${message}`, ilpErrorCode: code, ilpErrorData: data }
    : { publicMessage: `${FAILED}.`, ilpErrorCode: 'F02' }
  return Object.assign(new Error(`${FAILED}: ${describeError(thrown)}`, { cause: thrown }), fields)
}
