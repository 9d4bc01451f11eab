/** Hands a packet to a plugin. Whatever a plugin does wrong becomes one error with an ILP code. */
import type { Context } from '../contracts/middleware.js'
import { InvalidPacketError, isErrorCode } from '../packet/errors.js'
import { isFulfill, isReject, withUsableSignature } from '../packet/reply.js'
import type { PluginInstance } from '../contracts/plugin.js'

/**
 * Rejects with the plugin's error (F02 if it has no ILP code of its own), prefixed `failed to send packet: `, and with F01 if the answer is
 * not a packet that can answer one.
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
  if (!Buffer.isBuffer(reply)) throw sendError(new TypeError(`plugin answered with something other than a Buffer. typeof=${typeof reply}`))
  if (!isFulfill(reply) && !isReject(reply)) throw new InvalidPacketError(`next hop answered with no fulfill and no reject. type=${String(reply[0])}`)
  return isReject(reply) ? withUsableSignature(reply) : reply
}

function failed (thrown: unknown): never {
  throw sendError(thrown)
}

class SendError extends Error {
  constructor (message: string, readonly ilpErrorCode: string, readonly ilpErrorData: unknown, cause: unknown) {
    super(`failed to send packet: ${message}`, { cause })
  }
}

function sendError (thrown: unknown): Error {
  if (typeof thrown !== 'object' || thrown === null) return new SendError(`non-object thrown. value=${String(thrown)}`, 'F02', undefined, thrown)
  const { message, ilpErrorCode, ilpErrorData } = thrown as { message?: unknown, ilpErrorCode?: unknown, ilpErrorData?: unknown }
  return new SendError(
    typeof message === 'string' ? message : 'unknown error',
    isErrorCode(ilpErrorCode) ? ilpErrorCode : 'F02',
    ilpErrorData,
    thrown
  )
}
