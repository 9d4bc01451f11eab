/** Pays through a connector and measures how long the answers take: with so many packets in flight, or so many a second. */
import type { Party } from './party.js'
import { outcomeOf, type PrepareTemplate } from './wire.js'

const EXPIRY_MS = 30_000
const RESTAMP_MS = 200
/** Ids are told apart by their last 18 bits: more than are ever in flight. */
const SLOTS = 2 ** 18
const TICK_MS = 2

export interface Sample {
  packets: number
  /** From the first packet to the last answer. */
  seconds: number
  /** How many packets were answered how: `fulfill`, or the code of the error. */
  outcomes: Map<string, number>
  /** Ascending, by outcome. ms. */
  latencies: Map<string, Float64Array>
  unanswered: number
}

export class Load {
  private readonly sentAt = new Float64Array(SLOTS)
  private lastId = 1
  private inFlight = 0

  constructor (private readonly sender: Party, private readonly template: Pick<PrepareTemplate, 'size' | 'write' | 'expireAt'>) {}

  /** Keeps `window` packets in flight for `ms`, and waits for the last answers. */
  async closedLoop (window: number, ms: number): Promise<Sample> {
    return await this.run(ms, more => {
      for (let i = 0; i < window; i++) this.one()
      this.sender.flush()
      return { answered: () => { if (more()) this.one() }, stop: () => undefined }
    })
  }

  /** Sends `perSecond` packets for `ms`, whatever comes back, and waits for the last answers. */
  async openLoop (perSecond: number, ms: number): Promise<Sample> {
    return await this.run(ms, more => {
      const startedAt = performance.now()
      let sent = 0
      const ticker = setInterval(() => {
        if (!more()) return
        for (const due = (performance.now() - startedAt) * perSecond / 1000; sent < due && this.inFlight < SLOTS; sent++) this.one()
        this.sender.flush()
      }, TICK_MS)
      return { answered: () => undefined, stop: () => { clearInterval(ticker) } }
    })
  }

  private async run (ms: number, start: (more: () => boolean) => { answered: () => void, stop: () => void }): Promise<Sample> {
    const latencies = new Map<string, number[]>()
    const startedAt = performance.now()
    const more = (): boolean => performance.now() - startedAt < ms
    const restamp = (): void => this.template.expireAt(Date.now() + EXPIRY_MS)
    restamp()
    const restamper = setInterval(restamp, RESTAMP_MS)
    await new Promise<void>((resolve, reject) => {
      void this.sender.closed.then(() => reject(new Error('the connector closed the connection')))
      const timeout = setTimeout(resolve, ms + EXPIRY_MS)
      const settle = (): void => {
        if (this.inFlight > 0 || more()) return
        clearTimeout(timeout)
        resolve()
      }
      this.sender.onRead = settle
      const { answered, stop } = start(more)
      this.sender.onAnswer = (requestId, frame) => {
        const slot = requestId % SLOTS
        const sentAt = this.sentAt[slot] ?? 0
        if (sentAt === 0) return
        this.sentAt[slot] = 0
        this.inFlight--
        const outcome = outcomeOf(frame)
        const list = latencies.get(outcome)
        if (list === undefined) latencies.set(outcome, [performance.now() - sentAt])
        else list.push(performance.now() - sentAt)
        answered()
      }
      setTimeout(() => { stop(); settle() }, ms + 1)
    })
    clearInterval(restamper)
    this.sender.onAnswer = this.sender.onRead = () => undefined
    return this.sample(latencies, (performance.now() - startedAt) / 1000)
  }

  private one (): void {
    this.lastId = (this.lastId + 1) >>> 0
    this.sentAt[this.lastId % SLOTS] = performance.now()
    this.inFlight++
    this.sender.send(this.template, this.lastId)
  }

  private sample (lists: Map<string, number[]>, seconds: number): Sample {
    const latencies = new Map(Array.from(lists, ([outcome, list]) => [outcome, Float64Array.from(list).sort()]))
    const outcomes = new Map(Array.from(lists, ([outcome, list]) => [outcome, list.length]))
    const packets = [...outcomes.values()].reduce((sum, count) => sum + count, 0)
    const unanswered = this.inFlight
    this.inFlight = 0
    this.sentAt.fill(0)
    return { packets, seconds, outcomes, latencies, unanswered }
  }
}

/** A quantile (0 to 1) of ascending values; NaN when there are none. */
export function quantile (ascending: ArrayLike<number> | undefined, q: number): number {
  return ascending?.[Math.min(ascending.length - 1, Math.floor(q * ascending.length))] ?? NaN
}

export function median (values: readonly number[]): number {
  return quantile([...values].sort((a, b) => a - b), 0.5)
}
