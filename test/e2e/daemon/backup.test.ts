/**
 * The backup that docs/operating.md describes: the process is halted for as long as its store is copied. Under load, the copy adds up, and
 * has every payment whose answer had been sent.
 */
import { execFileSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { isFulfill } from '../../../src/packet/reply.js'
import { encodeFulfill } from '../../../src/index.js'
import { Daemon, temporaryFolder } from '../../support/daemon.js'
import { FULFILLMENT, TwoParties, prepareFor } from '../../support/two-parties.js'
import { pause, until } from '../../support/waiting.js'

const CLI = fileURLToPath(new URL('../../../src/commands/cli/main.js', import.meta.url))
const COPIES = 3
const UNDER_WAY = 50

describe('a copy of the store that is made while the process is halted', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  beforeEach(async () => { folder = await temporaryFolder() })
  afterEach(() => folder.remove())

  function ask (what: 'audit' | 'balances', path: string): string {
    return execFileSync(process.execPath, [CLI, 'ledger', what, '--path', path, '--json'], { encoding: 'utf8' })
  }

  it('has every payment that was answered, adds up, and can be started from', async () => {
    const store = join(folder.path, 'store')
    const { daemon, alice, bob, stop } = await start(store)
    bob.registerDataHandler(() => Promise.resolve(encodeFulfill(FULFILLMENT, Buffer.alloc(0))))
    let [sent, paid, isOver] = [0, 0, false]
    const payer = async (): Promise<void> => {
      while (!isOver) {
        sent++
        if (isFulfill(await alice.sendData(prepareFor('test.daemon.bob', 1n)))) paid++
      }
    }
    const payers = Array.from({ length: UNDER_WAY }, payer)
    const copies: Array<{ path: string, before: number, after: number }> = []
    for (let copy = 1; copy <= COPIES; copy++) {
      await until(() => paid > copy * 200)
      daemon.kill('SIGSTOP')
      await pause(100) // it is told to the process, which may take a moment
      const before = paid
      const path = join(folder.path, `copy-${copy}`)
      cpSync(store, path, { recursive: true })
      const after = sent
      daemon.kill('SIGCONT')
      copies.push({ path, before, after })
    }
    isOver = true
    await Promise.all(payers)
    await stop()
    for (const { path, before, after } of copies) {
      expect(JSON.parse(ask('audit', path))).to.deep.equal([])
      const rows = JSON.parse(ask('balances', path)) as Array<{ accountId: string, balance: string }>
      const balances = Object.fromEntries(rows.map(({ accountId, balance }) => [accountId, Number(balance)]))
      expect(balances.alice).to.be.within(before, after)
      expect(balances.bob, 'both legs of each packet').to.equal(-balances.alice!)
    }
    const again = new Daemon({ CONNECTOR_ILP_ADDRESS: 'test.daemon', CONNECTOR_ACCOUNTS: '{}', CONNECTOR_BACKEND: 'one-to-one', CONNECTOR_STORE_PATH: copies[0]!.path })
    await again.prints('connector ready')
    again.kill('SIGTERM')
    expect(await again.exited).to.deep.equal({ code: 0, signal: null })
  }).timeout(240_000)

  async function start (store: string): Promise<Pick<TwoParties, 'daemon' | 'alice' | 'bob'> & { stop: () => Promise<void> }> {
    const parties = await TwoParties.start({ CONNECTOR_STORE: 'leveldown', CONNECTOR_STORE_PATH: store })
    return { daemon: parties.daemon, alice: parties.alice, bob: parties.bob, stop: () => parties.stop() }
  }
})
