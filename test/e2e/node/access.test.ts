/** Who may come in over BTP: secrets, permissionless networks, and nobody in the place of somebody else. */
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import { SILENT_LOG } from '../../../src/contracts/logger.js'
import LeveldownStore from '../../../stores/leveldown.js'
import { ConfigurationError, type ConnectorNode } from '../../../src/index.js'
import { MAX_GUESTS } from '../../../src/node/guest-places.js'
import { World, outcome, owed, packet, urlOf } from '../../support/node.js'
import { until } from '../../support/waiting.js'

interface BtpError { code: string, name: string, data: string }
const btp = createRequire(import.meta.url)('btp-packet') as {
  TYPE_MESSAGE: number, TYPE_ERROR: number, serialize (frame: object): Buffer, deserialize (frame: Buffer): { type: number, data: unknown }
}

function authFrame (username: string, secret: string): Buffer {
  const entry = (protocolName: string, text: string): object => ({ protocolName, contentType: 1, data: Buffer.from(text) })
  return btp.serialize({
    type: btp.TYPE_MESSAGE, requestId: 1, data: { protocolData: [entry('auth', ''), entry('auth_username', username), entry('auth_token', secret)] }
  })
}

interface NpmPlugin {
  connect (options?: { timeout: number }): Promise<void>
  disconnect (): Promise<void>
  sendData (data: Buffer): Promise<Buffer>
  registerDataHandler (handler: (data: Buffer) => Promise<Buffer>): void
}
const BtpPlugin = createRequire(import.meta.url)('ilp-plugin-btp') as new (options: object) => NpmPlugin

