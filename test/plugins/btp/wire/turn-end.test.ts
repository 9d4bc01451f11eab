/** In a turn of the event loop that takes long, because so many come and go, packets of those who are there leave in between. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'chai'
import { LONG_TURN_MS, atTurnEnd, endLongTurn } from '../../../../plugins/btp/wire/turn-end.js'
import { afterTest, authenticated, closeAll, listening } from '../../../support/btp.js'

const packet = Buffer.from('a packet')
const UPGRADE = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n'

function keepBusy (ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until) { /* as thousands of peers do that come at once */ }
}

describe('what is written in one turn of the event loop', () => {
  afterEach(closeAll)

  it('leaves at its end, in the order in which it came, while the turn is short', async () => {
    const left: string[] = []
    atTurnEnd(() => { left.push('first') })
    atTurnEnd(() => { left.push('second') })
    endLongTurn()
    expect(left).to.deep.equal([])
    await new Promise(setImmediate)
    expect(left).to.deep.equal(['first', 'second'])
    await new Promise(setImmediate)
    expect(left).to.have.length(2)
  })

  it('leaves once, before its end, when the turn is long', async () => {
    const left: string[] = []
    atTurnEnd(() => { left.push('first') })
    keepBusy(2 * LONG_TURN_MS)
    endLongTurn()
    expect(left).to.deep.equal(['first'])
    atTurnEnd(() => { left.push('second') })
    endLongTurn() // it has waited for no time yet
    expect(left).to.have.length(1)
    await new Promise(setImmediate)
    expect(left).to.deep.equal(['first', 'second'])
  })

  /** What is written in a long turn, in which the system reports what `act` does, too: whether it leaves before that turn is over. */
  async function leavesWhile (act: () => void): Promise<boolean> {
    const server = createServer().listen(0, '127.0.0.1')
    afterTest(() => server.close())
    await once(server, 'listening')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    afterTest(() => socket.destroy())
    const [[accepted]] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, once(socket, 'connect')])
    let hasLeft = false
    const leftInTime = new Promise<boolean>(resolve => {
      accepted.once('data', () => {
        setImmediate(() => { resolve(hasLeft) })
        atTurnEnd(() => { hasLeft = true })
        keepBusy(2 * LONG_TURN_MS)
      })
    })
    await wait(20) // what was reported before is over, so what comes first is reported first
    socket.write('reported first')
    act()
    return leftInTime
  }

  it('waits for no more than what is reported at once', async () => {
    expect(await leavesWhile(() => undefined)).to.equal(false)
  })

  it('leaves while others send', async () => {
    const { port } = await listening()
    const peer = await authenticated(port)
    expect(await leavesWhile(() => { peer.message(2, packet) })).to.equal(true)
  })

  it('leaves while others connect', async () => {
    const { port } = await listening()
    expect(await leavesWhile(() => {
      const stranger = connect(port, '127.0.0.1').on('error', () => undefined)
      afterTest(() => stranger.destroy())
    })).to.equal(true)
  })

  it('leaves while others ask for a WebSocket', async () => {
    const { port } = await listening()
    const stranger = connect(port, '127.0.0.1').on('error', () => undefined)
    afterTest(() => stranger.destroy())
    await once(stranger, 'connect')
    expect(await leavesWhile(() => { stranger.write(UPGRADE) })).to.equal(true)
  })

  it('leaves while others hang up', async () => {
    const { port } = await listening()
    const peer = await authenticated(port)
    expect(await leavesWhile(() => { peer.ws.terminate() })).to.equal(true)
  })
})
