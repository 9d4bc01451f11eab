/** The pipelines of one account: made of what middlewares put there, when they are needed. */
import { expect } from 'chai'
import type { Method, Pipelines } from '../../src/contracts/middleware.js'
import type { PluginInstance } from '../../src/contracts/plugin.js'
import { encodeFulfill } from '../../src/packet/reply.js'
import { AccountPipelines, type Ends } from '../../src/pipeline/account-pipelines.js'
import { createPipelines } from '../../src/pipeline/pipeline.js'

const REPLY = encodeFulfill(Buffer.alloc(32, 1), Buffer.alloc(0))
const PACKET = Buffer.from('a packet')
const info = { relation: 'peer' as const, plugin: 'btp', assetCode: 'USD', assetScale: 9 }

describe('the pipelines of an account', () => {
  let trace: string[]
  let pipelines: Pipelines
  let account: AccountPipelines

  const passing = <In, Out>(name: string): { name: string, method: Method<In, Out> } => ({
    name,
    method: (value, next) => {
      trace.push(name)
      return next(value)
    }
  })
  const ends: Ends = {
    handle: (_, accountId) => {
      trace.push(`handled for ${accountId}`)
      return Promise.resolve(REPLY)
    },
    received: ({ accountId }, amount) => {
      trace.push(`${accountId} received ${amount}`)
      return Promise.resolve()
    },
    pay: ({ accountId }, amount) => {
      trace.push(`${accountId} pays ${amount}`)
      return Promise.resolve()
    }
  }
  const plugin = {
    sendData: () => {
      trace.push('sent')
      return Promise.resolve(REPLY)
    }
  } as unknown as PluginInstance

  beforeEach(() => {
    trace = []
    pipelines = createPipelines()
    for (const [name, pipeline] of Object.entries(pipelines)) (pipeline as Pipelines['startup']).insertLast(passing(name))
    account = new AccountPipelines('alice', info, plugin, pipelines, ends)
  })

  it('lead through the steps to their ends, again and again', async () => {
    for (let i = 0; i < 2; i++) {
      expect(await account.incomingData(PACKET)).to.equal(REPLY)
      expect(await account.outgoingData(PACKET)).to.equal(REPLY)
      await account.incomingMoney('5', {})
      await account.outgoingMoney('7', {})
    }
    const once = ['incomingData', 'handled for alice', 'outgoingData', 'sent', 'incomingMoney', 'alice received 5', 'outgoingMoney', 'alice pays 7']
    expect(trace).to.deep.equal([...once, ...once])
  })

  it('begin once, however often they are told to', async () => {
    await Promise.all([account.startup(), account.startup()])
    await account.startup()
    await account.teardown()
    expect(trace).to.deep.equal(['startup', 'teardown'])
  })

  it('have the steps that were there when they were made, though they are composed later', async () => {
    pipelines.incomingData.insertLast(passing('late'))
    pipelines.incomingMoney.insertLast(passing('late'))
    pipelines.startup.insertLast(passing('late'))
    await account.startup()
    await account.incomingData(PACKET)
    await account.incomingMoney('5', {})
    expect(trace).to.not.include('late')
  })
})
