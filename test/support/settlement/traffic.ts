/**
 * The applications at both ends: alice's pays carol's and the other way round, over HTTP, many packets at once. They remember every
 * packet: what was sent, what came, what was answered, and what of the answer got back.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { PaymentRequest, PaymentResponse } from '../../../src/index.js'
import type { Random } from '../simulator/random.js'

export type End = 'alice' | 'carol'

export interface Packet {
  id: number
  from: End
  amount: bigint
  /** Whether its receiver takes it. */
  isWelcome: boolean
  /** What the receiver was given; undefined while it was given nothing. */
  delivered: bigint | undefined
  /** `fulfilled`, `refused` by the receiver, why it failed on the way, or `unanswered`. */
  outcome: string
  sentMs: number
  endedMs: number
}

const AMOUNT_LEAST = 10
const AMOUNT_MOST = 100
/** One packet in so many is refused by its receiver. */
const REFUSE_ONE_IN = 10
/** After a packet that failed on the way, before the next. */
const PAUSE_MS = 20
const REFUSAL = 'F99'
const REFUSED: PaymentResponse = { accept: false, rejectReason: { code: REFUSAL, message: 'not this one' } }

export class Traffic {
  readonly packets: Packet[] = []
  readonly #server: Server
  #isOver = true
  #workers: Array<Promise<void>> = []

  constructor (private readonly random: Random) {
    this.#server = createServer((request, response) => { this.#receive(request, response) })
  }

  /** Resolves to the URL of the business logic server of both ends. */
  async open (): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close (): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => { this.#server.close(resolve) })
  }

  /** Begins to pay, so many packets from each end at once. */
  start (adminUrls: Record<End, string>, atOnce: Record<End, number>): void {
    this.#isOver = false
    this.#workers = (['alice', 'carol'] as const).flatMap(from =>
      Array.from({ length: atOnce[from] }, () => this.#work(from, adminUrls[from])))
  }

  /** Resolves when every packet has its answer, or will never have one. */
  async stop (): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#workers)
  }

  /** Packets that came to their end: fulfilled, or refused by the receiver. */
  get done (): number {
    return this.packets.filter(({ outcome }) => isDone(outcome)).length
  }

  async #work (from: End, adminUrl: string): Promise<void> {
    while (!this.#isOver) {
      const packet: Packet = {
        id: this.packets.length,
        from,
        amount: BigInt(this.random.between(AMOUNT_LEAST, AMOUNT_MOST)),
        isWelcome: this.random.between(1, REFUSE_ONE_IN) > 1,
        delivered: undefined,
        outcome: 'unanswered',
        sentMs: Date.now(),
        endedMs: Infinity
      }
      this.packets.push(packet)
      packet.outcome = await send(packet, adminUrl).catch(() => 'unanswered')
      packet.endedMs = Date.now()
      if (!isDone(packet.outcome)) await new Promise(resolve => { setTimeout(resolve, PAUSE_MS) })
    }
  }

  #receive (request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/health') {
      response.end()
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const answer = this.#judge(JSON.parse(Buffer.concat(chunks).toString()) as PaymentRequest)
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
    })
  }

  #judge ({ amount, data = '', destination }: PaymentRequest): PaymentResponse {
    const packet = this.packets[Number(Buffer.from(data, 'base64').toString())]
    if (packet === undefined || packet.delivered !== undefined || destination !== destinationOf(packet)) {
      throw new Error(`a packet came that was not sent, or came twice, or to the wrong end. destination=${destination}`)
    }
    packet.delivered = BigInt(amount)
    return packet.isWelcome ? { accept: true } : REFUSED
  }
}

function isDone (outcome: string): boolean {
  return outcome === 'fulfilled' || outcome === 'refused'
}

function destinationOf ({ from }: Packet): string {
  return from === 'alice' ? 'g.carol' : 'g.alice'
}

/** Resolves to the outcome. Rejects when there is no answer. */
async function send (packet: Packet, adminUrl: string): Promise<string> {
  const response = await fetch(`${adminUrl}/ilp/send`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      destination: destinationOf(packet), amount: String(packet.amount), data: Buffer.from(String(packet.id)).toString('base64')
    })
  })
  const { fulfilled, code, message } = await response.json() as { fulfilled?: boolean, code?: string, message?: string }
  if (fulfilled === true) return 'fulfilled'
  return code === REFUSAL ? 'refused' : `${code ?? `HTTP ${response.status}`} ${message ?? ''}`
}
