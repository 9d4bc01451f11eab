/**
 * Malformed bytes: whatever a peer sends is read as ilp-packet reads it or refused with F01, never with another error. Where we refuse
 * what ilp-packet takes, the reason is on the list of rules below.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import * as oracle from 'ilp-packet'
import { InvalidPacketError } from '../../src/packet/errors.js'
import { fieldsOf, prepareOf } from '../../src/packet/prepare.js'
import { encodeFulfill, encodeReject, fulfillmentOf, rejectOf } from '../../src/packet/reply.js'
import { FUZZ_RUNS, address, assembled, byOracle, bytes, damaged, data, octets, prepareFields, rejectFields } from '../support/packet.js'

const EXPIRY_START = 8
/** Where the octets of each type begin within the contents, and how many there are. */
const LAYOUT: Record<number, { start: number, count: number }> = {
  12: { start: 57, count: 2 },
  13: { start: 32, count: 1 },
  14: { start: 3, count: 3 }
}

/** What stands in a packet, read without any of the rules under test: first bytes of the length prefixes, contents, and octets. */
function dissect (packet: Buffer): { prefixes: number[], contents: Buffer, parts: Buffer[] } {
  const { start, count } = LAYOUT[packet[0] ?? 0] ?? { start: 0, count: 0 }
  const prefixes: number[] = []
  const take = (buffer: Buffer, at: number): { part: Buffer, next: number } => {
    const first = buffer[at] ?? 0
    prefixes.push(first)
    const begin = at + 1 + (first < 128 ? 0 : first & 0x7f)
    const length = first < 128 ? first : Number(`0x0${buffer.toString('hex', at + 1, begin)}`)
    return { part: buffer.subarray(begin, begin + length), next: begin + length }
  }
  const contents = take(packet, 1).part
  const parts: Buffer[] = []
  for (let at = start; at < contents.length && parts.length < count;) {
    const { part, next } = take(contents, at)
    parts.push(part)
    at = next
  }
  return { prefixes, contents, parts }
}

function expiryOf (packet: Buffer): string {
  return dissect(packet).contents.toString('latin1', EXPIRY_START, EXPIRY_START + 17)
}

/** What we refuse although ilp-packet takes it, by rule. A packet that breaks none of these is read like there. */
const STRICTER: Record<string, (packet: Buffer) => boolean> = {
  'an expiry is 17 digits': packet => !/^\d{17}$/.test(expiryOf(packet)),
  'data of a Prepare has at most 32768 bytes': packet => (dissect(packet).parts[1]?.length ?? 0) > 32_768,
  'an address has ASCII bytes only': packet => dissect(packet).parts[0]?.some(byte => byte > 127) === true,
  'a length prefix takes at most 5 bytes': packet => dissect(packet).prefixes.some(first => first > 0x84)
}
const OF_PREPARES = Object.keys(STRICTER)
const OF_REJECTS = OF_PREPARES.slice(2)
const OF_FULFILLS = OF_PREPARES.slice(3)

type Outcome<T> = { value: T } | { thrown: unknown }

function outcomeOf<T> (read: () => T): Outcome<T> {
  try {
    return { value: read() }
  } catch (thrown) {
    return { thrown }
  }
}

/** Reads with both; refusals are InvalidPacketErrors or explained by a rule. Returns both values where both read. */
function compared<A, B> (packet: Buffer, ours: () => A, theirs: () => B, rules: string[]): { ours: A, theirs: B } | undefined {
  const [mine, other] = [outcomeOf(ours), outcomeOf(theirs)]
  if ('thrown' in mine) {
    expect(mine.thrown).to.be.an.instanceof(InvalidPacketError)
    if ('value' in other) expect(rules.filter(rule => STRICTER[rule]?.(packet)), 'refused, and ilp-packet reads it').to.not.deep.equal([])
    return undefined
  }
  expect(rules.filter(rule => STRICTER[rule]?.(packet)), 'read, against a rule').to.deep.equal([])
  if ('thrown' in other) throw new Error(`read, and ilp-packet refuses it: ${String(other.thrown)}`)
  return { ours: mine.value, theirs: other.value }
}

function checkPrepare (packet: Buffer): void {
  // ilp-packet takes this one time for an invalid date. Such a packet has expired long ago for both.
  if (packet[0] === 12 && expiryOf(packet) === '19700101000000000') return
  const both = compared(packet, () => fieldsOf(prepareOf(packet)), () => oracle.deserializeIlpPrepare(packet), OF_PREPARES)
  if (both === undefined) return
  const { ours, theirs } = both
  expect({ ...ours, amount: String(ours.amount), expiresAt: new Date(ours.expiresAt) }).to.deep.equal(theirs)
  const next = { amount: 12_345n, expiresAt: Date.UTC(2031, 4, 5) }
  expect(prepareOf(packet).forwarded(next).equals(byOracle({ ...ours, ...next }))).to.equal(true)
}

function checkFulfill (packet: Buffer): void {
  const both = compared(packet, () => fulfillmentOf(packet), () => oracle.deserializeIlpFulfill(packet), OF_FULFILLS)
  if (both !== undefined) expect(both.ours.equals(both.theirs.fulfillment)).to.equal(true)
}

