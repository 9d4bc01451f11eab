/** An ordered list of named middleware steps of one account. */
import type { Entry, Method, Pipeline, Pipelines } from '../contracts/middleware.js'

class MiddlewarePipeline<In, Out> implements Pipeline<In, Out> {
  private readonly entries: Array<Entry<In, Out>> = []

  insertFirst (entry: Entry<In, Out>): void {
    this.entries.unshift(entry)
  }

  insertLast (entry: Entry<In, Out>): void {
    this.entries.push(entry)
  }

  insertBefore (name: string, entry: Entry<In, Out>): void {
    this.entries.splice(this.find(name, 'before'), 0, entry)
  }

  insertAfter (name: string, entry: Entry<In, Out>): void {
    this.entries.splice(this.find(name, 'after') + 1, 0, entry)
  }

  getMethods (): Array<Method<In, Out>> {
    return this.entries.map(entry => entry.method)
  }

  getEntries (): Array<Readonly<Entry<In, Out>>> {
    return [...this.entries]
  }

  private find (name: string, where: 'before' | 'after'): number {
    const index = this.entries.findIndex(entry => entry.name === name)
    if (index < 0) {
      const present = this.entries.map(entry => entry.name).join(', ') || 'none'
      throw new Error(`could not insert ${where} middleware; not found. name=${name} present=${present}`)
    }
    return index
  }
}

/** The six empty pipelines of a new account. */
export function createPipelines (): Pipelines {
  return {
    startup: new MiddlewarePipeline(),
    teardown: new MiddlewarePipeline(),
    incomingData: new MiddlewarePipeline(),
    outgoingData: new MiddlewarePipeline(),
    incomingMoney: new MiddlewarePipeline(),
    outgoingMoney: new MiddlewarePipeline()
  }
}
