/** However much comes at a time, there is a turn for the others soon, and only so much is kept. */
import { expect } from 'chai'
import { ALL_WAITING_BYTES, FairQueue, LEAST_WAITING_BYTES, MAX_WAITING, MAX_WAITING_BYTES, PACKETS_PER_TURN } from '../../../../plugins/btp/wire/fair-queue.js'
import { nextTurn } from '../../../support/waiting.js'

const frame = Buffer.from('a frame')

/** Adds numbered frames until there is no room; the numbers that were worked on are in `worked`. */
function numbered (worked: number[] = []): { queue: FairQueue, worked: number[], add: (count: number) => number } {
  const queue = new FairQueue(bytes => { worked.push(bytes.readUInt32BE()) })
  let next = 0
  const add = (count: number): number => {
    const bytes = Buffer.alloc(4) // used again: a frame that waits must not change with it
    for (let i = 0; i < count; i++) {
      bytes.writeUInt32BE(next)
      if (!queue.hasRoomFor(bytes.length)) return i
      queue.add(bytes)
      next++
    }
    return count
  }
  return { queue, worked, add }
}

describe('packets that come at a time', () => {
  beforeEach(nextTurn)

  it('are worked on at once, a turn full of them, and then a turn full in each turn, in their order', async () => {
    const { worked, add } = numbered()
    const count = 3 * PACKETS_PER_TURN + 1
    expect(add(count)).to.equal(count)
    for (let turn = 1; turn <= 4; turn++) {
      expect(worked.length).to.equal(Math.min(count, turn * PACKETS_PER_TURN))
      await nextTurn()
    }
    expect(worked).to.deep.equal(Array.from({ length: count }, (_, i) => i))
  })

  it('come after those that wait', async () => {
    const { worked, add } = numbered()
    add(PACKETS_PER_TURN + 1)
    await nextTurn()
    add(1)
    expect(worked).to.deep.equal(Array.from({ length: PACKETS_PER_TURN + 2 }, (_, i) => i))
  })

  it('find no room when there are too many, or too large ones, and room again later', async () => {
    const { add, worked } = numbered()
    expect(add(2 * MAX_WAITING)).to.equal(PACKETS_PER_TURN + MAX_WAITING)
    await nextTurn()
    expect(add(2 * MAX_WAITING)).to.equal(PACKETS_PER_TURN)
    while (worked.length < 2 * PACKETS_PER_TURN + MAX_WAITING) await nextTurn()
    await nextTurn()

    let count = 0
    const large = Buffer.alloc(64 * 1024)
    const queue = new FairQueue(() => { count++ })
    while (queue.hasRoomFor(large.length)) {
      queue.add(large)
      expect(queue.size).to.be.at.most(MAX_WAITING)
    }
    expect(count).to.equal(PACKETS_PER_TURN)
    expect(queue.size).to.equal(Math.floor(MAX_WAITING_BYTES / (large.length + 4)))
    queue.clear()
  })

  it('of one peer do not keep those of the others waiting', async () => {
    const order: string[] = []
    const [greedy, modest] = ['greedy', 'modest'].map(name => new FairQueue(() => { order.push(name) }))
    while (greedy!.hasRoomFor(frame.length)) greedy!.add(frame)
    for (let i = 0; i < 10; i++) modest!.add(frame)
    await nextTurn()
    expect(order.slice(PACKETS_PER_TURN).filter(name => name === 'modest')).to.have.length(10)
    greedy!.clear()
  })

  it('of many sockets take no more than so many bytes together, and each has room for some', async () => {
    const large = Buffer.alloc(LEAST_WAITING_BYTES / 2)
    const queues = Array.from({ length: 100 }, () => new FairQueue(() => undefined))
    const fill = (queue: FairQueue): number => {
      const { size } = queue
      while (queue.hasRoomFor(large.length)) queue.add(large)
      return (queue.size - size) * large.length
    }
    for (let i = 0; i < PACKETS_PER_TURN; i++) queues[0]!.add(frame)
    const filled = queues.map(fill)
    expect(filled.at(-1)).to.equal(large.length)
    const all = filled.reduce((sum, bytes) => sum + bytes)
    expect(all).to.be.within(0.99 * ALL_WAITING_BYTES, ALL_WAITING_BYTES + queues.length * LEAST_WAITING_BYTES)
    for (const queue of queues) queue.clear()
    expect(fill(queues[99]!), 'there is room again').to.be.greaterThan(0.99 * MAX_WAITING_BYTES)
    queues[99]!.clear()
    await nextTurn()
  })

  it('are forgotten with their socket', async () => {
    const { queue, worked, add } = numbered()
    add(2 * PACKETS_PER_TURN)
    queue.clear()
    await nextTurn()
    expect(worked).to.have.length(PACKETS_PER_TURN)
    expect(queue.isEmpty).to.equal(true)
  })
})
