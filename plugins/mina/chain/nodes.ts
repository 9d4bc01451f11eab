/**
 * The configured nodes as one who sends sees them: what is sent is made by what one of them shows, the leader, and goes to all. A node that
 * does not answer leads no more. One that lies, or is of no use, is found by what comes of it: then the next one leads.
 */
import type { Feed } from './feed.js'
import { GraphqlError } from './node.js'
import type { MinaNode } from './node.js'

export class Nodes {
  /** How often another one was to lead. */
  #doubts = 0

  constructor (readonly feeds: readonly [Feed, ...Feed[]]) {}

  get leader (): Feed {
    const [first] = this.#inTurn()
    return first
  }

  /** Those that answer; the leader alone while none does. */
  get well (): readonly Feed[] {
    const well = this.feeds.filter(feed => feed.isWell)
    return well.length === 0 ? [this.leader] : well
  }

  /** What is made by what the leader shows comes to nothing. */
  doubt (): void {
    this.#doubts++
  }

  /** Where it fails, that may be by what the leader shows: then by what the next one does. Rejects as the last does. */
  async byAny<T> (work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work()
      } catch (error) {
        this.doubt()
        if (tries >= this.well.length) throw error
      }
    }
  }

  /** Looks by the first that answers, which leads then. Rejects with what the first says where none does. */
  async look (): Promise<void> {
    const errors: unknown[] = []
    for (const feed of this.#inTurn()) {
      const error = await feed.look().then(() => undefined, (thrown: unknown) => thrown)
      if (error === undefined) return
      errors.push(error)
    }
    throw errors[0]
  }

  /**
   * Sends the same to all. Resolves to its hash as soon as one node has taken it. Rejects with a GraphqlError where none has and one says
   * why; else with why none can be reached.
   */
  async send (by: (node: MinaNode) => Promise<string>): Promise<string> {
    try {
      return await Promise.any(this.feeds.map(({ node }) => by(node)))
    } catch (error) {
      const { errors } = error as AggregateError
      throw errors.find(one => one instanceof GraphqlError) ?? errors[0]
    }
  }

  /** Those that answer first. */
  #inTurn (): [Feed, ...Feed[]] {
    const from = this.#doubts % this.feeds.length
    const turned = [...this.feeds.slice(from), ...this.feeds.slice(0, from)]
    return turned.sort((a, b) => Number(b.isWell) - Number(a.isWell)) as [Feed, ...Feed[]]
  }
}
