/** What is written in one turn goes to the socket in one piece, in its order, whatever its size: nothing is lost or overwritten. */
import { Writable } from 'node:stream'
import { expect } from 'chai'
import fc from 'fast-check'
import { Outbox } from '../../../../plugins/btp/wire/outbox.js'
import { headerBytes, writeHeader } from '../../../../plugins/btp/wire/websocket-header.js'

/** What a socket would send, in its pieces. The Buffers are kept, not copied, as a busy socket does. */
class Sink extends Writable {
  readonly pieces: Buffer[] = []

  override _write (chunk: Buffer, _encoding: unknown, done: () => void): void {
    this.pieces.push(chunk)
    done()
  }
}

function message (size: number, fill: number): Buffer {
  const bytes = Buffer.alloc(headerBytes(size) + size, fill)
  writeHeader(bytes, 0, size)
  return bytes
}

function put (outbox: Outbox, size: number, fill: number): void {
  const start = outbox.place(size)
  outbox.bytes.fill(fill, start, start + size)
  outbox.added()
}

describe('an outbox', () => {
  it('writes once for a turn', () => {
    const sink = new Sink()
    const outbox = new Outbox(sink)
    for (let i = 0; i < 10; i++) put(outbox, 20, i)
    expect(sink.pieces).to.have.lengthOf(0)
    outbox.flush()
    outbox.flush()
    expect(sink.pieces).to.have.lengthOf(1)
  })

  it('leaves out what was placed and not added', () => {
    const sink = new Sink()
    const outbox = new Outbox(sink)
    outbox.place(100)
    put(outbox, 3, 7)
    outbox.flush()
    expect(Buffer.concat(sink.pieces).equals(message(3, 7))).to.equal(true)
  })

  it('loses and overwrites nothing, whatever is written in however many turns', () => fc.assert(fc.property(
    fc.array(fc.array(fc.integer({ min: 0, max: 70_000 }), { maxLength: 5 }), { maxLength: 5 }),
    turns => {
      const sink = new Sink()
      const outbox = new Outbox(sink)
      const sent: Buffer[] = []
      for (const turn of turns) {
        for (const size of turn) {
          const fill = sent.length % 256
          sent.push(message(size, fill))
          put(outbox, size, fill)
        }
        outbox.flush()
      }
      expect(Buffer.concat(sink.pieces).equals(Buffer.concat(sent))).to.equal(true)
    }
  ), { numRuns: 50 }))
})
