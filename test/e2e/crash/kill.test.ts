/**
 * A real connector process under real load is killed with SIGKILL at a random moment and started again, KILLS times (3 unless told
 * otherwise). Every Fulfill that the sender got must be in the books, and no more than the receiver gave.
 */
import { once, type EventEmitter } from 'node:events'
import { join } from 'node:path'
import { expect } from 'chai'
import { prepareOf } from '../../../src/packet/prepare.js'
import { encodeFulfill, encodeReject, isFulfill } from '../../../src/packet/reply.js'
import { temporaryFolder } from '../../support/daemon.js'
import { FULFILLMENT, TwoParties, prepareFor } from '../../support/two-parties.js'

const KILLS = Number(process.env.KILLS ?? 3)
const IN_FLIGHT = 50
const LIFE_SHORTEST_MS = 50
const LIFE_LONGEST_MS = 500
const FULFILL = encodeFulfill(FULFILLMENT, Buffer.alloc(0))
const REJECT = encodeReject({ code: 'F99', triggeredBy: 'test.daemon.bob', message: '', data: Buffer.alloc(0) })

/** What sender and receiver remember of all lives of the connector, in base units. */
const seen = { acknowledged: 0n, given: 0n }

/** Pays and pays until the connection is gone. */
async function load ({ alice, bob }: TwoParties): Promise<void> {
  bob.registerDataHandler(packet => {
    const { amount } = prepareOf(packet)
    if (amount % 3n === 0n) return Promise.resolve(REJECT)
    seen.given += amount
    return Promise.resolve(FULFILL)
  })
  let next = 1n
  const worker = async (): Promise<void> => {
    while (alice.isConnected()) {
      const amount = next++ % 7n + 1n
      const answer = await alice.sendData(prepareFor('test.daemon.bob', amount)).catch(() => undefined)
      if (answer !== undefined && isFulfill(answer)) seen.acknowledged += amount
    }
  }
  await Promise.race([Promise.all(Array.from({ length: IN_FLIGHT }, worker)), once(alice as unknown as EventEmitter, 'disconnect')])
}

describe('a connector that is killed', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  before(async () => { folder = await temporaryFolder() })
  after(() => folder.remove())

  const start = (): Promise<TwoParties> => TwoParties.start({
    CONNECTOR_STORE: 'leveldown', CONNECTOR_STORE_PATH: join(folder.path, 'store')
  })

  it(`has every payment that it acknowledged in its books: ${KILLS} times`, async function () {
    this.timeout(30_000 * (KILLS + 1))
    for (let kill = 0; kill <= KILLS; kill++) {
      const parties = await start()
      const { alice = '0', bob = '0' } = await parties.balances()
      const booked = BigInt(alice)
      expect(booked >= seen.acknowledged, `acknowledged ${seen.acknowledged}, booked ${booked}`).to.equal(true)
      expect(booked <= seen.given, `fulfilled ${seen.given}, booked ${booked}`).to.equal(true)
      expect(BigInt(bob), 'both legs or none').to.equal(-booked)
      // What it booked and could not say any more is its own: from here on all three count the same.
      seen.acknowledged = seen.given = booked

      const loaded = load(parties)
      const lifeMs = LIFE_SHORTEST_MS + Math.random() * (LIFE_LONGEST_MS - LIFE_SHORTEST_MS)
      const killer = setTimeout(() => parties.daemon.kill('SIGKILL'), lifeMs)
      expect((await parties.daemon.exited).signal).to.equal('SIGKILL')
      clearTimeout(killer)
      await loaded // what was still in the socket has been read
      await parties.stop()
    }
    expect(seen.acknowledged > 0n, 'there was load').to.equal(true)
  })
})
