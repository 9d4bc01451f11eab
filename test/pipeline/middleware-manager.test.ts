/** Which middlewares run, in which order, with what in their hands: built-in ones and a user's own, on a real connector. */
import { expect } from 'chai'
import { Errors } from 'ilp-packet'
import { MiddlewareManager } from '../../src/pipeline/middleware-manager.js'
import type { MiddlewareApi, Pipelines } from '../../src/contracts/middleware.js'
import { account, makeConnector, startConnector, type TestConnector } from '../support/connector.js'
import { customMiddleware } from '../support/modules/custom-middleware.js'
import { rejection } from '../support/failures.js'
import { withoutLog } from '../support/log.js'
import { FULFILL, outcomeOf, prepare } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { noRejectionLeft } from '../support/unhandled.js'

/** The names of the steps, outermost first. */
function names (pipelines: Pipelines): Record<string, string[]> {
  return Object.fromEntries(Object.entries(pipelines).map(([name, pipeline]) =>
    [name, (pipeline as unknown as { entries: Array<{ name: string }> }).entries.map(entry => entry.name)]))
}

const EVERY_LIMIT = {
  balance: { maximum: '1000' }, maxPacketAmount: '500', throughput: { incomingAmount: '10000', outgoingAmount: '10000' }
}

describe('middlewares', () => {
  const log = withoutLog()
  noRejectionLeft()
  let alice: TestPlugin
  let bob: TestPlugin
  let running: TestConnector[]

  beforeEach(() => {
    alice = new TestPlugin()
    bob = new TestPlugin()
    running = []
  })
  afterEach(() => Promise.all(running.map(({ app }) => app.shutdown())))

  async function start (...args: Parameters<typeof startConnector>): Promise<TestConnector> {
    const connector = await startConnector(...args)
    running.push(connector)
    return connector
  }

  it('stand in the order that refuses before it touches money', async () => {
    let built: Record<string, string[]> = {}
    const last = customMiddleware(pipelines => { built = names(pipelines) })
    await start({ alice: account(alice, EVERY_LIMIT) }, { middlewares: { last } })
    expect(built.incomingData).to.deep.equal(['errorHandler', 'rateLimit', 'maxPacketAmount', 'throughput', 'balance', 'echo', 'stats'])
    expect(built.outgoingData).to.deep.equal(
      ['deduplicate', 'throughput', 'balance', 'expire', 'validateFulfillment', 'stats', 'alert'])
    expect(built.incomingMoney).to.deep.equal(['errorHandler', 'rateLimit', 'balance', 'stats'])
    expect(built.outgoingMoney).to.deep.equal(['balance', 'stats'])
  })

  it('are those that are not disabled', async () => {
    let built: Record<string, string[]> = {}
    await start({ alice: account(alice, EVERY_LIMIT) }, {
      disableMiddleware: ['balance', 'rateLimit', 'alert'],
      middlewares: { balance: customMiddleware(pipelines => { built = names(pipelines) }) }
    })
    expect(built.incomingData).to.deep.equal(['errorHandler', 'maxPacketAmount', 'throughput', 'echo', 'stats'])
    expect(built.outgoingData).to.not.include.members(['alert'])
  })

  it('cannot take the name of one that is enabled', () => {
    expect(() => makeConnector({}, { middlewares: { stats: customMiddleware(() => undefined) } }))
      .to.throw('custom middleware has same name as built-in middleware. name=stats')
  })

  it('are found by name', async () => {
    const { container } = await start({}, { disableMiddleware: ['alert'], middlewares: { mine: customMiddleware(() => undefined) } })
    const manager = container(MiddlewareManager)
    expect(manager.getMiddleware('balance')).to.have.property('modifyBalance')
    expect(manager.getMiddleware('mine')).to.have.property('applyToPipelines')
    expect(manager.getMiddleware('alert')).to.equal(undefined)
  })

  it('of a user come behind the built-in ones, in the order of the configuration', async () => {
    const trace: string[] = []
    const tracing = (name: string): ReturnType<typeof customMiddleware> => customMiddleware((pipelines, accountId) => {
      for (const direction of ['incomingData', 'outgoingData'] as const) {
        pipelines[direction].insertLast({
          name,
          method: async (data, next) => {
            trace.push(`${name} ${accountId} ${direction}`)
            const reply = await next(data)
            trace.push(`${name} ${accountId} done`)
            return reply
          }
        })
      }
    })
    await start({ alice: account(alice), bob: account(bob) }, { middlewares: { one: tracing('one'), two: tracing('two') } })
    expect(await alice.receive(prepare())).to.equal(FULFILL)
    expect(trace).to.deep.equal([
      'one alice incomingData', 'two alice incomingData', 'one bob outgoingData', 'two bob outgoingData',
      'two bob done', 'one bob done', 'two alice done', 'one alice done'
    ])
  })

  it('are handed what they need', async () => {
    let api: MiddlewareApi | undefined
    const { app } = await start({ alice: account(alice), bob: account(bob, { assetScale: 2 }) }, {
      middlewares: { mine: customMiddleware((_pipelines, _accountId, given) => { api = given }) }
    })
    expect(api!.getOwnAddress()).to.equal('test.connector')
    expect(api!.getInfo('bob').assetScale).to.equal(2)
    expect(() => api!.getInfo('nobody')).to.throw('unknown account id. accountId=nobody')
    expect(await api!.sendData(prepare(), 'bob')).to.equal(FULFILL)
    await api!.sendMoney('17', 'bob')
    expect(bob.paid).to.deep.equal(['17'])
    for (const send of [(): Promise<unknown> => api!.sendData(prepare(), 'nobody'), (): Promise<unknown> => api!.sendMoney('1', 'nobody')]) {
      expect(await rejection(send())).to.be.an.instanceof(Errors.UnreachableError).with.property('message')
        .that.matches(/tried to send (data|money) to non-existent account. accountId=nobody/)
    }
    await app.removePlugin('bob')
    expect(await rejection(api!.sendData(prepare(), 'bob'))).to.be.an.instanceof(Errors.UnreachableError)
  })

  it('learn which account a packet came from, as does the plugin that it goes to', async () => {
    const origins: unknown[] = []
    const plugin = new class extends TestPlugin {
      override sendData (packet: Buffer, { origin }: { origin?: string | undefined } = {}): Promise<Buffer> {
        origins.push(['plugin', origin])
        return super.sendData(packet)
      }
    }()
    let api: MiddlewareApi | undefined
    await start({ alice: account(alice), bob: account(plugin) }, {
      middlewares: {
        mine: customMiddleware((pipelines, _accountId, given) => {
          api = given
          pipelines.outgoingData.insertLast({
            name: 'mine',
            method: (data, next, context) => {
              origins.push(['middleware', context?.origin])
              return next(Buffer.from(data)) // another Buffer is still a packet of the same account
            }
          })
        })
      }
    })
    expect(await alice.receive(prepare())).to.equal(FULFILL)
    expect(await api!.sendData(prepare({ data: Buffer.from('our own') }), 'bob')).to.equal(FULFILL)
    expect(origins).to.deep.equal([['middleware', 'alice'], ['plugin', 'alice'], ['middleware', undefined], ['plugin', undefined]])
  })

  it('are frozen into an account when it is added', async () => {
    let late: Pipelines | undefined
    await start({ alice: account(alice), bob: account(bob) }, {
      middlewares: { mine: customMiddleware((pipelines, accountId) => { if (accountId === 'bob') late = pipelines }) }
    })
    late!.outgoingData.insertFirst({ name: 'late', method: () => Promise.reject(new Error('too late')) })
    expect(await alice.receive(prepare())).to.equal(FULFILL)
  })

  it('start once with an account and stop once, whoever else there is', async () => {
    const trace: string[] = []
    const { app } = await start({ alice: account(alice) }, {
      middlewares: {
        mine: customMiddleware((pipelines, accountId) => {
          for (const when of ['startup', 'teardown'] as const) {
            pipelines[when].insertLast({
              name: 'mine',
              method: (value, next) => {
                trace.push(`${when} ${accountId}`)
                return next(value)
              }
            })
          }
        })
      }
    })
    await app.addPlugin('bob', account(bob))
    await app.removePlugin('bob')
    await app.addPlugin('bob', account(bob))
    await app.shutdown()
    expect(trace).to.deep.equal(['startup alice', 'startup bob', 'teardown bob', 'startup bob', 'teardown alice', 'teardown bob'])
  })

  it('name themselves and the account when they cannot be applied', async () => {
    const broken = customMiddleware((_pipelines, accountId) => { if (accountId === 'bob') throw new Error('no such key') })
    const { app } = await start({ alice: account(alice) }, { middlewares: { mine: broken } })
    const error = await rejection(app.addPlugin('bob', account(bob)))
    expect(error).to.have.property('message').that.includes('failed to apply middleware. middlewareName=mine').and.includes('no such key')
    expect(log.join('')).to.match(/failed to apply middleware to account. middlewareName=mine accountId=bob/)
    expect(bob.connects, 'an account that cannot be guarded is not connected').to.equal(0)
    expect(outcomeOf(await alice.receive(prepare()))).to.not.equal('fulfill')
  })
})
