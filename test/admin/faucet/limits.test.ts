/** Nobody gets more than a share of the faucet's money, and no number of clients makes its books grow. */
import { expect } from 'chai'
import { useFakeTimers, type SinonFakeTimers } from 'sinon'
import { BOOK_MAX, FaucetLimits, UNDER_WAY_MAX } from '../../../src/admin/faucet/limits.js'

const HOUR_MS = 3_600_000

describe('The limits of the faucet', () => {
  let clock: SinonFakeTimers
  let limits: FaucetLimits
  beforeEach(() => {
    clock = useFakeTimers({ now: 1_700_000_000_000, toFake: ['Date'] })
    limits = new FaucetLimits()
  })
  afterEach(() => { clock.restore() })
  const serve = (address: string, client: string, wasSent = true): void => { limits.take(address, client).done(wasSent) }

  it('let an address come once an hour, from wherever', () => {
    serve('a', '10.0.0.1')
    expect(() => { serve('a', '10.0.0.2') }).to.throw(/^This address has had its share\. Try again in 60 minutes\.$/)
    clock.tick(HOUR_MS - 1)
    expect(() => { serve('a', '10.0.0.2') }).to.throw(/in 1 minute\.$/)
    clock.tick(1)
    serve('a', '10.0.0.2')
  })

  it('let an address come again at once when nothing was sent', () => {
    serve('a', '10.0.0.1', false)
    serve('a', '10.0.0.1')
  })

  it('let a client come ten times an hour, whatever it gets, and take a network of IPv6 for one client', () => {
    for (let i = 0; i < 10; i++) serve(`a${i}`, `2001:db8::${i}`, i % 2 === 0)
    expect(() => { serve('b', '2001:db8::ffff') }).to.throw(/^Your network has had its share/)
    serve('b', '2001:db8:0:1::1')
    clock.tick(HOUR_MS)
    serve('c', '2001:db8::ffff')
  })

  it('count before anything is sent: of two requests at once, one is served', () => {
    const first = limits.take('a', '10.0.0.1')
    expect(() => limits.take('a', '10.0.0.2')).to.throw(/This address/)
    first.done(true)
  })

  it('bound what is under way', () => {
    const all = Array.from({ length: UNDER_WAY_MAX }, (_, i) => limits.take(`a${i}`, `10.0.0.${i}`))
    expect(() => limits.take('b', '10.0.1.1')).to.throw(/busy/)
    all[0]?.done(true)
    limits.take('b', '10.0.1.1')
  })

  it('have room for so many clients and no more, until the hour of some is over', () => {
    for (let i = 0; i < BOOK_MAX; i++) serve(`a${i}`, `10.${i >> 8}.${i & 255}.1`)
    expect(() => { serve('b', '192.0.2.1') }).to.throw(/too many clients/)
    expect(() => { serve('a1', '192.0.2.1') }).to.throw(/This address/)
    clock.tick(HOUR_MS)
    serve('b', '192.0.2.1')
  })
})
