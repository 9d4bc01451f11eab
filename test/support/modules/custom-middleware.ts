/** A user's own middleware, loaded by path: does what the test hands over as `options.apply`. */
import { fileURLToPath } from 'node:url'
import type { Middleware, MiddlewareApi, Pipelines } from '../../../src/contracts/middleware.js'

export type Apply = (pipelines: Pipelines, accountId: string, api: MiddlewareApi) => void | Promise<void>

export default class CustomMiddleware implements Middleware {
  constructor (private readonly options: { apply: Apply }, private readonly api: MiddlewareApi) {}

  async applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    await this.options.apply(pipelines, accountId, this.api)
  }
}

/** The configuration of one that does `apply`. */
export function customMiddleware (apply: Apply): { type: string, options: { apply: Apply } } {
  return { type: fileURLToPath(import.meta.url), options: { apply } }
}
