/** Differences in how a connector starts and stops. */
import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import sinon from 'sinon'
import { Config } from '../../../../src/config/connector/config.js'
import { BUILT } from '../../package-root.js'
import { temporaryFolder } from '../../daemon.js'
import { Gate, between, modulePath, uncaught, type Name, type Options } from '../harness.js'
import { fulfil, preparePacket, preimage } from '../packets.js'
import { askBoth, type Differences } from './difference.js'
import { NAMED_PLUGIN } from '../../modules/named-plugin.js'
import { quiet } from '../../waiting.js'

const require = createRequire(import.meta.url)
const DAEMONS = [require.resolve('ilp-connector'), join(BUILT, 'src', 'main.js')]

export const starting: Differences = {
  'A failed start says so': async arena => {
    const duel = arena.prepare({ ilpAddress: 'unknown', accounts: { bob: {} } })
    const results = await duel.each(side => side.app.listen())
    expect(results.reference).to.equal(undefined)
    expect(results.sluice).to.have.property('thrown').that.matches(/^When there is no parent, ILP address must be specified in configuration\./)
  },

  'A backend that cannot connect does not end the process': async arena => {
    const exit = sinon.stub(process, 'exit').throws(new Error('the process has ended'))
    const duel = arena.prepare(between({}, {}, {
      backend: modulePath('scripted-backend.js'), backendConfig: { connect: () => Promise.reject(new Error('no rates today')) }
    }))
    const results = await duel.each(side => side.app.listen())
    exit.restore()
    expect(exit.args).to.deep.equal([[1]])
    expect(results.sluice).to.have.property('thrown').that.contains('no rates today')
  },

  'An account that cannot connect holds nobody up': async arena => {
    const duel = arena.prepare(between({ balance: { maximum: '10', settleThreshold: '1', settleTo: '5' } }))
    await duel.each(side => {
      const bob = side.plugin('bob')
      bob.connect = () => {
        bob.calls.push('connect')
        return Promise.reject(new Error('wrong password'))
      }
      void side.app.listen()
    })
    await quiet()
    await arena.tick(60_000)
    expect([duel.reference, duel.sluice].map(side => side.plugin('alice').money)).to.deep.equal([[], ['5']])
    expect(duel.reference.plugin('bob').calls).to.have.length(1)
    expect(duel.sluice.plugin('bob').calls).to.have.length.above(1)
  },

  'A connector starts only once': async arena => {
    const duel = await arena.start(between())
    const results = await duel.each(side => side.app.listen())
    expect(results.reference).to.equal(undefined)
    expect(results.sluice).to.have.property('thrown').that.matches(/^a connector can be started once\./)
  },

  'Importing the package starts nothing': async () => {
    const outputs = await Promise.all([require.resolve('ilp-connector'), join(BUILT, 'src', 'index.js')].map(async file => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', `await import(${JSON.stringify(file)}); process.exit(3)`], {
        env: { ...process.env, CONNECTOR_ACCOUNTS: '{}', CONNECTOR_BACKEND: 'one-to-one', CONNECTOR_ILP_ADDRESS: 'test.connie' }
      })
      let output = ''
      child.stdout.on('data', data => { output += String(data) })
      await once(child, 'close')
      return output.includes('connector:')
    }))
    expect(outputs).to.deep.equal([true, false])
  },

  'Data is kept on disk by default': () => {
    const { default: ReferenceConfig } = require('ilp-connector/dist/services/config') as { default: new () => { get (option: string): unknown } }
    expect([new ReferenceConfig().get('store'), new Config().get('store')]).to.deep.equal(['memory', 'leveldown'])
    return Promise.resolve()
  },

  "Without an address, the default place is only the first one's": async arena => {
    const before = process.cwd()
    const folder = await temporaryFolder()
    process.chdir(folder.path)
    const { default: ReferenceConfig } = require('ilp-connector/dist/services/config') as { default: new () => { get (option: string): unknown } }
    expect(new ReferenceConfig().get('store'), 'a connector of theirs').to.equal('memory')
    const startChild = async (options: object): Promise<unknown> => {
      const up = { relation: 'parent' as const, ...options }
      const { app } = arena.prepareOne('sluice', { ...between({ balance: { maximum: '5' } }, up), ilpAddress: 'unknown', store: 'leveldown', initialConnectTimeout: 1 })
      const outcomes: unknown[] = []
      void app.listen().catch((error: unknown) => String(error)).then(outcome => outcomes.push(outcome))
      while (outcomes.length === 0) await arena.tick(1) // it waits for a parent that does not give an address
      await app.shutdown()
      return outcomes[0]
    }
    const named = (server: string): object => ({ plugin: NAMED_PLUGIN, options: { server } })
    expect(await startChild(named('btp+ws://one')), 'the first').to.equal(undefined)
    expect(await startChild(named('btp+ws://two')), 'another').to.match(/connector-data\/unknown reason=the last to use it was another connector/)
    expect(await startChild({}), 'one that cannot be told from others').to.match(/the connector has no address of its own.* remedy=set storePath/)
    expect(await startChild(named('btp+ws://one')), 'the first again').to.equal(undefined)
    process.chdir(before)
    await folder.remove()
  },

  'Two connectors with one address do not share a store': async arena => {
    const before = process.cwd()
    const folder = await temporaryFolder()
    process.chdir(folder.path)
    const options = (name: Name): Options => ({
      ...between({ balance: { maximum: '5' } }), ...(name === 'sluice' && { store: 'leveldown' })
    })
    const duels = [arena.prepare(options), arena.prepare(options)]
    process.chdir(before)
    const [first, second] = [await duels[0]!.each(side => side.app.listen()), await duels[1]!.each(side => side.app.listen())]
    expect([first.reference, first.sluice, second.reference]).to.deep.equal([undefined, undefined, undefined])
    expect(second.sluice).to.have.property('thrown').that.matches(/connector-data\/test\.connie reason=another connector in this process has it open/)
    for (const duel of duels) await duel.stop()
    await folder.remove()
  }
}

