/** A settlement is money that moved: a plugin that cannot pay says so, is not asked to, and nobody books what it did not pay. */
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import PluginBtp from '../../../plugins/btp/index.js'
import type { AccountInfo } from '../../../src/contracts/account.js'
import type { MiddlewareApi } from '../../../src/contracts/middleware.js'
import { account, startConnector, type Options, type TestConnector } from '../../support/connector.js'
import { rejection } from '../../support/failures.js'
import { PayingPlugin } from '../../support/ledger/books.js'
import { withoutLog } from '../../support/log.js'
import { customMiddleware } from '../../support/modules/custom-middleware.js'
import { World } from '../../support/node.js'
import { prepare } from '../../support/packets.js'
import { TestPlugin } from '../../support/test-plugin.js'
import { quiet } from '../../support/waiting.js'

const EVM_ADDRESS = `0x${'ab'.repeat(20)}`
const SETTLING = { minimum: '-1000', maximum: '1000', settleThreshold: '-50', settleTo: '0' }

describe('a settlement is money that moved', () => {
  const log = withoutLog()
  let running: TestConnector[]
  let adminApiPort: number

  beforeEach(async () => {
    running = []
    adminApiPort = await freePort()
  })
  afterEach(() => Promise.all(running.map(({ app }) => app.shutdown())))

  async function start (accounts: Record<string, AccountInfo>, options: Options = {}): Promise<TestConnector> {
    const connector = await startConnector(accounts, { adminApi: true, adminApiPort, ...options })
    running.push(connector)
    return connector
  }

  async function listening (more: Partial<AccountInfo> = {}): Promise<AccountInfo> {
    return account('btp', { balance: SETTLING, options: { listener: { port: await freePort(), secret: 's3cret' } }, ...more })
  }

  async function post (path: string, body: object): Promise<{ status: number, text: string }> {
    const response = await fetch(`http://127.0.0.1:${adminApiPort}${path}`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body)
    })
    return { status: response.status, text: await response.text() }
  }

  const settlements = (): string[] => log.filter(line => / settlement\. /.test(line))
  const warnings = (): string[] => log.filter(line => line.includes(' warn ') && line.includes('pays nothing'))

  for (const [name, make] of Object.entries({
    btp: listening,
    local: () => Promise.resolve(account('local', { balance: SETTLING, options: { autoFulfill: true } })),
    'a plugin of somebody else that says so': () =>
      Promise.resolve(account(Object.assign(new PayingPlugin(), { settles: false }), { balance: SETTLING }))
  })) {
    it(`refuses a settlement by hand, and says what to do: ${name}`, async () => {
      const { balances } = await start({ b: await make() })
      for (const amount of [undefined, '10']) {
        const { status, text } = await post('/settlements', { accountId: 'b', amount })
        expect(status, text).to.equal(409)
        expect(text).to.include('the plugin of b pays nothing').and.include('POST /balance')
      }
      expect(balances()).to.deep.equal({ b: { balance: 0n, held: 0n } })
      expect(settlements()).to.deep.equal([])
    })
  }

  it('settles nothing by itself, by packets, by interval or by correction, and books nothing', async () => {
    const bob = Object.assign(new PayingPlugin(), { settles: false })
    const alice = new TestPlugin()
    const { balances } = await start({
      alice: account(alice), bob: account(bob, { balance: { ...SETTLING, settleInterval: 1 } })
    })
    for (let packets = 0; packets < 3; packets++) await alice.receive(prepare({ amount: 40, destination: 'test.bob' }))
    await post('/balance', { accountId: 'bob', amountDiff: '-40' })
    await quiet()
    expect(balances().bob).to.deep.equal({ balance: -160n, held: 0n })
    expect(bob.payments).to.deep.equal([])
  })

  it('lets no middleware pay through it', async () => {
    let api: MiddlewareApi | undefined
    const { balances } = await start({ b: await listening() }, {
      middlewares: { mine: customMiddleware((_pipelines, _accountId, given) => { api = given }) }
    })
    expect(await rejection(api!.sendMoney('10', 'b'))).to.have.property('code', 'SLUICE_PAYS_NOTHING')
    expect(balances()).to.deep.equal({ b: { balance: 0n, held: 0n } })
  })

  it('warns at the start, and when an account is added, that a settleThreshold or settleInterval does nothing', async () => {
    const { app } = await start({ b: await listening(), plain: await listening({ balance: { maximum: '5' } }) })
    expect(warnings()).to.have.length(1)
    expect(warnings()[0]).to.include('accountId=b').and.include('settleThreshold=-50')
    log.length = 0
    await app.addPlugin('c', await listening({ balance: { maximum: '1000', settleInterval: 60_000 } }))
    expect(warnings()).to.have.length(1)
    expect(warnings()[0]).to.include('accountId=c').and.include('settleInterval=60000')
    log.length = 0
    await app.addPlugin('d', account(new PayingPlugin(), { balance: SETTLING }))
    expect(warnings()).to.deep.equal([])
  })

  it('takes a class that adds sendMoney to the plugin btp for one that pays', async () => {
    class Paying extends PluginBtp {
      readonly paid: string[] = []
      override sendMoney (amount: string): Promise<void> {
        this.paid.push(amount)
        return Promise.resolve()
      }
    }
    const paying = new Paying({ listener: { port: await freePort(), secret: 's3cret' } })
    await start({ b: account(paying, { balance: SETTLING }) })
    await post('/balance', { accountId: 'b', amountDiff: '-60' })
    await quiet()
    expect(paying.paid).to.deep.equal(['60'])
  })

  it('warns of a peer that is registered with terms of settlement where a node settles on no chain', async () => {
    const world = new World()
    try {
      const node = await world.start('warned')
      await node.registerPeer({
        id: 'bob', url: 'ws://127.0.0.1:9', authToken: 'secret', settlement: { preference: 'evm', evmAddress: EVM_ADDRESS }
      })
      expect(world.log.lines.filter(({ message }) => message === 'peer_settles_nothing').map(({ level, fields }) => [level, (fields as { peerId: string }).peerId]))
        .to.deep.equal([['warn', 'bob']])
      const refused = await rejection(node.settle('bob', 1n))
      expect(refused).to.have.property('code', 'SLUICE_NO_CHAIN')
    } finally {
      await world.end()
    }
  })
})
