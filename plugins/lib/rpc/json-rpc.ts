/** JSON-RPC over HTTP to a node of a chain. Every request ends: with an answer, or in a ChainError after a deadline and a few tries. */
import { ChainError } from '../channels/types.js'
import { MAX_TEXT } from './node-address.js'
import { NodeClient } from './node-client.js'

/** What the node answered instead of a result. */
export class RpcError extends ChainError {
  constructor (message: string, readonly code: number, readonly data: unknown) {
    super(message, false)
  }
}

/** JSON-RPC's "limit exceeded", and what public nodes say for "too many requests". */
const OVERLOADED = new Set([-32005, 429])

export class JsonRpc extends NodeClient {
  #id = 0

  /** Rejects with RpcError when the node refuses, and with ChainError when it cannot be reached. */
  async call (method: string, ...params: unknown[]): Promise<unknown> {
    return await this.patiently(() => this.#once(method, params), error => error instanceof RpcError && !OVERLOADED.has(error.code))
  }

  /** The error for an answer of the node that is one. */
  protected refusal (message: string, code: number, data: unknown): RpcError {
    return new RpcError(message, code, data)
  }

  async #once (method: string, params: unknown[]): Promise<unknown> {
    const answer = recordOf(await this.post(method, JSON.stringify({ jsonrpc: '2.0', id: ++this.#id, method, params })))
    if (answer.error === undefined || answer.error === null) {
      if (answer.result === undefined) throw this.unreachable(method, 'neither a result nor an error')
      return answer.result
    }
    const { code, message, data } = recordOf(answer.error)
    throw this.refusal(`the node at ${this.host} refuses ${method}: ${String(message).slice(0, MAX_TEXT)}`, Number(code), data)
  }
}

/** The fields of an answer; none for anything but an object. */
export function recordOf (value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {}
}
