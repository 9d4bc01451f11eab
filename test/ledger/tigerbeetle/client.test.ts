/** The way to a cluster: what a connector says when there is none, or no client for it. */
import Module from 'node:module'
import { expect } from 'chai'
import reductModule from 'reduct'
import sinon from 'sinon'
import { createApp, type App } from '../../../src/connector/connector.js'
import { LedgerService } from '../../../src/ledger/service.js'
import { connectTigerBeetle } from '../../../src/ledger/tigerbeetle/client.js'
import { account } from '../../support/connector.js'
import { codeOf } from '../../support/ledger/tigerbeetle-connectors.js'
import { withoutLog } from '../../support/log.js'
import { quiet } from '../../support/waiting.js'

describe('without a TigerBeetle cluster', () => {
  withoutLog()
  const options = {
    ledger: 'tigerbeetle' as const,
    tigerbeetleClusterId: '0',
    tigerbeetleReplicas: '127.0.0.1:1',
    ilpAddress: 'test.connector',
    backend: 'one-to-one',
    store: 'memdown',
    accounts: { alice: account() }
  }

  /** What the start says, by npm's client, when nobody answers. */
  async function startInVain (app: App): Promise<string> {
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const started = codeOf(app.listen())
    await quiet(20)
    await clock.tickAsync(5000)
    clock.restore()
    return await started
  }

  it('the connector does not start, and says what it waited for', async () => {
    expect(await startInVain(createApp(options))).to.match(/TigerBeetle does not answer.*Check the addresses/)
  })

  it('it starts with its own books where that was asked for, and says so', async () => {
    const container = reductModule.default()
    const app = createApp({ ...options, ledgerFallback: true }, container)
    expect(await startInVain(app)).to.equal('done')
    expect(container(LedgerService).getStatus()).to.deep.equal({ kind: 'embedded', durability: 'sync' })
    await app.shutdown()
  })

  it('it says which host it does not know', async () => {
    expect(await codeOf(connectTigerBeetle(0n, ['nowhere.invalid:3001']))).to.contain('unknown host of a TigerBeetle replica. replica=nowhere.invalid:3001')
  })

  it('it takes hosts by name', async () => {
    (await connectTigerBeetle(0n, ['localhost:1', '127.0.0.1:2', '[::1]:3', '4'])).destroy()
  })

  it('needs to know where the cluster is', () => {
    expect(() => createApp({ ...options, tigerbeetleReplicas: '' })).to.throw(/tigerbeetleReplicas: is missing, and ledger is "tigerbeetle"/)
  })
})

describe('without the package tigerbeetle-node', () => {
  const load: unknown = Reflect.get(Module, '_load')
  before(() => {
    Reflect.set(Module, '_load', (...args: unknown[]): unknown => {
      if (args[0] === 'tigerbeetle-node') throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' })
      return Reflect.apply(load as (...all: unknown[]) => object, Module, args)
    })
  })
  after(() => { Reflect.set(Module, '_load', load) })

  it('the connector says what to install', async () => {
    expect(await codeOf(connectTigerBeetle(0n, ['3001']))).to.contain('Run: npm install tigerbeetle-node')
  })
})
