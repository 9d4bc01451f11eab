/**
 * Everything that a connector meets and must not keep: packets that are fulfilled and refused, with answers of all sizes and codes that
 * nobody knows, to destinations that are never seen again; peers beyond their limit; wrong tokens; frames and packets that mean nothing;
 * and routes that come and go. As much of it as the connector takes.
 */
import { createHash, randomBytes } from 'node:crypto'
import { serializeCcpRouteUpdateRequest } from 'ilp-protocol-ccp'
import { FrameType } from '../../plugins/btp/wire/frame.js'
import { encodePrepare } from '../../src/packet/prepare.js'
import { encodeFulfill, encodeReject } from '../../src/packet/reply.js'
import { Party } from './party.js'
import type { Sluice } from './subjects.js'
import { PrepareTemplate, Template, clientMessage, fulfillAnswer } from './wire.js'

/** Accounts beside alice and bob. */
export const TRAFFIC_ACCOUNTS = {
  carol: { relation: 'peer', receiveRoutes: true, sendRoutes: false },
  mallory: { rateLimit: { refillCount: 100, refillPeriod: 1000 } }
}

const BATCH = 100
const IN_FLIGHT_MAX = 1000
const EXPIRY_MS = 30_000
const DATA_MAX = 32_000
const PREFIXES = 20
/** Wrong tokens that wait for their answer. */
const GUESSES_MAX = 10
const PEER_FULFILLMENT = Buffer.alloc(32)
const PEER_ANSWER = new Template(FrameType.RESPONSE, encodeFulfill(PEER_FULFILLMENT, Buffer.alloc(0)))
const executionCondition = createHash('sha256').update(Buffer.alloc(32, 9)).digest()

export class Traffic {
  /** Packets that were answered. */
  answered = 0
  private inFlight = 0
  private id = 1
  private epoch = 0
  private guesses = 0
  private readonly routingTableId = `${randomBytes(4).toString('hex')}-0000-4000-8000-000000000000`

  private constructor (private readonly sluice: Sluice, private readonly carol: Party, private readonly mallory: Party) {}

  static async start (sluice: Sluice): Promise<Traffic> {
    const { port } = sluice
    const [carol, mallory] = [await Party.connect({ port, username: 'carol' }), await Party.connect({ port, username: 'mallory' })]
    const traffic = new Traffic(sluice, carol, mallory)
    const small = fulfillAnswer()
    sluice.bob.onPacket = id => { sluice.bob.send(id % 3 === 0 ? refusal(id) : id % 100 === 1 ? fulfillAnswer(id % DATA_MAX) : small, id) }
    carol.onPacket = id => { carol.send(PEER_ANSWER, id) }
    for (const party of [sluice.alice, carol, mallory]) {
      party.onAnswer = () => {
        traffic.answered++
        traffic.inFlight--
      }
    }
    return traffic
  }

  /** Goes on until so many more packets were answered. */
  async packets (count: number): Promise<void> {
    const enough = this.answered + count
    while (this.answered < enough) {
      if (this.inFlight <= IN_FLIGHT_MAX) this.batch()
      await new Promise(resolve => { setImmediate(resolve) })
    }
  }

  private batch (): void {
    const { alice } = this.sluice
    const template = new PrepareTemplate('test.bench.bob', 0)
    template.expireAt(Date.now() + EXPIRY_MS)
    for (let i = 0; i < BATCH; i++) this.send(alice, template)
    for (let i = 0; i < 10; i++) {
      this.send(this.mallory, template)
      this.send(alice, prepare(`test.bench.bob.${this.id}`))
      this.send(alice, prepare(`test.nowhere.${this.id}`))
      this.send(alice, prepare('test.bench.bob', this.id))
    }
    this.send(this.carol, this.routeUpdate())
    this.send(alice, new Template(FrameType.MESSAGE, randomBytes(50)))
    alice.socket.write(clientMessage(randomBytes(50)))
    if (this.guesses < GUESSES_MAX) this.guess(this.epoch % 2 === 0 ? 'bob' : `user${this.epoch}`)
  }

  private guess (username: string): void {
    this.guesses++
    const refused = (): void => { this.guesses-- }
    Party.connect({ port: this.sluice.port, username }, 'wrong').then(refused, refused)
  }

  private send (party: Party, template: Template): void {
    this.inFlight++
    party.send(template, this.id = (this.id + 1) >>> 0)
  }

  /** New prefixes, and the latest ones withdrawn. */
  private routeUpdate (): Template {
    const prefix = (epoch: number, i: number): string => `test.far.${this.routingTableId.slice(0, 8)}.${epoch}.${i}`
    const numbers = Array.from({ length: PREFIXES }, (_, i) => i)
    const fromEpochIndex = this.epoch++
    return new Template(FrameType.MESSAGE, serializeCcpRouteUpdateRequest({
      routingTableId: this.routingTableId,
      currentEpochIndex: this.epoch,
      fromEpochIndex,
      toEpochIndex: this.epoch,
      holdDownTime: 60_000,
      speaker: 'test.carol',
      newRoutes: numbers.map(i => (
        { prefix: prefix(this.epoch, i), path: ['test.carol', `test.hop${this.epoch}`], auth: randomBytes(32), props: [] })),
      withdrawnRoutes: numbers.map(i => prefix(fromEpochIndex, i))
    }))
  }
}

function prepare (destination: string, dataBytes = 8): Template {
  const data = randomBytes(dataBytes % DATA_MAX)
  const expiresAt = Date.now() + EXPIRY_MS
  return new Template(FrameType.MESSAGE, encodePrepare({ amount: 1n, expiresAt, executionCondition, destination, data }))
}

/** Codes and addresses that nobody has seen before, and now and then that we owe too much. */
function refusal (id: number): Template {
  const isAlert = id % 10 === 0
  const code = isAlert ? 'T04' : `${String.fromCharCode(65 + id % 26)}${String(id % 97).padStart(2, '0')}`
  const message = isAlert ? 'exceeded maximum balance.' : `refusal ${id}`
  return new Template(FrameType.RESPONSE, encodeReject({ code, triggeredBy: `test.bench.bob.${id}`, message, data: randomBytes(id % 100) }))
}
