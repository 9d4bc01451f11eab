/** A user's middleware: puts steps of its own where its options say, and notes what it is handed and what passes. */
import type { Middleware, MiddlewareApi, Pipeline, Pipelines } from '../../../../src/contracts/middleware.js'

type Where = 'first' | 'last' | { before: string } | { after: string }
type PipelineName = keyof Pipelines

export interface InsertingOptions {
  insert?: { into: PipelineName, where: Where, step?: string }[]
  /** What happened, in order. */
  calls?: unknown[]
  /** Instead of going on. */
  act?: (value: unknown, next: (value: unknown) => Promise<unknown>, api: MiddlewareApi, accountId: string) => unknown
  failFor?: string
}

export default class InsertingMiddleware implements Middleware {
  constructor (private readonly options: InsertingOptions, private readonly api: MiddlewareApi) {
    options.calls?.push({ constructed: Object.keys(options), api: ['getInfo', 'getOwnAddress', 'sendData', 'sendMoney', 'stats'].filter(name => name in api) })
  }

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { insert = [], calls, failFor } = this.options
    if (accountId === failFor) return Promise.reject(new Error('not for me'))
    calls?.push({ applied: accountId, asset: this.api.getInfo(accountId).assetCode, address: this.api.getOwnAddress() })
    for (const { into, where, step = 'inserted' } of insert) this.insert(pipelines[into] as Pipeline<unknown, unknown>, into, where, step, accountId)
    calls?.push({ steps: Object.fromEntries(Object.entries(pipelines).map(([name, pipeline]) => [name, namesIn(pipeline)])) })
    return Promise.resolve()
  }

  private insert (pipeline: Pipeline<unknown, unknown>, into: PipelineName, where: Where, name: string, accountId: string): void {
    const { act = goOn, calls } = this.options
    const entry = {
      name,
      method: async (value: unknown, next: (value: unknown) => Promise<unknown>) => {
        calls?.push({ step: name, accountId, into, value: Buffer.isBuffer(value) ? value.toString('hex') : value })
        return await act(value, next, this.api, accountId)
      }
    }
    if (where === 'first') pipeline.insertFirst(entry)
    else if (where === 'last') pipeline.insertLast(entry)
    else if ('before' in where) pipeline.insertBefore(where.before, entry)
    else pipeline.insertAfter(where.after, entry)
  }
}

const goOn: NonNullable<InsertingOptions['act']> = (value, next) => next(value)

/** Not part of the contract, but the same field in both. */
function namesIn (pipeline: unknown): string[] {
  return (pipeline as { entries: { name: string }[] }).entries.map(({ name }) => name)
}