describe('the BTP port of a node', () => {
  const world = new World()
  afterEach(() => world.end())

  const connected = (node: ConnectorNode): string[] => node.listPeers().filter(({ connected }) => connected).map(({ id }) => id)

  /** Somebody with npm's plugin who says to be `username`. Resolves to whether the node lets them in. */
  async function knock (node: ConnectorNode, username: string, secret = ''): Promise<boolean> {
    const plugin = new BtpPlugin({ server: `btp+ws://${username}:${secret}@127.0.0.1:${node.config.btpServerPort}`, reconnectInterval: 3_600_000 })
    plugin.registerDataHandler(() => Promise.reject(new Error('not expected')))
    world.after(() => plugin.disconnect())
    const refused = new Promise<false>(resolve => {
      (plugin as unknown as NodeJS.EventEmitter).once('_first_time_connect_error', () => { resolve(false) })
    })
    return Promise.race([plugin.connect({ timeout: 1500 }).then(() => true, () => false), refused])
  }

  async function shopFor (peer: { id: string, authToken: string }): Promise<ConnectorNode> {
    // The address is one where nobody answers: the peer comes to us.
    const shop = await world.make('shop')
    await shop.start()
    await shop.registerPeer({ ...peer, url: 'ws://127.0.0.1:9' })
    return shop
  }

  it('lets a peer in that nobody configured, by default', async () => {
    const shop = await world.start('shop')
    expect(await knock(shop, 'somebody')).to.equal(true)
    expect(connected(shop)).to.deep.equal(['somebody'])
  })

  for (const authToken of ['', 'hunter2']) {
    it(`gives nobody the name of a former peer to whom money is owed, and who had ${authToken === '' ? 'no' : 'a'} secret`, async () => {
      const bank = await world.start('bank', { settlement: { connectorFeePercentage: 0 } })
      const shop = await world.start('shop', { peers: [{ id: 'bank', url: urlOf(bank), authToken }] })
      await bank.registerPeer({ id: 'shop', url: urlOf(shop), authToken, routes: [{ prefix: 'g.shop' }] })
      await until(() => shop.isPeerConnected('bank') && bank.isPeerConnected('shop'))
      shop.setPacketHandler(() => ({ accept: true }))
      expect(outcome(await bank.sendPacket(packet('g.shop.x')))).to.equal('fulfill')
      await bank.removePeer('shop')
      await shop.stop()
      expect(await knock(bank, 'shop')).to.equal(false)
      expect(await knock(bank, 'another')).to.equal(true)
      await bank.registerPeer({ id: 'shop', url: urlOf(shop), authToken })
      expect(await owed(bank, 'shop')).to.equal(-1000n)
    })
  }

  it('keeps strangers out when permissionless mode is off', async () => {
    world.setEnv('BTP_ALLOW_NOAUTH', 'false')
    const shop = await world.start('shop')
    expect(await knock(shop, 'somebody')).to.equal(false)
    expect(connected(shop)).to.deep.equal([])
  })

  it('is off for 0 and FALSE, too, and nothing starts with what is neither on nor off', async () => {
    for (const text of ['0', 'FALSE']) {
      world.setEnv('BTP_ALLOW_NOAUTH', text)
      expect(await knock(await world.start(`shop-${text}`), 'somebody'), text).to.equal(false)
    }
    world.setEnv('BTP_ALLOW_NOAUTH', 'no')
    const error = await world.start('shop').catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(ConfigurationError).with.property('message', 'BTP_ALLOW_NOAUTH: found "no", expected true or false. Correct or unset it.')
  })

  it('lets in who has a secret in the environment, and only with it', async () => {
    world.setEnv('BTP_ALLOW_NOAUTH', 'false')
    world.setEnv('BTP_PEER_PEER_B_SECRET', 'secret-token')
    const shop = await world.start('shop')
    expect(await knock(shop, 'peer-b', 'wrong')).to.equal(false)
    expect(await knock(shop, 'peer-b', '')).to.equal(false)
    expect(await knock(shop, 'peer-c', 'secret-token')).to.equal(false)
    await until(() => shop.listPeers().length === 0)
    expect(connected(shop)).to.deep.equal([])
  }).timeout(20_000)

  it('takes the secret in the environment before the token of a configured peer', async () => {
    world.setEnv('BTP_PEER_AGENT_SECRET', 'hunter3')
    const shop = await shopFor({ id: 'agent', authToken: 'hunter2' })
    expect(await knock(shop, 'agent', 'hunter2')).to.equal(false)
    expect(await knock(shop, 'agent', 'hunter3')).to.equal(true)
  })

  it('lets in a configured peer with its token, in either direction', async () => {
    world.setEnv('BTP_ALLOW_NOAUTH', 'false')
    const shop = await shopFor({ id: 'agent', authToken: 'hunter2' })
    const agent = await world.start('agent', {
      peers: [{ id: 'shop', url: urlOf(shop), authToken: 'hunter2' }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }]
    })
    shop.setPacketHandler(() => ({ accept: true }))
    expect(outcome(await agent.sendPacket(packet('g.shop')))).to.equal('fulfill')
    expect(await owed(shop, 'agent')).to.equal(1000n)
  })

  for (const secret of ['', 'wrong', 'hunter22']) {
    it(`does not take ${JSON.stringify(secret)} for the secret of a configured peer, permissionless or not`, async () => {
      const shop = await shopFor({ id: 'agent', authToken: 'hunter2' })
      expect(await knock(shop, 'agent', secret)).to.equal(false)
      expect(connected(shop)).to.deep.equal([])
    })
  }

  for (const name of ['local', 'shop', '', '../x', 'a b']) {
    it(`lets nobody be ${JSON.stringify(name)}`, async () => {
      const shop = await world.start('shop')
      expect(await knock(shop, encodeURIComponent(name))).to.equal(false)
      expect(connected(shop)).to.deep.equal([])
    })
  }

  it('lets nobody take the place of a peer without a secret while that is here', async () => {
    const shop = await world.start('shop')
    expect(await knock(shop, 'somebody')).to.equal(true)
    expect(await knock(shop, 'somebody')).to.equal(false)
    expect(connected(shop)).to.deep.equal(['somebody'])
  })

  for (const [who, secret, refused] of [['a stranger', '', true], ['a peer with a secret', 'hunter2', false]] as const) {
    it(`${refused ? 'slows' : 'does not slow'} ${who} who sends more than two thousand packets at once`, async () => {
      if (secret !== '') world.setEnv('BTP_PEER_GUEST_SECRET', secret)
      const shop = await world.start('shop')
      shop.setPacketHandler(() => ({ accept: true }))
      const guest = await world.start('guest', {
        peers: [{ id: 'shop', url: urlOf(shop), authToken: secret }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }]
      })
      const answers = await Promise.all(Array.from({ length: 5000 }, () => guest.sendPacket(packet('g.shop', { amount: 0n }))))
      const codes = new Set(answers.map(outcome))
      expect([...codes].sort()).to.deep.equal(refused ? ['T05', 'fulfill'] : ['fulfill'])
    })
  }

  /** A guest from an address of this machine. Resolves to what it is told: the error in the frame, or nothing where it is in. */
  async function enter (shop: ConnectorNode, name: string, localAddress = '127.0.0.1', secret = ''): Promise<{ socket: WebSocket, told: BtpError | undefined }> {
    const socket = new WebSocket(urlOf(shop), { localAddress })
    world.after(() => {
      socket.terminate()
      return Promise.resolve()
    })
    await once(socket, 'open')
    socket.send(authFrame(name, secret))
    const [answer] = await once(socket, 'message') as [Buffer]
    const { type, data } = btp.deserialize(answer)
    return { socket, told: type === btp.TYPE_ERROR ? data as BtpError : undefined }
  }

  /** As many guests as get in from an address. */
  async function crowd (shop: ConnectorNode, address: string): Promise<WebSocket[]> {
    const all = []
    for (;;) {
      const some = await Promise.all(Array.from({ length: 50 }, (_, i) => enter(shop, `guest-${address}-${all.length + i}`, address)))
      const isIn = some.filter(({ told }) => told === undefined)
      all.push(...isIn.map(({ socket }) => socket))
      if (isIn.length < some.length) return all
    }
  }

  it('gives an address only so many of the places for guests, tells others why there is none, and gives one again when one has left', async () => {
    const shop = await world.start('shop')
    const [first] = await crowd(shop, '127.0.0.1')
    expect(shop.listPeers()).to.have.lengthOf(MAX_GUESTS / 4)
    const { told } = await enter(shop, 'newcomer')
    expect(told).to.include({ code: 'T00', name: 'UnreachableError' })
    expect(told?.data).to.match(/no room for more guests from 127\.0\.0\.1 at the moment\..*ask the operator for a secret/)
    expect((await enter(shop, 'another', '127.0.0.2')).told, 'others get in').to.equal(undefined)
    first!.close()
    await until(async () => (await enter(shop, 'newcomer')).told === undefined)
    expect(shop.getHealthStatus()).to.include({ status: 'healthy', totalPeers: 0 })
  }).timeout(60_000)

  it('keeps a place for newcomers from elsewhere while many addresses take all that they get, says so once, and needs none for a secret', async () => {
    world.setEnv('BTP_PEER_FRIEND_SECRET', 'hunter2')
    const shop = await world.start('shop')
    const linesBefore = world.log.lines.length
    for (let i = 1; i <= 8; i++) await crowd(shop, `127.0.1.${i}`)
    expect((await enter(shop, 'newcomer', '127.0.2.1')).told).to.equal(undefined)
    for (let i = 9; shop.listPeers().length < MAX_GUESTS; i++) await crowd(shop, `127.0.1.${i}`)
    expect((await enter(shop, 'late', '127.0.2.1')).told?.data).to.match(/no room for another guest/)
    expect((await enter(shop, 'friend', '127.0.1.1', 'hunter2')).told, 'with a secret').to.equal(undefined)
    const lines = world.log.lines.slice(linesBefore).filter(({ message }) => message === 'no_room_for_guest')
    expect(lines).to.have.lengthOf(1)
    expect(lines[0]!.fields).to.include({ network: '127.0.1.1', ofThisNetwork: MAX_GUESTS / 4 }).and.have.property('remedy').that.includes('BTP_PEER_<ID>_SECRET')
  }).timeout(60_000)

  it('lets newcomers in however many have left something in the books, also in those of version 0.1, and after a restart', async () => {
    const shop = await world.make('shop')
    shop.setPacketHandler(() => ({ accept: true }))
    const store = new LeveldownStore({ path: join(shop.config.dataPath, 'shop') }, { log: SILENT_LOG })
    await store.open()
    const names = Array.from({ length: 20_000 }, (_, i) => `guest-${i}`)
    const record = JSON.stringify({ version: 1, unit: 'M2M/0', balance: '1', today: { date: '2026-01-01', opening: '1', movements: {} } })
    await store.batch([
      ...names.map(name => ({ type: 'put' as const, key: `ledger:account:${name}`, value: record })),
      { type: 'put', key: 'ledger:accounts', value: JSON.stringify({ version: 1, accounts: names }) }
    ])
    await store.close()
    for (const start of [1n, 2n]) {
      await shop.start()
      for (const name of ['somebody', 'another', 'guest-7']) {
        const guest = await world.start(name, {
          peers: [{ id: 'shop', url: urlOf(shop), authToken: '' }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }]
        })
        expect(outcome(await guest.sendPacket(packet('g.shop')))).to.equal('fulfill')
        await guest.stop()
        expect(await owed(shop, name)).to.equal(start * 1000n + (name === 'guest-7' ? 1n : 0n))
      }
      await until(() => connected(shop).length === 0)
      await shop.stop()
    }
  }).timeout(60_000)

  it('writes nothing for guests that come and go and pay nothing', async () => {
    const shop = await world.start('shop')
    shop.setPacketHandler(() => ({ accept: false, code: 'insufficient_funds', message: 'not today' }))
    const folder = join(shop.config.dataPath, 'shop')
    const bytes = (): number => readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)
    expect(await knock(shop, 'first')).to.equal(true)
    const before = bytes()
    expect(before).to.be.greaterThan(0)
    for (let i = 0; i < 30; i++) (await enter(shop, `guest-${i}`)).socket.close()
    const guest = await world.start('guest', {
      peers: [{ id: 'shop', url: urlOf(shop), authToken: '' }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }]
    })
    expect(outcome(await guest.sendPacket(packet('g.shop')))).to.equal('F99')
    await guest.stop()
    await until(() => connected(shop).length === 1)
    expect(bytes() - before).to.equal(0)
  }).timeout(20_000)

  it('remembers what a guest owes when it goes and comes back', async () => {
    const shop = await world.start('shop')
    shop.setPacketHandler(() => ({ accept: true }))
    const guest = await world.start('guest', {
      peers: [{ id: 'shop', url: urlOf(shop), authToken: '' }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }]
    })
    await guest.sendPacket(packet('g.shop'))
    await guest.stop()
    await until(() => shop.listPeers().length === 0)
    expect(await owed(shop, 'guest')).to.equal(1000n)
    await guest.start()
    await guest.sendPacket(packet('g.shop'))
    expect(await owed(shop, 'guest')).to.equal(2000n)
  })

  it('fails to start on a port that somebody else has', async () => {
    const url = new URL(await world.server(() => undefined))
    const node = await world.make('node', { btpServerPort: Number(url.port) })
    const error = await node.start().catch((reason: unknown) => reason)
    expect(String(error)).to.include('EADDRINUSE').and.include(url.port)
  })

  it('fails to start on the port of another node, with nothing left open', async () => {
    const first = await world.start('first')
    const second = await world.make('second', { btpServerPort: first.config.btpServerPort })
    const error = await second.start().catch((reason: unknown) => reason)
    expect(String(error)).to.include(`port=${first.config.btpServerPort}`).and.include('already')
    expect(second.getHealthStatus().status).to.equal('unhealthy')
    const third = await world.start('third', { healthCheckPort: second.config.healthCheckPort, dataPath: second.config.dataPath })
    expect(third.getHealthStatus().status).to.equal('healthy')
    await Promise.all([first.stop(), third.stop()])
    await second.start() // the reason is gone, and so it starts
    expect(second.getHealthStatus().status).to.equal('healthy')
  })
})
