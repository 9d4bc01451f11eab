/** Differences in accounts, their plugins and routes. */
import { expect } from 'chai'
import { relative } from 'node:path'
import { serializeIldcpResponse } from 'ilp-protocol-ildcp'
import type { PluginStore } from '../../../../src/contracts/plugin.js'
import { between, modulePath, type Name } from '../harness.js'
import { PEER_FULFILLMENT, fulfil, fulfillWith, preparePacket, type Prepare } from '../packets.js'
import { askBoth, type Differences } from './difference.js'
import { quiet } from '../../waiting.js'

const toNobody = /^no route found\./
const controls = (packets: Buffer[]): number => packets.filter(packet => packet.includes('peer.route.control')).length

/** A parent that gives out addresses; `name` may change. */
function parent (name: () => string): (prepare: Prepare) => Buffer {
  return packet => packet.destination === 'peer.config'
    ? serializeIldcpResponse({ clientAddress: name(), assetScale: 9, assetCode: 'USD' })
    : fulfil(packet)
}

export const accounts: Differences = {
  'An account id is unique': async arena => {
    const duel = await arena.start(between())
    const results = await duel.each(side => side.app.addPlugin('bob', side.account('bob', {})))
    expect(results).to.deep.equal({ reference: undefined, sluice: { thrown: 'account exists already. accountId=bob' } })
  },

  'Two children cannot have one address': async arena => {
    const children = { accounts: { kid: { relation: 'child' }, tot: { relation: 'child', ilpAddressSegment: 'kid' } } } as const
    const one = arena.prepareOne('reference', children)
    await one.app.listen()
    const [first, second] = await Promise.all(['kid', 'tot'].map(id =>
      one.plugin(id).receive(preparePacket({ destination: 'peer.config', amount: 0, fulfillment: PEER_FULFILLMENT }))))
    expect(first).to.deep.equal(second)
    await one.app.shutdown()
    expect(() => arena.prepareOne('sluice', children)).to.throw('"kid" is already the address segment of account "kid"')
  },

  'Accounts can be added before the start': async arena => {
    const duel = arena.prepare({ accounts: { bob: {} } })
    await duel.each(side => side.app.addPlugin('alice', side.account('alice', { relation: 'child' })))
    await expectRejection(duel.listen(), 'there is a data handler already')
    await quiet()
    expect(duel.reference.plugin('bob').isConnected()).to.equal(false)
    expect(duel.sluice.plugin('bob').isConnected()).to.equal(true)
  },

  'An account that cannot be added leaves nothing behind': async arena => {
    const duel = await arena.start(between())
    const results = await duel.each(side => {
      const account = side.account('carl', { relation: 'child' })
      side.plugin('carl').connect = () => Promise.reject(new Error('wrong password'))
      return side.app.addPlugin('carl', account)
    })
    expect(results).to.deep.equal({ reference: { thrown: 'wrong password' }, sluice: { thrown: 'wrong password' } })
    const left = await duel.each(side => typeof side.app.getPlugin('carl'))
    expect(left).to.deep.equal({ reference: 'object', sluice: { thrown: 'unknown account id. accountId=carl' } })
    expect([duel.reference.plugin('carl').hasHandlers, duel.sluice.plugin('carl').hasHandlers]).to.deep.equal([true, false])
  },

  'Adding an account does not wait forever': async arena => {
    const duel = await arena.start(between())
    const done: Name[] = []
    void duel.each(async side => {
      const account = side.account('carl', {})
      side.plugin('carl').connect = () => new Promise(() => undefined)
      await side.app.addPlugin('carl', account)
      done.push(side.name)
    })
    await quiet()
    await arena.tick(10_000)
    expect(done).to.deep.equal(['sluice'])
  },

  'An added account is connected before its startup steps run': async arena => {
    const duel = await arena.start(between())
    const seen = await duel.each(async side => {
      const connected: boolean[] = []
      const account = side.account('carl', { balance: { maximum: '10', settleThreshold: '1', settleTo: '5' } })
      side.plugin('carl').pay = () => { connected.push(side.plugin('carl').isConnected()) }
      await side.app.addPlugin('carl', account)
      await quiet()
      return connected
    })
    expect(seen).to.deep.equal({ reference: [false], sluice: [true] })
  },

  'A removed account takes its routes with it': async arena => {
    const duel = await arena.start({ accounts: { alice: {}, kid: { relation: 'child' }, mum: { relation: 'parent' } } })
    for (const id of ['kid', 'mum']) await duel.same(side => side.app.removePlugin(id))
    for (const [destination, id] of [['test.connie.kid', 'kid'], ['test.somewhere', 'mum']] as const) {
      const answers = await askBoth(duel, 'alice', preparePacket({ destination }))
      expect(answers.reference).to.include({ reject: 'F00', message: `unknown account id. accountId=${id}` })
      expect(answers.sluice).to.include({ reject: 'F02' }).and.have.property('message').that.matches(toNobody)
    }
  },

  'An account that comes back exchanges routes again': async arena => {
    const peer = { receiveRoutes: true, sendRoutes: true }
    const duel = await arena.start(between({}, peer), () => fulfillWith(PEER_FULFILLMENT))
    await duel.each(async side => {
      await side.app.removePlugin('bob')
      await side.app.addPlugin('bob', side.account('bob', peer))
    })
    await quiet()
    await arena.tick(2000)
    expect(controls(duel.reference.plugin('bob').packets)).to.equal(0)
    expect(controls(duel.sluice.plugin('bob').packets)).to.be.greaterThan(0)
  },

  'The metrics of an account end with it': async arena => {
    const duel = await arena.start(between())
    await duel.sendSame('alice', preparePacket({ destination: 'test.bob' }))
    await duel.same(side => side.app.removePlugin('bob'))
    const ofBob = (side: Name): string[] => Object.keys(duel[side].metrics()).filter(name => name.includes('"bob"'))
    expect(ofBob('reference')).to.have.length(1)
    expect(ofBob('sluice')).to.have.length(0)
  },

  'Plugin data is kept apart by account': async arena => {
    const constructed: Record<Name, { services: { store: PluginStore } }[]> = { reference: [], sluice: [] }
    const named = (side: Name): object => ({ plugin: modulePath('named-plugin.cjs'), options: { constructed: constructed[side] } })
    await arena.start(side => ({ accounts: { a: named(side), ab: named(side) } }))
    const found = await Promise.all(Object.values(constructed).map(async ([a, ab]) => {
      await a!.services.store.put('bc', 'secret of a')
      return await ab!.services.store.get('c')
    }))
    expect(found).to.deep.equal(['secret of a', undefined])
  },

  'Missing plugin methods are reported when the plugin is added': async arena => {
    const duel = await arena.start(between())
    const half = { isConnected: () => true, on: () => undefined, connect: () => Promise.resolve() } as never
    const results = await duel.each(side => side.app.addPlugin('carl', { ...side.account('carl', {}), plugin: half }))
    expect(results.reference).to.deep.equal({ thrown: 'Cannot read properties of undefined (reading \'bind\')' })
    expect(results.sluice).to.have.property('thrown').that.contains('plugin is not a ledger plugin').and.contains('disconnect, ')
  },

  'A plugin may emit an error': async arena => {
    const duel = await arena.start(between())
    const results = await duel.each(side => { side.plugin('bob').emit('error', new Error('line noise')) })
    expect(results).to.deep.equal({ reference: { thrown: 'line noise' }, sluice: undefined })
  },

  'A plugin\'s sendMoney may be replaced while running': async arena => {
    const duel = await arena.start(between({}, { balance: { maximum: '0', settleThreshold: '-1' } }))
    const paid: Record<Name, string[]> = { reference: [], sluice: [] }
    await duel.each(side => {
      side.plugin('bob').sendMoney = amount => {
        paid[side.name].push(amount)
        return Promise.resolve()
      }
    })
    await duel.sendSame('alice', preparePacket({ destination: 'test.bob' }))
    await quiet()
    expect(paid).to.deep.equal({ reference: [], sluice: ['100'] })
  },

  'Modules may be ES modules, and are looked up from the working directory': arena => {
    const named = { accounts: { alice: { plugin: modulePath('named-plugin-default.js') } } }
    expect(() => arena.prepareOne('reference', named)).to.throw('Plugin is not a constructor')
    arena.prepareOne('sluice', named)
    const beside = { accounts: { alice: {} }, middlewares: { mine: { type: `./${relative(process.cwd(), modulePath('inserting-middleware.js'))}` } } }
    expect(() => arena.prepareOne('reference', beside)).to.throw('middleware not found as a module name')
    arena.prepareOne('sluice', beside)
    return Promise.resolve()
  }
}

