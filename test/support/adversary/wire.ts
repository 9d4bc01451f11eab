/** The adversary's end of the connection: it says and hears BTP (RFC 0023) through btp-packet, and answers as it likes, or not. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import * as BtpPacket from 'btp-packet'
import { WebSocket, WebSocketServer } from 'ws'

export type Entry = BtpPacket.ProtocolData
/** What it answers with: entries, a BTP error with or without words, or nothing at all. */
export type Reply = Entry[] | 'error' | { error: string } | undefined

const TIMEOUT_MS = 60_000
const FIRST_ID = 1_000_000

export class Wire {
  /** Frames that have come or gone: to see whether all is quiet. */
  activity = 0
  /** Answers a request of ours, now or later. */
  onRequest: (entries: Entry[], reply: (answer: Reply) => void) => void = (_entries, reply) => reply([])
  readonly #server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  readonly #waiting = new Map<number, (entries: Entry[] | undefined) => void>()
  #socket: WebSocket | undefined
  #lastId = FIRST_ID

  constructor () {
    this.#server.on('connection', socket => { this.#take(socket) })
  }

  async start (): Promise<this> {
    await once(this.#server, 'listening')
    return this
  }

  get port (): number {
    return (this.#server.address() as AddressInfo).port
  }

  get isConnected (): boolean {
    return this.#socket?.readyState === WebSocket.OPEN
  }

  /** Resolves to the answer; to undefined when there is none, or it is an error. */
  async ask (entries: Entry[]): Promise<Entry[] | undefined> {
    const socket = this.#socket
    if (socket === undefined || !this.isConnected) return undefined
    const requestId = ++this.#lastId
    return await new Promise(resolve => {
      const timer = setTimeout(() => this.#waiting.get(requestId)?.(undefined), TIMEOUT_MS)
      this.#waiting.set(requestId, answer => {
        clearTimeout(timer)
        this.#waiting.delete(requestId)
        resolve(answer)
      })
      this.#send(socket, BtpPacket.serializeMessage(requestId, entries))
    })
  }

  /** Without a word. */
  cut (): void {
    this.#socket?.terminate()
  }

  async stop (): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate()
    await new Promise(resolve => { this.#server.close(resolve) })
  }

  #take (socket: WebSocket): void {
    socket.on('error', () => undefined)
    socket.on('message', (data: Buffer) => { this.#hear(socket, BtpPacket.deserialize(data)) })
    socket.on('close', () => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      for (const resolve of [...this.#waiting.values()]) resolve(undefined)
    })
  }

  #hear (socket: WebSocket, { type, requestId, data }: ReturnType<typeof BtpPacket.deserialize>): void {
    this.activity++
    const { protocolData } = data
    if (type !== BtpPacket.Type.TYPE_MESSAGE) {
      this.#waiting.get(requestId)?.(type === BtpPacket.Type.TYPE_RESPONSE ? protocolData : undefined)
      return
    }
    const isAuth = protocolData[0]?.protocolName === 'auth'
    if (isAuth) this.#socket = socket
    const reply = (answer: Reply): void => {
      if (answer === undefined || socket.readyState !== WebSocket.OPEN) return
      if (Array.isArray(answer)) this.#send(socket, BtpPacket.serializeResponse(requestId, answer))
      else this.#send(socket, errorFrame(requestId, answer === 'error' ? '' : answer.error))
    }
    if (isAuth) reply([])
    else this.onRequest(protocolData, reply)
  }

  #send (socket: WebSocket, frame: Buffer): void {
    this.activity++
    socket.send(frame)
  }
}

export function jsonEntry (protocolName: string, value: unknown): Entry {
  const text = JSON.stringify(value, (_, field: unknown) => typeof field === 'bigint' ? String(field) : field)
  return { protocolName, contentType: BtpPacket.MIME_APPLICATION_JSON, data: Buffer.from(text) }
}

export function bytesEntry (protocolName: string, data: Buffer): Entry {
  return { protocolName, contentType: BtpPacket.MIME_APPLICATION_OCTET_STREAM, data }
}

function errorFrame (requestId: number, message: string): Buffer {
  const error = { code: 'F00', name: 'NotAcceptedError', triggeredAt: new Date().toISOString(), data: JSON.stringify({ message }) }
  return BtpPacket.serializeError(error, requestId, [])
}