function checkReject (packet: Buffer): void {
  const both = compared(packet, () => rejectOf(packet), () => oracle.deserializeIlpReject(packet), OF_REJECTS)
  // ilp-packet drops the highest bit of each byte of the code; we show the byte as it is.
  if (both !== undefined) expect(both.ours).to.deep.equal({ ...both.theirs, code: dissect(packet).contents.toString('latin1', 0, 3) })
}

const prepare = prepareFields.map(byOracle)
const fulfill = fc.tuple(bytes(32), data).map(([fulfillment, content]) => encodeFulfill(fulfillment, content))
const reject = rejectFields.map(encodeReject)
const oddText = fc.oneof(address.map(text => Buffer.from(text)), fc.uint8Array({ maxLength: 20 }).map(array => Buffer.from(array)),
  address.map(text => Buffer.from(text).map((byte, index) => index === 6 ? byte | 0x80 : byte)).map(array => Buffer.from(array)))
const oddTime = fc.oneof(fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 17, maxLength: 17 }),
  fc.string({ unit: fc.constantFrom(...'0123456789 +-.ex'.split('')), minLength: 17, maxLength: 17 })).map(text => Buffer.from(text, 'latin1'))
const oddData = fc.oneof(data, fc.constantFrom(32_769, 65_536, 70_000).map(length => Buffer.alloc(length)))
const trailing = fc.oneof(fc.constant(Buffer.alloc(0)), bytes(5))

/** Right in structure, odd in every field and length prefix. */
const oddPrepare = fc.tuple(bytes(8), oddTime, bytes(32), oddText, oddData, trailing)
  .chain(([amount, expiry, condition, destination, content, rest]) =>
    assembled(12, [amount, expiry, condition, { octets: destination }, { octets: content }, rest]))
const oddFulfill = fc.tuple(bytes(32), oddData, trailing)
  .chain(([fulfillment, content, rest]) => assembled(13, [fulfillment, { octets: content }, rest]))
const oddReject = fc.tuple(bytes(3), oddText, bytes(9), oddData, trailing)
  .chain(([code, triggeredBy, message, content, rest]) =>
    assembled(14, [code, { octets: triggeredBy }, { octets: message }, { octets: content }, rest]))

describe('malformed packets', () => {
  for (const [name, check, valid, odd] of [
    ['Prepares', checkPrepare, prepare, oddPrepare],
    ['Fulfills', checkFulfill, fulfill, oddFulfill],
    ['Rejects', checkReject, reject, oddReject]
  ] as const) {
    it(`are refused or read like ilp-packet does: damaged ${name}`, () => {
      fc.assert(fc.property(damaged(valid), check), { numRuns: FUZZ_RUNS })
    })

    it(`are refused or read like ilp-packet does: ${name} with odd fields`, () => {
      fc.assert(fc.property(odd, check), { numRuns: Math.ceil(FUZZ_RUNS / 2) })
    })

    it(`are refused or read like ilp-packet does: ${name} cut off at every byte`, () => {
      for (const packet of fc.sample(valid, 5)) {
        for (let length = 0; length < Math.min(packet.length, 400); length++) check(packet.subarray(0, length))
      }
    })
  }

  it('are refused or read like ilp-packet does: bytes of chance', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }).map(array => Buffer.from(array)), packet => {
      for (const type of [12, 13, 14]) {
        const typed = Buffer.concat([Buffer.from([type]), octets(packet)])
        for (const check of [checkPrepare, checkFulfill, checkReject]) check(typed)
      }
    }), { numRuns: Math.ceil(FUZZ_RUNS / 4) })
  })

  it('are refused by every rule on the list, which ilp-packet does not have', () => {
    const fields = { amount: 1n, expiresAt: Date.UTC(2030, 0), executionCondition: Buffer.alloc(32), destination: 'test.alice', data: Buffer.alloc(0) }
    const fixed = byOracle(fields).subarray(2, 2 + 57)
    const made = (...parts: Buffer[]): Buffer => Buffer.concat([Buffer.from([12]), octets(Buffer.concat([fixed, ...parts]))])
    const examples: Record<string, Buffer> = {
      'an expiry is 17 digits': Buffer.from(byOracle(fields).toString('latin1').replace('20300101', '2030 1 1'), 'latin1'),
      'data of a Prepare has at most 32768 bytes': byOracle({ ...fields, data: Buffer.alloc(32_769) }),
      'an address has ASCII bytes only': made(octets(Buffer.from('test.\u00e1lice', 'latin1')), octets(Buffer.alloc(0))),
      'a length prefix takes at most 5 bytes': made(octets(Buffer.from('test.alice')), Buffer.from([0x85, 0, 0, 0, 0, 200]), Buffer.alloc(200))
    }
    expect(Object.keys(examples)).to.deep.equal(OF_PREPARES)
    for (const [rule, packet] of Object.entries(examples)) {
      expect(() => oracle.deserializeIlpPrepare(packet), rule).to.not.throw()
      expect(() => prepareOf(packet), rule).to.throw(InvalidPacketError)
    }
  })
})
