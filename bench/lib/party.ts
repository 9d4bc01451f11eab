/** One end of the measured connector: a BTP client that costs little. It answers Prepares, and asks through `Load`. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { FrameType } from '../../plugins/btp/wire/frame.js'
import { authMessage, clientMessage, fulfillAnswer, type Template } from './wire.js'

const EMPTY = Buffer.alloc(0)
const OUT_BYTES = 64 * 1024
const FULFILL = fulfillAnswer()
const PONG = clientMessage(EMPTY, 10)
const OPCODE = { BINARY: 2, CLOSE: 8, PING: 9 } as const

export interface Address {
  port: number
  username: string
}

export class Party {
  /** Gets each answer: a BTP Response or Error. */
  onAnswer: (requestId: number, frame: Buffer) => void = () => undefined
  /** Called when all that came at once has been looked at. */
  onRead: () => void = () => undefined
  /** Whether what is sent at one time is written at once, and not message by message as most peers do. */
  together = false
  /** Gets the id of each packet that arrives. */
  onPacket: (requestId: number) => void = requestId => { this.send(FULFILL, requestId) }
  readonly closed: Promise<void>
  private rest: Buffer = EMPTY
  private out = Buffer.allocUnsafe(OUT_BYTES)
  private used = 0

  private constructor (readonly socket: Socket) {
    socket.setNoDelay(true)
    socket.on('error', () => undefined) // `closed` tells
    this.closed = new Promise<void>(resolve => { socket.once('close', () => resolve()) })
    socket.on('data', (chunk: Buffer) => { this.read(chunk) })
  }

  /** Connects to a BTP server on this machine and authenticates. Rejects when it is not let in. */
  static async connect ({ port, username }: Address, secret = 'secret'): Promise<Party> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n')
    const [head] = await once(socket, 'data') as [Buffer]
    if (!head.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error(`no WebSocket at port ${port}: ${head.toString('latin1', 0, 40)}`)
    const party = new Party(socket)
    const answered = new Promise<Buffer>((resolve, reject) => {
      party.onAnswer = (_, frame) => resolve(Buffer.from(frame))
      void party.closed.then(() => reject(new Error(`connection closed during authentication. port=${port} username=${username}`)))
    })
    socket.write(authMessage(username, secret))
    const [type] = await answered
    if (type !== FrameType.RESPONSE) throw new Error(`not let in. port=${port} username=${username}`)
    party.onAnswer = () => undefined
    return party
  }

  send (template: Pick<Template, 'size' | 'write'>, requestId: number): void {
    if (!this.together) {
      const message = Buffer.allocUnsafe(template.size)
      template.write(message, 0, requestId)
      this.socket.write(message)
      return
    }
    if (this.used + template.size > this.out.length) this.flush()
    template.write(this.out, this.used, requestId)
    this.used += template.size
  }

  flush (): void {
    if (this.used === 0) return
    this.socket.write(this.out.subarray(0, this.used))
    this.out = Buffer.allocUnsafe(OUT_BYTES)
    this.used = 0
  }

  async close (): Promise<void> {
    this.socket.destroy()
    await this.closed
  }

  private read (chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk])
    let at = 0
    while (bytes.length - at >= 4) {
      const short = (bytes[at + 1] ?? 0) & 0x7f
      const start = at + (short === 126 ? 4 : 2)
      const end = start + (short === 126 ? bytes.readUInt16BE(at + 2) : short)
      if (end > bytes.length) break
      this.message((bytes[at] ?? 0) & 0x0f, bytes.subarray(start, end))
      at = end
    }
    this.rest = bytes.subarray(at)
    this.flush()
    this.onRead()
  }

  private message (opcode: number, frame: Buffer): void {
    if (opcode === OPCODE.PING) this.socket.write(PONG)
    if (opcode === OPCODE.CLOSE) this.socket.destroy()
    if (opcode !== OPCODE.BINARY) return
    const requestId = frame.readUInt32BE(1)
    if (frame[0] === FrameType.MESSAGE) this.onPacket(requestId)
    else this.onAnswer(requestId, frame)
  }
}
