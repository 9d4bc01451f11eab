/** Connectors in one working directory that nobody has told where to keep their data. Each finds its own again, and no two share any. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { codeOf } from '../../src/contracts/errors.js'
import { MiddlewareManager } from '../../src/pipeline/middleware-manager.js'
import type { AccountInfo } from '../../src/contracts/account.js'
import { Daemon } from '../support/daemon.js'
import { account, makeConnector, type Options, type TestConnector } from '../support/connector.js'
import { rejection } from '../support/failures.js'
import { withoutLog } from '../support/log.js'
import { NAMED_PLUGIN } from '../support/modules/named-plugin.js'
import { outcomeOf, prepare } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { useWorkspace } from '../support/stores.js'
import { noRejectionLeft } from '../support/unhandled.js'

interface Choices extends Options {
  /** A second account. */
  up?: AccountInfo
}

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
  function make (ilpAddress: string, bob: AccountInfo, { up, ...options }: Choices = {}): TestConnector {
    const connector = makeConnector({ bob, ...(up !== undefined && { up }) }, { ilpAddress, store: 'leveldown', ...options })
    running.push(connector)
    return connector
  }

  async function start (ilpAddress: string, bob = account(new TestPlugin(), WITH_BALANCE), options: Choices = {}): Promise<TestConnector> {
    const connector = make(ilpAddress, bob, options)
    await connector.app.listen()
    return connector
  }

  /** What a connector with a balance is told instead of being started. */
  async function refusal (ilpAddress: string, options: Choices = {}): Promise<string> {
    const error = await rejection(start(ilpAddress, account(new TestPlugin(), WITH_BALANCE), options))
    expect(codeOf(error)).to.equal('SLUICE_STORE_OF_ANOTHER')
    return String(error)
  }

  /** Starts one, gives bob an amount, stops it, and resolves to the balance that it found. */
  async function run (ilpAddress: string, amount: bigint, options: Choices = {}): Promise<bigint> {
    const connector = await start(ilpAddress, undefined, options)
    const { balance } = connector.balances().bob!
    await credit(connector, amount)
    await connector.app.shutdown()
    return balance
  }

  const child = (server: string): { up: AccountInfo } => ({ up: account(NAMED_PLUGIN, { relation: 'parent', options: { server } }) })

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

  it('stays where it is when another connector is told to use the directory above it', async () => {
    await run('test.alice', 5n)
    await run('test.carl', 7n, { storePath: 'connector-data' })
    expect([await run('test.alice', 0n), await run('test.carl', 0n, { storePath: 'connector-data' })]).to.deep.equal([5n, 7n])
  })

  it('is refused while the directory above it has data: of version 0.1, or of a connector that was told to use it', async () => {
    await run('test.alice', 5n, { storePath: 'connector-data' })
    for (const ilpAddress of ['test.carl', 'test.alice']) {
      expect(await refusal(ilpAddress)).to.match(/path=\/.*connector-data reason=.*0\.1.* remedy=.*storePath \(CONNECTOR_STORE_PATH\).*connector-data/)
      expect(existsSync(join('connector-data', ilpAddress))).to.equal(false)
    }
    expect(await run('test.alice', 0n, { storePath: 'connector-data' })).to.equal(5n)
    expect(await run('test.carl', 7n, { storePath: 'elsewhere' })).to.equal(0n)
  })

  it('is refused once another connector has used it, which goes on using it', async () => {
    await run('test.alice', 5n)
    const inPlaceOfAlice = { storePath: join('connector-data', 'test.alice') }
    expect(await run('test.renamed', 1n, inPlaceOfAlice)).to.equal(5n)
    expect(await refusal('test.alice')).to.match(
      /path=.*connector-data.test\.alice reason=.*found=test\.renamed expected=test\.alice remedy=.*storePath \(CONNECTOR_STORE_PATH\)/)
    expect(await run('test.renamed', 0n, inPlaceOfAlice)).to.equal(6n)
    expect(await run('test.alice', 0n, inPlaceOfAlice), 'by choice').to.equal(6n)
  })

  it('is one for all without an address, and refused to a child of another parent, or with another secret', async () => {
    expect(await run('unknown', 5n, child('btp+wss://x:hunter2@parent'))).to.equal(0n)
    for (const other of [child('btp+wss://x:swordfish@parent'), child('btp+wss://x:hunter2@mother')]) {
      expect(await refusal('unknown', other)).to.match(/path=.*connector-data.unknown .*found=a child by its account up .*remedy=.*storePath/)
        .and.not.match(/hunter2|swordfish/)
    }
    expect(await run('unknown', 0n, child('btp+wss://x:hunter2@parent'))).to.equal(5n)
    const moved = { ...child('btp+wss://x:swordfish@parent'), storePath: join('connector-data', 'unknown') }
    expect(await run('unknown', 0n, moved), 'by choice').to.equal(5n)
  })

  it('is refused without an address if nothing tells one parent from another', async () => {
    const cycle: Record<string, unknown> = {}
    cycle.cycle = cycle
    const parents = [
      account(new TestPlugin()), account(NAMED_PLUGIN), account(NAMED_PLUGIN, { options: {} }), account(NAMED_PLUGIN, { options: cycle })
    ]
    for (const parent of parents) {
      expect(await refusal('unknown', { up: { ...parent, relation: 'parent' } })).to.match(/connector-data.unknown reason=.*no address.* remedy=.*storePath/)
      expect(existsSync('connector-data')).to.equal(false)
    }
    const keepsNothing = await start('unknown', account(), { up: account(new TestPlugin(), { relation: 'parent' }) })
    const error = await rejection(keepsNothing.app.addPlugin('carl', account(new TestPlugin(), WITH_BALANCE)))
    expect(codeOf(error)).to.equal('SLUICE_STORE_OF_ANOTHER')
    expect(String(error)).to.include('account carl has data to keep').and.to.include('storePath')
  })

  it('is not what a connector is told about that has neither an address nor a parent', async () => {
    expect(codeOf(await rejection(start('unknown')))).to.equal('SLUICE_NO_ADDRESS')
  })

  it('has room for the longest addresses, each its own', async () => {
    const addresses = ['a', 'b'].map(last => `test.${'x'.repeat(1023 - 6)}${last}`)
    for (const address of addresses) expect(await run(address, BigInt(addresses.indexOf(address) + 5))).to.equal(0n)
    expect([await run(addresses[0]!, 0n), await run(addresses[1]!, 0n)]).to.deep.equal([5n, 6n])
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
