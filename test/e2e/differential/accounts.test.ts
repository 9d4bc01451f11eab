/** Accounts: relations, addresses, plugins by name, and accounts that come and go while the connector runs. */
import { expect } from 'chai'
import { serializeIldcpResponse } from 'ilp-protocol-ildcp'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { between, modulePath, useArena, type Account, type Duel, type Options, type Side } from '../../support/differential/harness.js'
import { PEER_FULFILLMENT, describePrepare, fulfil, preparePacket, preimage, type Prepare } from '../../support/differential/packets.js'
import { quiet } from '../../support/waiting.js'

/** What a plugin is constructed with. */
interface Constructed {
  options: Record<string, unknown>
  services: Record<string, unknown>
}

/** What the neighbours of the account get to see. */
async function askForAddress (duel: Duel, from: string): Promise<Record<string, unknown>> {
  return await duel.sendSame(from, preparePacket({ destination: 'peer.config', amount: 0, fulfillment: PEER_FULFILLMENT }))
}

/** Where a packet to each address goes. */
async function sendEverywhere (duel: Duel, from: string, destinations: string[]): Promise<void> {
  for (const destination of destinations) {
    await duel.sendSame(from, preparePacket({ destination, fulfillment: preimage(`${from} to ${destination} at ${Date.now()}`) }))
  }
  duel.expectSame()
}

describe('the same accounts: relations and addresses', () => {
  const arena = useArena()
  const family: Record<string, Account> = {
    mum: { relation: 'parent' },
    dad: { relation: 'parent' },
    pal: { relation: 'peer' },
    kid: { relation: 'child' },
    tot: { relation: 'child', ilpAddressSegment: 'baby-1' },
    'kid.of.kid': { relation: 'child' }
  }
  const everywhere = [
    'test.connie.kid', 'test.connie.kid.x', 'test.connie.kid.of', 'test.connie.kid.of.kid', 'test.connie.kid.of.kid.x', 'test.connie.baby-1.y', 'test.pal', 'test.far.away', 'test1.far', 'g.far', 'private.x'
  ]

  it('gives children addresses and nobody else', async () => {
    const duel = await arena.start({ accounts: family })
    for (const id of Object.keys(family)) await askForAddress(duel, id)
  })

  for (const [name, options] of [
    ['by default', {}],
    ['with a default route', { defaultRoute: 'pal' }],
    ['without a default route', { defaultRoute: '' }],
    ['in production', { env: 'production' }],
    ['in production, with a default route', { env: 'production', defaultRoute: 'dad' }],
    ['with another address', { ilpAddress: 'private.connie' }],
    ['with routes', { routes: [{ targetPrefix: 'test.far', peerId: 'pal' }, { targetPrefix: 'g', peerId: 'dad' }, { targetPrefix: 'test.connie.kid.x', peerId: 'tot' }] }],
    ['with a route to the default prefix', { routes: [{ targetPrefix: 'test', peerId: 'pal' }] }],
    ['with a route to an account that does not exist', { routes: [{ targetPrefix: 'test.far', peerId: 'ghost' }] }],
    ['with two routes for one prefix', { routes: [{ targetPrefix: 'test.far', peerId: 'pal' }, { targetPrefix: 'test.far', peerId: 'dad' }] }]
  ] as [string, Partial<Options>][]) {
    it(`routes alike ${name}`, async () => {
      const duel = await arena.start({ ...options, accounts: family })
      await sendEverywhere(duel, 'pal', [...everywhere, 'private.connie.kid'])
      await duel.same(side => side.routes())
    })
  }
})

describe('the same accounts: an address from the parent', () => {
  const arena = useArena()
  const parents: Record<string, Account> = { mum: { relation: 'parent' }, dad: { relation: 'parent' }, kid: { relation: 'child' } }
  const hosting = (prepare: Prepare, accountId: string): Buffer => prepare.destination === 'peer.config'
    ? serializeIldcpResponse({ clientAddress: `test.${accountId}.connie`, assetScale: 2, assetCode: 'XRP' })
    : fulfil(prepare)

  for (const [name, options] of [
    ['the first', {}], ['the one that is named', { ilpAddressInheritFrom: 'dad' }], ['none, when it is configured', { ilpAddress: 'test.connie', ilpAddressInheritFrom: 'dad' }]
  ] as const) {
    it(`asks ${name}`, async () => {
      const duel = await arena.start({ ilpAddress: 'unknown', ...options, accounts: parents }, hosting)
      expect(duel.sluice.plugin('mum').packets.map(describePrepare)).to.deep.equal(duel.reference.plugin('mum').packets.map(describePrepare))
      await askForAddress(duel, 'kid')
      await sendEverywhere(duel, 'kid', ['test.mum.connie', 'test.mum.connie.kid', 'test.dad.connie.kid.x', 'test.elsewhere'])
      await duel.same(side => side.routes())
    })
  }

  it('keeps its own word for the asset', async () => {
    const duel = await arena.start({ ilpAddress: 'unknown', accounts: parents }, hosting)
    await sendEverywhere(duel, 'kid', ['test.elsewhere'])
  })
})

