/**
 * What test suites of STREAM senders do, such as that of `@interledger/pay`: one connector after the other in one folder, with plugins that
 * they made themselves, rates of their own in the container, no word about a store, and not every one shut down.
 */
import { EventEmitter } from 'node:events'
import { quote } from '@interledger/pay'
import { expect } from 'chai'
import reductModule, { type Injector } from 'reduct'
import { receive } from '../../../examples/stream-parties.js'
import { Accounts, Config, createApp, type App } from '../../../src/index.js'
import type { AccountInfo } from '../../../src/contracts/account.js'
import { withoutLog } from '../../support/log.js'
import { useWorkspace } from '../../support/stores.js'
import { noRejectionLeft } from '../../support/unhandled.js'

type Handler = (data: Buffer) => Promise<Buffer>

/** One of two plugins that hand each other what they are given. */
class Mirror extends EventEmitter {
  other!: Mirror
  #handler: Handler | undefined

  static pair (): [Mirror, Mirror] {
    const [one, two] = [new Mirror(), new Mirror()]
    one.other = two
    two.other = one
    return [one, two]
  }

  connect (): Promise<void> { return Promise.resolve() }
  disconnect (): Promise<void> { return Promise.resolve() }
  isConnected (): boolean { return true }
  sendMoney (): Promise<void> { return Promise.resolve() }
  registerMoneyHandler (): void {}
  deregisterMoneyHandler (): void {}
  registerDataHandler (handler: Handler): void { this.#handler = handler }
  deregisterDataHandler (): void { this.#handler = undefined }

  sendData (data: Buffer): Promise<Buffer> {
    const handler = this.other.#handler
    return handler === undefined ? Promise.reject(new Error('nobody there')) : handler(data)
  }
}

/** Rates of the suite: what a unit of each asset is worth. */
class Rates {
  constructor (private readonly deps: Injector, private readonly prices: Readonly<Record<string, number>>) {}

  getRate (from: string, to: string): Promise<number> {
    const [source, target] = [this.deps(Accounts).getInfo(from), this.deps(Accounts).getInfo(to)]
    const price = (code: string): number => this.prices[code] ?? 1
    const rate = price(source.assetCode) / price(target.assetCode) * 10 ** (target.assetScale - source.assetScale)
    return Promise.resolve(rate * (1 - this.deps(Config).spread))
  }

  connect (): Promise<void> { return Promise.resolve() }
  disconnect (): Promise<void> { return Promise.resolve() }
  submitPacket (): Promise<void> { return Promise.resolve() }
  submitPayment (): Promise<void> { return Promise.resolve() }
}

describe('a suite of STREAM payments', () => {
  withoutLog()
  noRejectionLeft()
  const workspace = useWorkspace()
  const workingDirectory = process.cwd()
  const left: App[] = []
  beforeEach(() => { process.chdir(workspace.directory) })
  afterEach(async () => {
    process.chdir(workingDirectory)
    await Promise.all(left.splice(0).map(app => app.shutdown()))
  })

  async function start (spread: number): Promise<{ app: App, alice: Mirror, bob: Mirror }> {
    const [alice, ours] = Mirror.pair()
    const [bob, theirs] = Mirror.pair()
    const container: Injector = reductModule.default((Constructor: { name: string }) => Constructor.name === 'RateBackend' ? rates : undefined)
    const rates = new Rates(container, { USD: 1, EUR: 2 })
    const account = (plugin: Mirror, assetCode: string): AccountInfo => ({ relation: 'child', plugin, assetCode, assetScale: 6 })
    const app = createApp({ ilpAddress: 'test.larry', spread, accounts: { alice: account(ours, 'USD'), bob: account(theirs, 'EUR') } }, container)
    await app.listen()
    return { app, alice, bob }
  }

  it('starts a connector for each test, of one address in one folder, also when one was not shut down', async () => {
    for (const isForgotten of [false, true, false]) {
      const { app, alice, bob } = await start(0)
      await pays(alice, bob)
      if (isForgotten) left.push(app)
      else await app.shutdown()
    }
  })

  async function pays (alice: Mirror, bob: Mirror): Promise<void> {
    const shop = await receive(bob)
    const { pay } = await quote({
      plugin: alice,
      destinationAddress: shop.credentials.ilpAddress,
      sharedSecret: shop.credentials.sharedSecret,
      amountToSend: '1',
      slippage: 0.01,
      prices: { USD: 1, EUR: 2 }
    })
    expect((await pay()).error).to.equal(undefined)
    expect(shop.received()).to.equal(500_000n)
  }
})
