/** alice, a connector and bob, with a clock that stands still: what tests of one step on a packet's way begin with. */
import type sinon from 'sinon'
import type { AccountInfo } from '../../src/contracts/account.js'
import { endClock, stoppedClock } from './clock.js'
import { account, startConnector, type Options, type TestConnector } from './connector.js'
import { TestPlugin } from './test-plugin.js'

export class TwoAccounts {
  alice = new TestPlugin()
  bob = new TestPlugin()
  clock!: sinon.SinonFakeTimers
  #connector: TestConnector | undefined

  /** The one that runs. A test that starts another than `start` does says so here, and it is stopped as well. */
  get connector (): TestConnector {
    if (this.#connector === undefined) throw new Error('the test has started no connector yet')
    return this.#connector
  }

  set connector (connector: TestConnector) {
    this.#connector = connector
  }

  async start (options: Options = {}, infos: { alice?: Partial<AccountInfo>, bob?: Partial<AccountInfo> } = {}): Promise<TestConnector> {
    return this.connector = await startConnector({ alice: account(this.alice, infos.alice), bob: account(this.bob, infos.bob) }, options)
  }

  begin (now?: number): void {
    this.clock = stoppedClock(now)
    this.alice = new TestPlugin()
    this.bob = new TestPlugin()
  }

  async end (): Promise<void> {
    await this.#connector?.app.shutdown()
    this.#connector = undefined
    endClock(this.clock)
  }
}

/** New ones for each test of the suite that calls this. `now` in ms since the epoch. */
export function twoAccounts (now?: number): TwoAccounts {
  const line = new TwoAccounts()
  beforeEach(() => { line.begin(now) })
  afterEach(() => line.end())
  return line
}
