/** How long a comparison takes says nothing about a secret: every key and token, right or wrong, goes through crypto's comparison. */
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { expect } from 'chai'
import { stub } from 'sinon'
import { Authenticator, authEntries } from '../../plugins/btp/auth.js'
import { FrameType } from '../../plugins/btp/wire/frame.js'
import { keyCheck } from '../../src/http/access.js'

const SECRET = 'correct horse battery staple 7'
const GUESSES = [SECRET, '', 'c', SECRET.slice(1), `${SECRET}8`, 'x'.repeat(10_000)]

describe('secrets are compared in constant time', () => {
  /** The lengths of what was compared. */
  const compared: Array<[number, number]> = []
  const compare = crypto.timingSafeEqual

  beforeEach(() => {
    compared.length = 0
    stub(crypto, 'timingSafeEqual').callsFake((a, b) => {
      compared.push([a.byteLength, b.byteLength])
      return compare(a, b)
    })
    syncBuiltinESMExports()
  })
  afterEach(() => {
    (crypto.timingSafeEqual as unknown as sinon.SinonStub).restore()
    syncBuiltinESMExports()
  })

  it('keys of admin APIs', () => {
    const isKey = keyCheck(SECRET, 'apiKey')
    expect([...GUESSES, undefined].map(isKey)).to.deep.equal([true, ...Array<boolean>(6).fill(false)])
    expect(compared).to.deep.equal(Array(7).fill([32, 32]))
  })

  it('tokens of BTP peers, also of one that does not exist', () => {
    const door = new Authenticator()
    door.add({ username: 'alice', secret: SECRET })
    door.add({ username: 'bob', secret: 'another' })
    const mayEnter = (username: string, token: string): boolean => {
      try {
        door.authenticate({ type: FrameType.MESSAGE, requestId: 1, protocolData: authEntries(username, token, []) }, '10.0.0.1')
        return true
      } catch {
        return false
      }
    }
    expect(GUESSES.map(guess => mayEnter('alice', guess))).to.deep.equal([true, ...Array<boolean>(5).fill(false)])
    expect(GUESSES.map(guess => mayEnter('mallory', guess))).to.deep.equal(Array<boolean>(6).fill(false))
    expect(compared).to.deep.equal(Array(12).fill([32, 32]))
  })
})
