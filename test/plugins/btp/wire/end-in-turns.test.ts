/** Thousands of peers may hang up in one moment: nobody else waits until all of their sockets are closed. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { expect } from 'chai'
import { ENDS_PER_TURN, endInTurns } from '../../../../plugins/btp/wire/end-in-turns.js'
import { turnsUntil } from '../../../support/waiting.js'

const PEERS = 20 * ENDS_PER_TURN

describe('sockets whose peers hang up', () => {
  const server = createServer({ allowHalfOpen: true })
  const clients: Socket[] = []
  /** Of the server, in the order of `clients`. */
  const accepted: Socket[] = []

  beforeEach(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    for (let i = 0; i < PEERS; i++) {
      const [[raw]] = await Promise.all([
        once(server, 'connection') as Promise<[Socket]>,
        new Promise<void>(resolve => { clients.push(connect((server.address() as AddressInfo).port, '127.0.0.1', resolve)) })
      ])
      accepted.push(raw.on('error', () => undefined).resume())
    }
  })
  afterEach(async () => {
    for (const socket of [...clients.splice(0), ...accepted.splice(0)]) socket.destroy()
    server.close()
    await once(server, 'close')
  })

  it('are closed a few in a turn, and what others send is read in between', async () => {
    let turn = 0
    const turns: number[] = []
    const count = (): void => {
      turn++
      if (turns.length < PEERS - 1) setImmediate(count)
    }
    for (const raw of accepted) {
      raw.on('end', () => {
        turns.push(turn)
        raw.end()
      })
      endInTurns(raw)
    }
    const [other, ...leaving] = clients
    let closedBefore: number | undefined
    accepted[0]!.once('data', () => { closedBefore = turns.length })
    for (const client of leaving) client.destroy()
    other!.write('a packet')
    setImmediate(count)
    await turnsUntil(() => turns.length === PEERS - 1)
    const inOneTurn = Math.max(...turns.map(one => turns.filter(each => each === one).length))
    expect(inOneTurn).to.be.at.most(2 * ENDS_PER_TURN) // those of before the count, and those of after it
    expect(closedBefore).to.be.lessThan(PEERS / 2)
  })

  it('are left alone when they were destroyed meanwhile', async () => {
    let ended = 0
    for (const raw of accepted) {
      raw.on('end', () => { ended++ })
      endInTurns(raw)
    }
    const closed = Promise.all(accepted.map(raw => once(raw, 'close')))
    for (const client of clients) client.destroy()
    await turnsUntil(() => ended > 0)
    for (const raw of accepted) raw.destroy()
    const before = ended
    await closed
    expect(ended).to.equal(before)
    expect(before).to.be.lessThan(PEERS)
  })
})