describe('the same accounts: connections', () => {
  const arena = useArena()

  it('connects each account once, with the time that is configured', async () => {
    for (const options of [{}, { initialConnectTimeout: 123 }]) {
      const duel = await arena.start(between({}, {}, options))
      expect(duel.sluice.plugin('bob').calls).to.deep.equal(duel.reference.plugin('bob').calls)
    }
  })

  it('goes on without accounts that are not there in time', async () => {
    const never = (side: Side): Promise<void> => {
      side.plugin('bob').connect = () => new Promise<void>(() => undefined)
      return side.app.listen()
    }
    const duel = arena.prepare(between())
    let ready = 0
    const listening = duel.each(never).then(() => ready++)
    await quiet()
    await arena.tick(9999)
    expect(ready).to.equal(0)
    await arena.tick(1)
    await listening
    expect(await duel.sendSame('alice', preparePacket({ destination: 'test.bob', expiresIn: 20_000 }))).to.include({ reject: 'T01' })
    await duel.each(side => { side.plugin('bob').setConnected(true) })
    expect(await duel.sendSame('alice', preparePacket({ destination: 'test.bob', expiresIn: 20_000 }))).to.have.property('fulfill')
    duel.expectSame()
  })

  it('follows plugins that come and go', async () => {
    const duel = await arena.start(between())
    for (const connected of [false, true, false, false, true]) {
      await duel.each(side => { side.plugin('bob').setConnected(connected) })
      await sendEverywhere(duel, 'alice', ['test.bob', `test.bob.${String(connected)}`])
      await arena.tick(1000)
    }
  })

  it('disconnects every account at the end', async () => {
    const duel = await arena.start(between())
    await duel.stop()
    expect(duel.sluice.plugin('alice').calls).to.deep.equal(duel.reference.plugin('alice').calls)
    expect(duel.sluice.plugin('bob').isConnected()).to.equal(false)
  })
})

describe('the same accounts: added and removed while running', () => {
  const arena = useArena()
  const add = (duel: Duel, id: string, account: Account): Promise<unknown> =>
    duel.same(side => side.app.addPlugin(id, side.account(id, account)))

  it('serves an account from when it is added until it is removed', async () => {
    const balance = { maximum: '10', settleThreshold: '1', settleTo: '5' }
    const duel = await arena.start(between())
    await add(duel, 'kid', { relation: 'child', balance, assetScale: 8 })
    await duel.same(side => side.plugin('kid').calls)
    await askForAddress(duel, 'kid')
    await arena.tick(1)
    await sendEverywhere(duel, 'alice', ['test.connie.kid', 'test.connie.kid.x'])
    await sendEverywhere(duel, 'kid', ['test.bob'])
    await duel.same(side => side.app.removePlugin('kid'))
    await duel.same(side => [side.plugin('kid').hasHandlers, side.plugin('kid').isConnected(), side.plugin('kid').calls.at(-1)])
    await duel.sendSame('alice', preparePacket({ destination: 'test.bob.afterwards' }))
  })

  it('gives the route of a removed parent to nobody or to the next', async () => {
    const duel = await arena.start({ accounts: { alice: {}, kid: { relation: 'child' } } })
    await add(duel, 'mum', { relation: 'parent' })
    await arena.tick(1)
    await sendEverywhere(duel, 'alice', ['test.elsewhere', 'test.connie.kid'])
  })

  it('knows the same accounts', async () => {
    const duel = await arena.start(between())
    for (const id of ['alice', 'nobody', '']) await duel.same(side => side.app.getPlugin(id) === side.plugins[id])
    await duel.same(side => side.app.removePlugin('nobody'))
    await duel.same(side => side.app.removePlugin('alice'))
    await duel.same(side => side.app.removePlugin('alice'))
    await duel.same(side => typeof side.app.getPlugin('alice'))
  })
})

describe('the same accounts: plugins by name', () => {
  const arena = useArena()

  it('get their options, a store of their own and a log', async () => {
    const constructed: Record<string, Constructed[]> = { reference: [], sluice: [] }
    const duel = await arena.start(side => ({
      accounts: { 'a.b': { plugin: modulePath('named-plugin.cjs'), options: { secret: 'x', constructed: constructed[side] } } }
    }))
    for (const side of ['reference', 'sluice'] as const) {
      const { options, services } = constructed[side]![0]!
      const store = services.store as PluginStore
      const log = services.log as Record<string, (...args: unknown[]) => void>
      expect(options).to.include({ secret: 'x', _store: store, _log: log })
      expect(services).to.include.keys('store', 'log')
      await store.put('k', 'v')
      expect([await store.get('k'), await store.get('other')]).to.deep.equal(['v', undefined])
      await store.del('k')
      expect(await store.get('k')).to.equal(undefined)
      for (const level of ['info', 'warn', 'error', 'debug', 'trace']) log[level]!('%s', 1)
      log.trace = () => undefined // plugins do that
    }
    await duel.same(async side => await side.app.getPlugin('a.b').getAdminInfo?.())
  })

  it('of LPI version 1 go on working', async () => {
    const duel = await arena.start(between({}, {}, {
      accounts: { old: { plugin: modulePath('old-plugin.cjs') } }, routes: [{ targetPrefix: 'test.old', peerId: 'old' }]
    }))
    await duel.sendSame('alice', preparePacket({ destination: 'test.old.someone' }))
    await duel.sendSame('alice', preparePacket({ destination: 'test.old.someone.else', expiresIn: 4000, fulfillment: preimage('x') }))
    await duel.same(async side => { await side.app.getPlugin('old').sendMoney('5') })
    duel.expectSame()
  })

  it('that fail to start fail the same', async () => {
    const create = (account: Account): Promise<unknown> =>
      arena.prepare(between()).each(side => side.app.addPlugin('new', side.account('new', account)))
    const failing = { plugin: modulePath('named-plugin.cjs'), options: { fail: 'no key' } }
    for (const account of [{ plugin: '/nowhere/plugin' }, failing, { relation: 'friend' as never }]) {
      const { reference, sluice } = await create(account) as Record<string, { thrown?: string }>
      expect(reference).to.have.property('thrown')
      expect(sluice).to.have.property('thrown')
    }
  })
})
