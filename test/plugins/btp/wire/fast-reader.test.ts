/** Whatever comes in whatever pieces, it is read as `ws` alone would read it. */
import { Duplex } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { expect } from 'chai'
import fc from 'fast-check'
import { WebSocketServer, type WebSocket } from 'ws'
import { readFast, type Wire as Watched } from '../../../../plugins/btp/wire/fast-reader.js'
import { WEBSOCKET_OPTIONS } from '../../../../plugins/btp/options.js'
import { nextTurn } from '../../../support/waiting.js'

const MAX_PAYLOAD = 70_000
const numRuns = Number(process.env.FUZZ_RUNS ?? 300)

/** The network socket of a server, which receives what the test pushes. */
class Wire extends Duplex {
  readonly written: Buffer[] = []
  override _read (): void { /* the test pushes */ }
  override _write (chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk)
    done()
  }
}

interface Read {
  events: string[]
  /** What the server sent: its handshake, pongs and closes. */
  sent: string
}

/** What a server's WebSocket makes of these chunks. */
async function readOf (chunks: readonly Buffer[], isFast: boolean, glance: NonNullable<Watched['glance']> = () => false): Promise<Read> {
  const wire = new Wire()
  const events: string[] = []
  const headers = { upgrade: 'websocket', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'sec-websocket-version': '13' }
  const request = { method: 'GET', headers, url: '/' } as unknown as IncomingMessage
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD, ...WEBSOCKET_OPTIONS })
  server.handleUpgrade(request, wire, Buffer.alloc(0), (ws: WebSocket) => {
    if (isFast) readFast({ ws, raw: wire as unknown as Socket, glance }, { isMasked: true, maxPayload: MAX_PAYLOAD })
    ws.on('message', (data: Buffer, isBinary: boolean) => { events.push(`${isBinary ? 'binary' : 'text'} ${data.toString('base64')}`) })
    ws.on('ping', (data: Buffer) => { events.push(`ping ${data.toString('base64')}`) })
    ws.on('error', (error: Error & { code?: string }) => { events.push(`error ${error.code ?? error.message}`) })
  })
  for (const chunk of chunks) {
    wire.push(Buffer.from(chunk)) // a copy: payloads are unmasked where they stand
    await nextTurn()
  }
  await nextTurn()
  wire.destroy()
  return { events, sent: Buffer.concat(wire.written).toString('base64') }
}

interface Frame {
  first: number
  payload: Uint8Array
  isMasked: boolean
}

function bytesOf ({ first, payload, isMasked }: Frame): Buffer {
  const { length } = payload
  const header = length < 126 ? Buffer.from([first, length]) : Buffer.from([first, 126, length >> 8, length & 0xff])
  if (length > 0xffff) throw new Error('not needed')
  if (!isMasked) return Buffer.concat([header, payload])
  header[1] = header[1]! | 0x80
  const mask = Buffer.from([1, 20, 77, 200])
  return Buffer.concat([header, mask, Buffer.from(payload.map((byte, i) => byte ^ mask[i % 4]!))])
}

const payload = fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ minLength: 100, maxLength: 400, size: 'max' }))
const message = fc.record<Frame>({ first: fc.constant(0x82), payload, isMasked: fc.constant(true) })
const ping = fc.record<Frame>({ first: fc.constant(0x89), payload: fc.uint8Array({ maxLength: 125 }), isMasked: fc.constant(true) })
const text = fc.record<Frame>({ first: fc.constant(0x81), payload: fc.uint8Array({ maxLength: 30 }), isMasked: fc.constant(true) })
const pieces = fc.array(payload, { minLength: 2, maxLength: 4 }).map(parts => parts.map((part, i): Frame => {
  const opcode = i === 0 ? 2 : 0
  return { first: opcode | (i === parts.length - 1 ? 0x80 : 0), payload: part, isMasked: true }
}))
const anything = fc.record<Frame>({ first: fc.nat(255), payload, isMasked: fc.boolean() })
const stream = fc.array(fc.oneof(
  { weight: 8, arbitrary: message.map(frame => [frame]) },
  { weight: 2, arbitrary: fc.oneof(ping, text).map(frame => [frame]) },
  { weight: 2, arbitrary: pieces },
  { weight: 1, arbitrary: anything.map(frame => [frame]) }
), { minLength: 1, maxLength: 12 }).map(frames => Buffer.concat(frames.flat().map(bytesOf)))

function cut (bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...cuts.map(place => place % bytes.length), bytes.length])].sort((a, b) => a - b)
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end))
}

describe('the messages of a BTP socket', () => {
  it('are read as `ws` alone would read them, whatever is between them and however they are cut', async () => {
    await fc.assert(fc.asyncProperty(stream, fc.array(fc.nat(), { maxLength: 8 }), async (bytes, cuts) => {
      const chunks = cut(bytes, cuts)
      expect(await readOf(chunks, true)).to.deep.equal(await readOf(chunks, false))
    }), { numRuns })
  })

  it('are read byte by byte', async () => {
    const bytes = bytesOf({ first: 0x82, payload: Buffer.from('x'.repeat(200)), isMasked: true })
    const chunks = cut(Buffer.concat([bytes, bytes]), Array.from({ length: 2 * bytes.length }, (_, i) => i))
    expect((await readOf(chunks, true)).events).to.have.length(2)
  })

  it('are not emitted when a glance at their first bytes was enough', async () => {
    await fc.assert(fc.asyncProperty(fc.array(payload, { minLength: 1, maxLength: 12 }), async payloads => {
      const glanced: string[] = []
      const isEnough = (bytes: Uint8Array): boolean => (bytes[0] ?? 0) % 2 === 1
      const chunk = Buffer.concat(payloads.map(bytes => bytesOf({ first: 0x82, payload: bytes, isMasked: true })))
      const { events } = await readOf([chunk], true, (bytes, start, end) => {
        glanced.push(bytes.toString('base64', start, Math.min(end, start + 16)))
        return end > start && isEnough(bytes.subarray(start))
      })
      expect(glanced).to.deep.equal(payloads.map(bytes => Buffer.from(bytes.subarray(0, 16)).toString('base64')))
      expect(events).to.deep.equal(payloads.filter(bytes => !isEnough(bytes)).map(bytes => `binary ${Buffer.from(bytes).toString('base64')}`))
    }), { numRuns })
  })

  it('are not read when they are not masked, or too large, as soon as that can be known', async () => {
    const unmasked = bytesOf({ first: 0x82, payload: Buffer.from('x'), isMasked: false })
    expect((await readOf([unmasked], true)).events).to.deep.equal(['error WS_ERR_EXPECTED_MASK'])
    const large = Buffer.from('82ff0000000080000000', 'hex')
    expect((await readOf([large], true)).events).to.deep.equal(['error WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'])
    const huge = Buffer.from('82ffffffffffffffffff', 'hex')
    expect(await readOf([huge], true)).to.deep.equal(await readOf([huge], false))
  })
})
