/** With many events, the history still finds every one of them. The times are in `npm run bench:explorer`. */
import { join } from 'node:path'
import { expect } from 'chai'
import type { EventFilter } from '../../src/contracts/explorer-events.js'
import { History } from '../../src/explorer/history.js'
import { temporaryFolder } from '../support/daemon.js'
import { packetId, received, rejected } from '../support/explorer/events.js'

const COUNT = 200_000
/** Fewer than may wait for the disk. */
const AT_ONCE = 8000

describe('a history of many events', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  before(async () => { folder = await temporaryFolder() })
  after(() => folder.remove())

  async function opened (): Promise<History> {
    const history = new History({ path: join(folder.path, 'history') })
    await history.open()
    return history
  }

  it('finds what is wanted in two hundred thousand events, wherever it is', async () => {
    const now = Date.now()
    for (let number = 0; number < COUNT;) {
      const writing = await opened()
      for (const until = number + AT_ONCE; number < until; number++) {
        const timestamp = now - COUNT + number
        writing.add(number % 1000 === 7 ? rejected(number, timestamp) : received(number, timestamp, `peer-${number % 40}`))
      }
      await writing.close()
    }
    const history = await opened()
    expect(history.status()).to.include({ eventCount: COUNT, lost: 0 })
    const ask = async (filter: Partial<EventFilter>): Promise<[total: number, first: string | null | undefined]> => {
      const { events, total } = await history.query({ limit: 100, offset: 0, ...filter })
      return [total, events[0]?.amount]
    }
    expect(await ask({ offset: COUNT - 100 })).to.deep.equal([COUNT, '99'])
    expect(await ask({ packetId: packetId(123_456) })).to.deep.equal([1, '123456'])
    expect(await ask({ types: ['PACKET_REJECTED'], peerId: 'bob' })).to.deep.equal([COUNT / 1000, '199007'])
    expect(await ask({ peerId: 'peer-3', since: now - 1000 })).to.deep.equal([25, '199963'])
    expect(await ask({ until: now - COUNT + 4, order: 'oldest', offset: 2 })).to.deep.equal([5, '2'])
    await history.close()
  })
})