export const stopping: Differences = {
  'A shutdown waits for packets in flight and accepts no new ones': async arena => {
    const gate = new Gate()
    const duel = await arena.start(between(), async prepare => {
      await gate.pass()
      return fulfil(prepare)
    })
    const underWay = askBoth(duel, 'alice', preparePacket({ destination: 'test.bob' }))
    await quiet()
    const stopped = duel.stop()
    await quiet()
    expect([duel.reference, duel.sluice].map(side => side.plugin('bob').isConnected())).to.deep.equal([false, true])
    const late = await askBoth(duel, 'alice', preparePacket({ destination: 'test.bob', fulfillment: preimage('late') }))
    expect(late.reference).to.include({ reject: 'T01' })
    expect(late.sluice).to.include({ reject: 'T03', message: 'connector is shutting down.' })
    gate.open()
    expect((await underWay).sluice).to.have.property('fulfill')
    await stopped
    expect(duel.sluice.plugin('bob').isConnected()).to.equal(false)
  },

  'A shutdown goes on when a plugin fails': async arena => {
    const duel = await arena.start(between())
    const results = await duel.each(async side => {
      side.plugin('alice').disconnect = () => Promise.reject(new Error('stuck'))
      await side.app.shutdown()
    })
    expect(results).to.deep.equal({ reference: { thrown: 'stuck' }, sluice: undefined })
  },

  'An account can be removed with packets in flight': async arena => {
    const gate = new Gate()
    const duel = await arena.start(between({ balance: { maximum: '1000' } }), async packet => {
      await gate.pass()
      return fulfil(packet)
    })
    const failures: string[][] = []
    for (const side of [duel.reference, duel.sluice]) {
      const answer = side.plugin('alice').receive(preparePacket({ destination: 'test.bob' }))
      await quiet()
      await side.app.removePlugin('alice')
      failures.push(await uncaught('unhandledRejection', async () => {
        gate.open()
        await answer
        await quiet()
      }))
    }
    expect(failures).to.deep.equal([["TypeError: Cannot read properties of undefined (reading 'river')"], []])
  },

  'SIGTERM stops the daemon as SIGINT does': async () => {
    const ends = await Promise.all(DAEMONS.map(async file => {
      const child = spawn(process.execPath, [file], {
        env: {
          ...process.env,
          CONNECTOR_ACCOUNTS: JSON.stringify({ alice: { relation: 'peer', plugin: modulePath('waiting-plugin.cjs'), assetCode: 'USD', assetScale: 9 } }),
          CONNECTOR_BACKEND: 'one-to-one',
          CONNECTOR_ILP_ADDRESS: 'test.connie',
          CONNECTOR_STORE: 'memory'
        }
      })
      let text = ''
      child.stdout.on('data', data => {
        text += String(data)
        if (text.includes('connector ready') && !child.killed) child.kill('SIGTERM')
      })
      const [code, signal] = await once(child, 'close') as [number | null, string | null]
      return text.includes('connector ready') ? { code, signal } : { text }
    }))
    expect(ends).to.deep.equal([{ code: null, signal: 'SIGTERM' }, { code: 0, signal: null }])
  }
}
