/** Expiries are written and read exactly, in any order: a write remembers the minute of the one before it. */
import { expect } from 'chai'
import fc from 'fast-check'
import { InvalidPacketError } from '../../src/packet/errors.js'
import { TIME_LENGTH, readTime, writeTime } from '../../src/packet/time.js'
import { time } from '../support/packet.js'

function written (ms: number): string {
  const buffer = Buffer.alloc(TIME_LENGTH + 4, '#')
  writeTime(buffer, ms, 2)
  expect(buffer.toString('latin1', 0, 2) + buffer.toString('latin1', TIME_LENGTH + 2), 'nothing outside is touched').to.equal('####')
  return buffer.toString('latin1', 2, 2 + TIME_LENGTH)
}

function read (digits: string): number {
  return readTime(Buffer.from(`##${digits}##`), 2)
}

const isoDigits = (ms: number): string => new Date(ms).toISOString().replace(/[-T:.Z]/g, '')

describe('expiry', () => {
  it('is written as 17 digits and read back, one after the other', () => {
    fc.assert(fc.property(fc.array(time, { minLength: 1, maxLength: 20 }), times => {
      for (const ms of times) {
        expect(written(ms)).to.equal(isoDigits(ms))
        expect(read(written(ms))).to.equal(ms)
      }
    }))
  })

  it('turns with every minute, hour, day and year', () => {
    for (const [year, month, day, hour, minute] of [
      [2026, 0, 1, 0, 0], [2024, 1, 29, 0, 0], [2024, 2, 1, 0, 0], [2000, 0, 1, 0, 0], [1970, 0, 1, 0, 1], [9999, 11, 31, 23, 59],
      [2026, 5, 15, 12, 0], [2026, 5, 15, 11, 59], [1969, 11, 31, 23, 59], [1000, 0, 1, 0, 0], [100, 0, 1, 0, 1]
    ] as const) {
      const turn = Date.UTC(year, month, day, hour, minute)
      for (const ms of [turn, turn - 1, turn + 1, turn + 59_999, turn]) {
        expect(written(ms)).to.equal(isoDigits(ms))
        expect(read(isoDigits(ms))).to.equal(ms)
      }
    }
  })

  it('is refused where one of its 17 bytes is no digit', () => {
    for (let position = 0; position < TIME_LENGTH; position++) {
      for (const character of ['/', ':', ' ', '-', 'e', 'x', '\u0000', '\u00b9']) {
        const digits = '20261231235959999'.split('')
        digits[position] = character
        expect(() => readTime(Buffer.from(digits.join(''), 'latin1'), 0), digits.join('')).to.throw(InvalidPacketError)
      }
    }
    expect(() => readTime(Buffer.from('2026'), 0)).to.throw(InvalidPacketError)
  })
})
