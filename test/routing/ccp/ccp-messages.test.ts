/** The bytes of CCP, and what is refused of them. */
import { expect } from 'chai'
import fc from 'fast-check'
import { deserializeIlpPrepare } from 'ilp-packet'
import { CCP_CONTROL_DESTINATION, CCP_UPDATE_DESTINATION, Mode, serializeCcpRouteUpdateRequestPayload } from 'ilp-protocol-ccp'
import type { CcpRouteUpdateRequest } from 'ilp-protocol-ccp'
import { BadRequestError } from '../../../src/packet/errors.js'
import { readMessage, writeControl, writeResponse, writeUpdate } from '../../../src/routing/ccp/ccp-messages.js'

const NOW = 1434412800000

const update = (fields: Partial<CcpRouteUpdateRequest> = {}): CcpRouteUpdateRequest => ({
  routingTableId: '3b069822-a754-4e44-8a60-0f9f7084144d',
  currentEpochIndex: 5,
  fromEpochIndex: 2,
  toEpochIndex: 5,
  holdDownTime: 45000,
  speaker: 'test.connie',
  newRoutes: [{ prefix: 'test.a', path: ['test.connie', 'test.b'], auth: Buffer.alloc(32, 0xee), props: [] }],
  withdrawnRoutes: ['test.gone'],
  ...fields
})

const updatePayload = '3b069822a7544e448a600f9f7084144d' + // table id
  '00000005' + '00000002' + '00000005' + '0000afc8' + // current, from, to, hold-down
  '0b' + Buffer.from('test.connie').toString('hex') +
  '0101' + '06' + Buffer.from('test.a').toString('hex') +
  '0102' + '0b' + Buffer.from('test.connie').toString('hex') + '06' + Buffer.from('test.b').toString('hex') +
  'ee'.repeat(32) + '0100' +
  '0101' + '09' + Buffer.from('test.gone').toString('hex')

const prepare = (destination: string, data: Buffer, expiresAt = NOW + 1000): { destination: string, data: Buffer, expiresAt: number } =>
  ({ destination, data, expiresAt })

describe('CCP messages', () => {
  it('the first control message is SYNC from nothing, byte for byte', () => {
    const packet = deserializeIlpPrepare(writeControl(
      { mode: Mode.MODE_SYNC, lastKnownRoutingTableId: '00000000-0000-0000-0000-000000000000', lastKnownEpoch: 0, features: [] }, NOW))
    expect(packet.data.toString('hex')).to.equal('01' + '00'.repeat(16) + '00000000' + '0100')
    expect(packet.destination).to.equal('peer.route.control')
    expect(packet.amount).to.equal('0')
    expect(packet.expiresAt.getTime()).to.equal(NOW + 60_000)
    expect(packet.executionCondition.toString('base64')).to.equal('Zmh6rfhivXdsj8GLjp+OIAiXFIVu4jOzkCpZHQ1fKSU=')
  })

  it('an update is written byte for byte, and read back', () => {
    const packet = deserializeIlpPrepare(writeUpdate(update(), NOW))
    expect(packet.data.toString('hex')).to.equal(updatePayload)
    expect(packet.destination).to.equal('peer.route.update')
    const received = prepare(CCP_UPDATE_DESTINATION, Buffer.from(updatePayload, 'hex'))
    expect(readMessage(received, NOW)).to.deep.equal({ type: 'update', request: update() })
  })

  it('the answer is a Fulfill with 32 zero bytes', () => {
    expect(writeResponse().toString('hex')).to.equal('0d21' + '00'.repeat(33))
  })

  it('refuses expired requests', () => {
    for (const [destination, name] of [[CCP_CONTROL_DESTINATION, 'control'], [CCP_UPDATE_DESTINATION, 'update']] as const) {
      expect(() => readMessage(prepare(destination, Buffer.alloc(0), NOW - 1), NOW))
        .to.throw(BadRequestError, `CCP route ${name} request packet is expired.`)
    }
  })

  it('refuses unknown destinations', () => {
    expect(() => readMessage(prepare('peer.route.other', Buffer.alloc(0)), NOW)).to.throw('unrecognized ccp message. destination=peer.route.other')
  })

  it('refuses epochs that go backwards', () => {
    const data = serializeCcpRouteUpdateRequestPayload(update({ fromEpochIndex: 6 }))
    expect(() => readMessage(prepare(CCP_UPDATE_DESTINATION, data), NOW)).to.throw(BadRequestError, 'fromEpoch=6 toEpoch=5')
  })

  it('refuses absurd counts quickly', () => {
    const head = Buffer.from(updatePayload, 'hex').subarray(0, 32 + 12)
    for (const count of ['04ffffffff', '06ffffffffffff', '08ffffffffffffffff', '7f']) {
      const data = Buffer.concat([head, Buffer.from(count, 'hex')])
      expect(() => readMessage(prepare(CCP_UPDATE_DESTINATION, data), NOW)).to.throw(BadRequestError, 'route update message is malformed')
    }
  })

  it('refuses what would not fit into a Prepare', () => {
    expect(() => readMessage(prepare(CCP_UPDATE_DESTINATION, Buffer.alloc(40_000)), NOW)).to.throw(BadRequestError, 'too large')
  })

  it('answers any bytes with a message or a BadRequestError', () => {
    const valid = Buffer.from(updatePayload, 'hex')
    const mutated = fc.tuple(fc.nat(valid.length - 1), fc.nat(255), fc.nat(valid.length)).map(([at, byte, length]) => {
      const copy = Buffer.from(valid)
      copy[at] = byte
      return copy.subarray(0, length)
    })
    const destinations = fc.constantFrom(CCP_CONTROL_DESTINATION, CCP_UPDATE_DESTINATION)
    const random = fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes))
    fc.assert(fc.property(fc.oneof(mutated, random), destinations, (data, destination) => {
      try {
        readMessage(prepare(destination, data), NOW)
      } catch (error) {
        expect(error).to.be.instanceOf(BadRequestError)
      }
    }), { numRuns: 2000 })
  })
})
