/** Which peers come and go is in the log, and a storm of reconnects does not fill it, nor do strangers hide peers in it. */
import { once } from 'node:events'
import { expect } from 'chai'
import sinon from 'sinon'
import { ConnectionLog, LINES_PER_SECOND } from '../../../plugins/btp/connection-log.js'
import { MemoryLog } from '../../support/admin-connector.js'
import { SECRET, authenticated, closeAll, listening } from '../../support/btp.js'

describe('the log of BTP connections', () => {
  let clock: sinon.SinonFakeTimers

  beforeEach(() => { clock = sinon.useFakeTimers() })
  afterEach(() => { clock.restore() })

  it('names each peer that comes or goes', () => {
    const log = new MemoryLog()
    const connections = new ConnectionLog(LINES_PER_SECOND)
    connections.connected(log)
    connections.lost(log)
    clock.tick(1000)
    expect(log.lines).to.deep.equal(['info connected to the peer over BTP', 'info lost the BTP connection to the peer'])
  })

  it('counts those that come in a storm, once a second', () => {
    const log = new MemoryLog()
    const connections = new ConnectionLog(LINES_PER_SECOND)
    const storm = (): void => {
      for (let i = 0; i < 5000; i++) connections.lost(log)
      for (let i = 0; i < 4999; i++) connections.connected(log)
      clock.tick(1000)
    }
    storm()
    storm()
    const told = log.lines.filter(line => line.startsWith('info'))
    expect(told).to.have.lengthOf(2 * (LINES_PER_SECOND + 1))
    expect(told.at(-1)).to.equal(`info more peers came and went than are named in the log. connected=4999 lost=${5000 - LINES_PER_SECOND}`)
    expect(log.lines.filter(line => line.startsWith('debug')), 'the others are for whoever looks closer').to.have.lengthOf(2 * (9999 - LINES_PER_SECOND))
  })

  it('names peers again after a storm', () => {
    const log = new MemoryLog()
    const connections = new ConnectionLog(LINES_PER_SECOND)
    for (let i = 0; i < 1000; i++) connections.connected(log)
    clock.tick(1000)
    connections.lost(log)
    expect(log.lines.at(-1)).to.equal('info lost the BTP connection to the peer')
  })
})

describe('strangers that come and go', () => {
  afterEach(closeAll)

  it('do not hide in the log which peers come, and are named themselves while they are few', async () => {
    const logs = { strangers: new MemoryLog(), peer: new MemoryLog() }
    const open = await listening({ secret: undefined, noAuth: true, keepFirst: true }, {}, logs.strangers)
    const closed = await listening({}, {}, logs.peer)
    for (let count = 0; count < 2 * LINES_PER_SECOND; count++) {
      const stranger = await authenticated(open.port, '')
      const gone = once(open.plugin, 'disconnect')
      stranger.ws.terminate()
      await gone
    }
    await authenticated(closed.port, SECRET)
    await closed.connected
    for (const { lines } of Object.values(logs)) expect(lines).to.include('info connected to the peer over BTP')
  })
})
