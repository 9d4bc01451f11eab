/**
 * Malformed bytes from either side of a running daemon, through npm's BTP plugin: each packet gets its reject, no balance moves, nobody
 * is cut off, and the next valid payment goes through.
 */
import { expect } from 'chai'
import { deserializeIlpReply, isReject } from 'ilp-packet'
import { encodeFulfill, encodeReject } from '../../../src/index.js'
import { FULFILLMENT, TwoParties, prepareFor } from '../../support/two-parties.js'

const PAID = encodeFulfill(FULFILLMENT, Buffer.from('paid'))
const REFUSED = encodeReject({ code: 'F99', triggeredBy: 'test.daemon.bob', message: 'no', data: Buffer.from('why') })
const NOTHING = Buffer.alloc(0)

/** Where the parts of a Prepare stand whose content is shorter than 128 bytes. */
const ENVELOPE_LENGTH_AT = 1
const EXPIRY_AT = 10
const ADDRESS_LENGTH_AT = 59

function prefixesOf (packet: Buffer): Buffer[] {
  return Array.from(packet, (_, length) => packet.subarray(0, length))
}

function changed (change: (packet: Buffer) => unknown): Buffer {
  const packet = prepareFor('test.daemon.bob')
  change(packet)
  return packet
}

/** A Prepare in whose place of the length at `position` stands `length`. */
function withLength (position: number, ...length: number[]): Buffer {
  const packet = prepareFor('test.daemon.bob')
  return Buffer.concat([packet.subarray(0, position), Buffer.from(length), packet.subarray(position + 1)])
}

const BAD_REQUESTS: Record<string, () => Buffer[]> = {
  'a Prepare that is cut short': () => prefixesOf(prepareFor('test.daemon.bob')),
  'a Prepare whose content is cut short, in an envelope that fits': () => prefixesOf(prepareFor('test.daemon.bob')).slice(2).map(packet => {
    packet[ENVELOPE_LENGTH_AT] = packet.length - 2
    return Buffer.from(packet)
  }),
  'lengths that are wrong': () => [ENVELOPE_LENGTH_AT, ADDRESS_LENGTH_AT].flatMap(position => [
    withLength(position, 0),
    withLength(position, 127), // more than there is
    withLength(position, 0x80), // no length at all
    withLength(position, 0x81, 15), // not in the shortest form
    withLength(position, 0x84, 0xff, 0xff, 0xff, 0xff),
    withLength(position, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
  ]),
  'answers in the place of requests': () => [PAID, REFUSED, ...prefixesOf(PAID).slice(1), ...prefixesOf(REFUSED).slice(1)],
  'unknown packet types': () => [0, 1, 2, 11, 15, 127, 128, 255].map(type => changed(packet => { packet[0] = type })),
  'nothing, zeros and text': () => [NOTHING, Buffer.alloc(65_536), Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.concat([Buffer.of(12), Buffer.alloc(65_535)])],
  'destinations that are no addresses': () => [
    '', 'test', 'test.', '.test.daemon.bob', 'test..bob', 'test.daemon.bob.', 'test.daemon.b ob', 'test.daemon.bob\0', 'test.daemon.b\u00f6b',
    'Test.daemon.bob', 'nowhere.daemon.bob', 'peer.', `test.daemon.bob.${'a'.repeat(1023)}`
  ].map(destination => prepareFor(destination)),
  'expiries that are no digits': () => ['                 ', '2026x231235959999', '2026-12-31T23:59Z', '\0'.repeat(17), '-0261231235959999']
    .map(expiry => changed(packet => packet.write(expiry, EXPIRY_AT, 'latin1'))),
  'data of more than 32 KiB': () => [prepareFor('test.daemon.bob', 1000n, Buffer.alloc(32_769))]
}

const BAD_ANSWERS: Record<string, Buffer[]> = {
  'nothing, zeros and text': [NOTHING, Buffer.alloc(65_536), Buffer.from('<html>')],
  'a Fulfill that is cut short': prefixesOf(PAID),
  'a Reject that is cut short': prefixesOf(REFUSED),
  'a request': [prepareFor('test.daemon.alice')],
  'an unknown packet type': [0, 11, 15, 255].map(type => Buffer.concat([Buffer.of(type), PAID.subarray(1)]))
}

describe('a daemon between peers that send bad packets', () => {
  let parties: TwoParties
  let delivered = 0
  let disconnects = 0
  let answer: () => Buffer

  before(async () => {
    parties = await TwoParties.start()
    for (const party of [parties.alice, parties.bob]) party.on('disconnect', () => { disconnects++ })
    parties.bob.registerDataHandler(() => {
      delivered++
      return Promise.resolve(answer())
    })
  })
  beforeEach(() => { answer = () => PAID })
  after(() => parties.stop())

  async function expectRejects (packets: Buffer[], code: string): Promise<void> {
    const replies = await Promise.all(packets.map(packet => parties.alice.sendData(packet)))
    for (const [index, bytes] of replies.entries()) {
      const reply = deserializeIlpReply(bytes)
      const sent = packets[index]!.toString('hex', 0, 100)
      expect(isReject(reply), sent).to.equal(true)
      expect(reply, sent).to.include({ code, triggeredBy: 'test.daemon' })
    }
  }

  /** Also after what `attack` did to it. */
  async function expectToWorkAsBefore (attack: () => Promise<void>): Promise<void> {
    const before = await parties.balances()
    await attack()
    expect(await parties.balances()).to.deep.equal(before)
    answer = () => PAID
    expect(await parties.alice.sendData(prepareFor('test.daemon.bob', 1000n))).to.deep.equal(PAID)
    expect(await parties.balances()).to.deep.equal({ alice: String(Number(before.alice) + 1000), bob: String(Number(before.bob) - 1000) })
    expect(parties.daemon.running).to.equal(true)
    expect(disconnects).to.equal(0)
    expect(parties.daemon.errors).to.equal('')
  }

  for (const [what, packets] of Object.entries(BAD_REQUESTS)) {
    it(`rejects ${what}, with F01`, () => expectToWorkAsBefore(async () => {
      const deliveredBefore = delivered
      await expectRejects(packets(), 'F01')
      expect(delivered).to.equal(deliveredBefore)
    }))
  }

  for (const [what, answers] of Object.entries(BAD_ANSWERS)) {
    it(`rejects a packet that is answered with ${what}`, () => expectToWorkAsBefore(async () => {
      const deliveredBefore = delivered
      const rest = [...answers]
      answer = () => rest.shift()!
      await expectRejects(answers.map(() => prepareFor('test.daemon.bob')), 'F01')
      expect(delivered).to.equal(deliveredBefore + answers.length)
    }))
  }

  it('rejects a packet whose fulfillment is of another condition, with F05', () => expectToWorkAsBefore(async () => {
    answer = () => encodeFulfill(Buffer.alloc(32, 8), NOTHING)
    await expectRejects([prepareFor('test.daemon.bob')], 'F05')
  }))

  it('rejects a packet that the receiver fails to answer, with F02', () => expectToWorkAsBefore(async () => {
    answer = () => { throw new Error('out of order') }
    await expectRejects([prepareFor('test.daemon.bob')], 'F02')
  }))

  it("passes the receiver's own reject on as it is", () => expectToWorkAsBefore(async () => {
    answer = () => REFUSED
    expect(await parties.alice.sendData(prepareFor('test.daemon.bob'))).to.deep.equal(REFUSED)
  }))
})
