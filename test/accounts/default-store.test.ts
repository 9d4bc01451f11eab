/** Connectors in one working directory that nobody has told where to keep their data. Each finds its own again, and no two share any. */
import { expect } from 'chai'
import { codeOf } from '../../src/contracts/errors.js'
import { MiddlewareManager } from '../../src/pipeline/middleware-manager.js'
import type { AccountInfo } from '../../src/contracts/account.js'
import { Daemon } from '../support/daemon.js'
import { account, makeConnector, type TestConnector } from '../support/connector.js'
import { rejection } from '../support/failures.js'
import { withoutLog } from '../support/log.js'
import { NAMED_PLUGIN } from '../support/modules/named-plugin.js'
import { outcomeOf, prepare } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { useWorkspace } from '../support/stores.js'
import { noRejectionLeft } from '../support/unhandled.js'

const WITH_BALANCE = { balance: { maximum: '1000' } }

describe('the default place of the store', () => {
  withoutLog()
  noRejectionLeft()
  const workspace = useWorkspace()
  const workingDirectory = process.cwd()
  const running: TestConnector[] = []
  beforeEach(() => { process.chdir(workspace.directory) })
  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ app }) => app.shutdown()))
    process.chdir(workingDirectory)
  })

  /** Not started; its peer is the test. */
  function make (ilpAddress: string, bob: AccountInfo): TestConnector {
    const connector = makeConnector({ bob }, { ilpAddress, store: 'leveldown' })
    running.push(connector)
    return connector
  }

  async function start (ilpAddress: string, bob: AccountInfo = account(new TestPlugin(), WITH_BALANCE)): Promise<TestConnector> {
    const connector = make(ilpAddress, bob)
    await connector.app.listen()
    return connector
  }

  function credit ({ container }: TestConnector, amount: bigint): Promise<unknown> {
    const balances = container(MiddlewareManager).getMiddleware('balance') as unknown as { modifyBalance: (id: string, diff: bigint) => Promise<unknown> }
    return Promise.resolve(balances.modifyBalance('bob', amount))
  }

  it('is another for each address: both run, and both find their balances again', async () => {
    const [alice, carl] = [await start('test.alice'), await start('test.carl')]
    await credit(alice, 5n)
    await credit(carl, 7n)
    await Promise.all([alice.app.shutdown(), carl.app.shutdown()])
    const [carlAgain, aliceAgain] = [await start('test.carl'), await start('test.alice')]
    expect([aliceAgain.balances().bob!.balance, carlAgain.balances().bob!.balance]).to.deep.equal([5n, 7n])
  })

  for (const [what, bob] of [['a balance', account(new TestPlugin(), WITH_BALANCE)], ['a plugin that may have data', account(NAMED_PLUGIN)]] as const) {
    it(`is refused to a second connector of one address that has ${what}`, async () => {
      await start('test.alice')
      const error = await rejection(make('test.alice', bob).app.listen())
      expect(codeOf(error)).to.equal('SLUICE_STORE_IN_USE')
      expect(String(error)).to.match(/path=.*connector-data.test\.alice reason=another connector in this process has it open remedy=.*storePath/)
    })
  }

  it('is not needed by one that keeps nothing, which then takes no account that would', async () => {
    const alice = await start('test.alice')
    await credit(alice, 5n)
    const plugin = new TestPlugin()
    const second = await start('test.alice', account(plugin))
    expect(outcomeOf(await plugin.receive(prepare({ destination: 'test.bob' })))).to.equal('fulfill')
    const error = await rejection(second.app.addPlugin('carl', account(new TestPlugin(), WITH_BALANCE)))
    expect(codeOf(error)).to.equal('SLUICE_STORE_IN_USE')
    expect(String(error)).to.include('account carl has data to keep')
    await second.app.addPlugin('dora', account())
    await second.app.shutdown()
    await alice.app.shutdown()
    expect((await start('test.alice')).balances().bob!.balance).to.equal(5n)
  })

  it('is kept apart for two processes as well', async () => {
    const daemon = (address: string): Daemon => new Daemon({
      CONNECTOR_ILP_ADDRESS: address,
      CONNECTOR_BACKEND: 'one-to-one',
      CONNECTOR_ACCOUNTS: JSON.stringify({
        bob: { relation: 'peer', plugin: 'btp', assetCode: 'USD', assetScale: 9, ...WITH_BALANCE, options: { listener: { port: 0, secret: 's' } } }
      })
    }, { cwd: workspace.directory })
    const daemons = [daemon('test.alice'), daemon('test.carl')]
    try {
      for (const each of daemons) await each.prints('connector ready')
      const third = daemon('test.carl')
      expect((await third.exited).code).to.equal(1)
      expect(third.output + third.errors).to.match(/path=.*connector-data.test\.carl reason=another process has it open/)
    } finally {
      for (const each of daemons) await each.stop()
    }
  })
})
