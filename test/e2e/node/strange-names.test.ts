/** Names that a stranger's first frame can carry: whatever they are, and whatever fails because of them, the process and the node go on. */
import { once } from 'node:events'
import * as BtpPacket from 'btp-packet'
import { expect } from 'chai'
import sinon from 'sinon'
import { WebSocket } from 'ws'
import { BTPServer, type ConnectorNode } from '../../../src/index.js'
import { Accounts } from '../../../src/accounts/accounts.js'
import { authMessage } from '../../support/btp.js'
import { World, outcome, packet, urlOf } from '../../support/node.js'
import { noRejectionLeft } from '../../support/unhandled.js'

const NAMES = [
  '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', '0', '1', '-1', '', ' ', '\0', 'a\0b', '.', '..', '../x', 'local', 'shop',
  'null', 'undefined', '\n', 'ß', '\u202eevil', 'x'.repeat(129), 'x'.repeat(60_000)
]

describe('the names of strangers', () => {
  const world = new World()
  noRejectionLeft()
  beforeEach(() => { world.log.lines.length = 0 })
  afterEach(async () => {
    sinon.restore()
    await world.end()
  })

  /** Resolves to what a stranger is told: `in`, the text of the refusal, or nothing. */
  async function knock (url: string, name: string): Promise<string> {
    const socket = new WebSocket(url)
    const answer = new Promise<string>(resolve => {
      socket.on('error', () => undefined)
      socket.on('close', () => { resolve('nothing') })
      socket.on('message', (data: Buffer) => {
        const { type, data: contents } = BtpPacket.deserialize(data)
        resolve(type === BtpPacket.TYPE_RESPONSE ? 'in' : 'data' in contents ? contents.data : '')
      })
    })
    await once(socket, 'open')
    socket.send(authMessage('', name))
    world.after(() => {
      socket.terminate()
      return Promise.resolve()
    })
    return answer
  }

  async function stillServes (shop: ConnectorNode): Promise<void> {
    expect(shop.getHealthStatus().status).to.equal('healthy')
    expect(outcome(await shop.sendPacket(packet('g.shop')))).to.equal('fulfill')
    expect(await knock(urlOf(shop), 'somebody')).to.equal('in')
  }

  it('let plain ones in and refuse the others in the words for a wrong token, and the node serves on', async () => {
    const shop = await world.start('shop')
    shop.setPacketHandler(() => ({ accept: true }))
    const answers = await Promise.all(NAMES.map(async name => [name, await knock(urlOf(shop), name)] as const))
    const isIn = answers.filter(([, answer]) => answer === 'in').map(([name]) => name)
    expect(isIn).to.deep.equal(['constructor', 'toString', 'hasOwnProperty', 'prototype', '0', '1', '-1', '.', '..', 'null', 'undefined'])
    expect(new Set(answers.map(([, answer]) => answer))).to.deep.equal(new Set(['in', 'invalid auth_token']))
    await stillServes(shop)
    expect(Object.prototype).to.not.have.property('balance')
  }).timeout(20_000)

  it('make one line a second at most when they are refused', async () => {
    const shop = await world.start('shop', { logLevel: 'warn' })
    await Promise.all(Array.from({ length: 20 }, () => knock(urlOf(shop), '__proto__')))
    const lines = world.log.lines.filter(({ level }) => level === 'warn')
    expect(lines.length).to.be.within(1, 3)
    expect(world.log.inner('warn')).to.deep.equal(lines)
  })

  for (const [step, fails] of [['the first', () => { throw new Error('customer-acme is full') }], ['a later one', () => undefined]] as const) {
    it(`end nothing when the addition of their account fails, at ${step} of its steps`, async () => {
      const shop = await world.start('shop', { logLevel: 'warn' })
      shop.setPacketHandler(() => ({ accept: true }))
      const add = sinon.stub(Accounts.prototype, 'add').callsFake(fails)
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => knock(urlOf(shop), `stranger-${index}`)))
      expect(new Set(answers)).to.deep.equal(new Set(['invalid auth_token']))
      const lines = world.log.inner('warn', 'error')
      expect(lines.length, JSON.stringify(lines)).to.be.within(1, 3)
      if (step === 'the first') expect(lines[0]?.fields).to.include({ reason: 'customer-acme is full' })
      add.restore()
      await stillServes(shop)
    }).timeout(20_000)
  }

  it('end nothing at a server whose own rules throw', async () => {
    const server = new BTPServer({ port: 0, logger: world.log, secretOf: () => { throw new Error('the database says hunter2') } }, {
      handlePreparePacket: () => Promise.reject(new Error('not expected'))
    })
    await server.start()
    world.after(() => server.stop())
    const answers = await Promise.all(NAMES.map(name => knock(`ws://127.0.0.1:${server.port}`, name)))
    expect(new Set(answers)).to.deep.equal(new Set(['invalid auth_token']))
  }).timeout(20_000)
})