export const addresses: Differences = {
  'Routes exist even when none are broadcast': async arena => {
    const duel = await arena.start({ accounts: { alice: {}, kid: { relation: 'child' } }, routeBroadcastEnabled: false })
    const answers = await askBoth(duel, 'alice', preparePacket({ destination: 'test.connie.kid' }))
    expect(answers.reference).to.include({ reject: 'F02' })
    expect(answers.sluice).to.have.property('fulfill')
  },

  'Several routes for one prefix back each other up': async arena => {
    const routes = ['alice', 'bob'].map(peerId => ({ targetPrefix: 'test.far', peerId }))
    const duel = await arena.start({ accounts: { alice: {}, bob: {}, kid: { relation: 'child' } }, routes })
    await duel.each(side => { side.plugin('alice').setConnected(false) })
    const answers = await askBoth(duel, 'kid', preparePacket({ destination: 'test.far' }))
    expect(answers.reference).to.include({ reject: 'T01' })
    expect(answers.sluice).to.have.property('fulfill')
  },

  'A default route leads to an account that exists': async arena => {
    const duel = await arena.start({ accounts: { alice: {} }, defaultRoute: 'nobody' })
    const answers = await askBoth(duel, 'alice', preparePacket({ destination: 'test.somewhere' }))
    expect(answers.reference).to.include({ reject: 'F00', message: 'unknown account id. accountId=nobody' })
    expect(answers.sluice).to.include({ reject: 'F02' })
  },

  'The parent is asked for the address at each connection': async arena => {
    let name = 'test.mum.one'
    const duel = await arena.start({ ilpAddress: 'unknown', accounts: { mum: { relation: 'parent' }, kid: { relation: 'child' } } }, parent(() => name))
    name = 'test.mum.two'
    await duel.each(side => {
      side.plugin('mum').setConnected(false)
      side.plugin('mum').setConnected(true)
    })
    await quiet()
    const routes = await duel.each(side => Object.keys(side.routes()).sort())
    expect(routes).to.deep.equal({
      reference: ['test', 'test.mum.one', 'test.mum.one.kid'], sluice: ['test', 'test.mum.two', 'test.mum.two.kid']
    })
  },

  'A parent that does not connect holds nobody up': async arena => {
    const duel = arena.prepare({ ilpAddress: 'unknown', accounts: { mum: { relation: 'parent' }, bob: {} } })
    await duel.each(side => {
      side.plugin('mum').connect = options => {
        side.plugin('mum').calls.push(options)
        return new Promise(() => undefined)
      }
      void side.app.listen()
    })
    await quiet()
    await arena.tick(60_000)
    expect([duel.reference, duel.sluice].map(side => side.plugin('bob').isConnected())).to.deep.equal([false, true])
    expect([duel.reference, duel.sluice].map(side => side.plugin('mum').calls[0])).to.deep.equal([{}, { timeout: 10_000 }])
  }
}

async function expectRejection (promise: Promise<unknown>, text: string): Promise<void> {
  const error: unknown = await promise.then(() => undefined, (error: unknown) => error)
  expect(String(error)).to.contain(text)
}
