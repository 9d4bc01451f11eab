/**
 * A connection between two connectors, as bad as wished: it loses, delays, doubles and reorders messages, swallows everything without
 * a sign, or is cut. What was under way on a connection that was cut never arrives, as with a socket.
 */
import { encodeReject } from '../../../src/packet/reply.js'
import type { SimulatedConnector } from './connector.js'
import type { Random } from './random.js'
import type { Timeline } from './timeline.js'

export interface Quality {
  /** Probabilities, per message. */
  loss: number
  doubling: number
  /** ms, evenly spread; messages overtake each other. */
  delayMs: { least: number, most: number }
}

export interface End {
  connector: SimulatedConnector
  /** The account that stands for the other connector here. */
  accountId: string
  /** What this side has noticed. */
  isConnected: boolean
}

export class Link {
  readonly ends: [End, End]
  /** Swallows everything, and neither side notices. */
  isSilent = false
  #connection = 0

  constructor (
    a: { connector: SimulatedConnector, accountId: string },
    b: { connector: SimulatedConnector, accountId: string },
    private readonly timeline: Timeline,
    private readonly random: Random,
    public quality: Quality
  ) {
    this.ends = [{ ...a, isConnected: false }, { ...b, isConnected: false }]
  }

  endAt (connector: SimulatedConnector): End {
    return this.ends[0].connector === connector ? this.ends[0] : this.ends[1]
  }

  otherEnd (connector: SimulatedConnector): End {
    return this.ends[0].connector === connector ? this.ends[1] : this.ends[0]
  }

  /** Whether a packet sent now would get through (if it is not lost). */
  get isWorking (): boolean {
    return this.ends[0].isConnected && this.ends[1].isConnected && !this.isSilent
  }

  /** Both sides notice in their own time. */
  connect (): void {
    const connection = this.#connection
    for (const end of this.ends) {
      this.timeline.setTimer(() => {
        if (connection !== this.#connection || end.isConnected || !end.connector.isUp) return
        end.isConnected = true
        end.connector.notice(router => router.accountConnected(end.accountId))
      }, this.random.between(0, 30))
    }
  }

  cut (): void {
    this.#connection++
    for (const end of this.ends) {
      if (!end.isConnected) continue
      end.isConnected = false
      end.connector.notice(router => router.accountDisconnected(end.accountId))
    }
  }

  /** Resolves to the answer; never, where the message or its answer is lost. */
  sendData (from: SimulatedConnector, packet: Buffer): Promise<Buffer> {
    return new Promise(resolve => {
      const to = this.otherEnd(from)
      this.#transmit(() => {
        const answer = to.isConnected ? answerOf(to, packet) : undefined
        if (answer !== undefined) this.#transmit(() => resolve(answer))
      })
    })
  }

  #transmit (deliver: () => void): void {
    const connection = this.#connection
    const { loss, doubling, delayMs } = this.quality
    const copies = this.random.chance(loss) ? 0 : this.random.chance(doubling) ? 2 : 1
    for (let i = 0; i < copies; i++) {
      this.timeline.setTimer(() => {
        if (connection === this.#connection && !this.isSilent) deliver()
      }, this.random.between(delayMs.least, delayMs.most))
    }
  }
}

function answerOf ({ connector, accountId }: End, packet: Buffer): Buffer {
  try {
    return connector.receive(accountId, packet)
  } catch (error) {
    const message = error instanceof Error ? error.message : ''
    return encodeReject({ code: 'F00', triggeredBy: connector.address, message, data: Buffer.alloc(0) })
  }
}
