/**
 * Whole connectors whose connection breaks with packets under way, in both directions. Judged by money: what both books say, what the
 * receivers have fulfilled, and what the senders were told.
 */
import { expect } from 'chai'
import sinon from 'sinon'
import { freePort } from '../../../examples/free-port.js'
import { BUSY_PING_INTERVAL_MS } from '../../../plugins/btp/wire/socket.js'
import { Accounts } from '../../../src/accounts/accounts.js'
import { LedgerService } from '../../../src/ledger/service.js'
import { account, startConnector, type TestConnector } from '../../support/connector.js'
import { withoutLog } from '../../support/log.js'
import { FULFILL, outcomeOf, prepare } from '../../support/packets.js'
import { TestPlugin } from '../../support/test-plugin.js'
import { Proxy, type Break } from '../../support/btp/proxy.js'
import { SECRET, afterTest, closeAll, serverUrl } from '../../support/btp.js'
import { nextTurn, quiet, turnsUntil } from '../../support/waiting.js'

const AMOUNT = 100n
const EXPIRY_MS = 25_000
const balance = { maximum: '1000000000', minimum: '-1000000000' }

/** Somebody behind a connector: sends packets, and fulfills those that it gets when it is told to. */
class App extends TestPlugin {
  readonly outcomes: string[] = []
  fulfilled = 0n
  readonly #held: Array<() => void> = []

  constructor () {
    super(() => new Promise(resolve => {
      this.#held.push(() => {
        this.fulfilled += AMOUNT
        resolve(FULFILL)
      })
    }))
  }

  send (destination: string, count: number): void {
    for (let i = 0; i < count; i++) {
      const packet = prepare({ destination, amount: AMOUNT, expiresAt: Date.now() + EXPIRY_MS })
      this.receive(packet).then(answer => this.outcomes.push(outcomeOf(answer)), (error: unknown) => this.outcomes.push(String(error)))
    }
  }

  get held (): number {
    return this.#held.length
  }

  release (): void {
    for (const answer of this.#held.splice(0)) answer()
  }
}

interface Side extends TestConnector {
  app: TestConnector['app']
  client: App
}

async function side (name: string, peer: string, options: Record<string, unknown>, plugin = 'btp'): Promise<Side> {
  const client = new App()
  const link = { ...account(plugin, { balance, options }) }
  const connector = await startConnector({ [name]: account(client, { balance }), link }, {
    ilpAddress: `test.${name}`,
    disableMiddleware: ['rateLimit'],
    initialConnectTimeout: 1,
    routes: [{ targetPrefix: `test.${name}.app`, peerId: name }, { targetPrefix: `test.${peer}`, peerId: 'link' }]
  })
  afterTest(() => connector.app.shutdown())
  return { ...connector, client }
}

const linkOf = ({ container }: Side) => container(Accounts).getPlugin('link')
const owed = ({ container }: Side): bigint => container(LedgerService).ledger.balanceOf('link')!.balance

let clock: sinon.SinonFakeTimers

/** Lets time pass as it does. */
async function settle (isSo: () => boolean): Promise<void> {
  let last = performance.now()
  while (!isSo()) {
    await nextTurn()
    const passed = Math.floor(performance.now() - last)
    last += passed
    clock.tick(passed)
  }
}

/** Lets both ends find out that the other one is silent. */
async function noticeSilence (): Promise<void> {
  clock.tick(BUSY_PING_INTERVAL_MS)
  await quiet(100)
  clock.tick(BUSY_PING_INTERVAL_MS)
}

async function settled<T> (promise: Promise<T>): Promise<T> {
  let isSettled = false
  const done = (): void => { isSettled = true }
  promise.then(done, done)
  await settle(() => isSettled)
  return await promise
}

/** a dials b through the proxy. */
async function connectedSides (
  { listener = { secret: SECRET }, plugins = {} }: { listener?: object, plugins?: { a?: string, b?: string } } = {}
): Promise<{ a: Side, b: Side, proxy: Proxy }> {
  const port = await freePort()
  const b = await settled(side('b', 'a', { listener: { port, ...listener } }, plugins.b))
  const proxy = await Proxy.start(port)
  const a = await settled(side('a', 'b', { server: serverUrl(proxy.port), reconnectIntervals: [1] }, plugins.a))
  await settle(() => linkOf(a).isConnected() && linkOf(b).isConnected())
  return { a, b, proxy }
}

/** What both books, the receivers and the senders say, when all is quiet. */
function expectAgreement (a: Side, b: Side): void {
  expect(owed(a) + owed(b), 'both books').to.equal(0n)
  expect(owed(b)).to.equal(b.client.fulfilled - a.client.fulfilled)
  for (const one of [a, b]) {
    for (const [id, { held }] of Object.entries(one.balances())) expect(held, `held for ${id}`).to.equal(0n)
  }
  for (const [sender, receiver] of [[a, b], [b, a]] as const) {
    const paid = sender.client.outcomes.filter(outcome => outcome === 'fulfill').length
    expect(BigInt(paid) * AMOUNT, 'what senders were told').to.equal(receiver.client.fulfilled)
  }
}

describe('connectors whose BTP connection breaks', () => {
  afterEach(closeAll)
  withoutLog()
  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
    afterTest(() => clock.restore())
  })

  for (const how of ['reset', 'near', 'far', 'silence'] as Break[]) {
    for (const count of [1, 1000]) {
      for (const answered of ['while it is broken', 'when it is back'] as const) {
        it(`keep their books even: ${how}, ${count} packets each way, answered ${answered}`, async () => {
          const { a, b, proxy } = await connectedSides()
          a.client.send('test.b.app', count)
          b.client.send('test.a.app', count)
          await turnsUntil(() => a.client.held === count && b.client.held === count)
          let isBack = false
          linkOf(a).on('connect', () => { isBack = true })
          proxy.isDown = true
          proxy.break(how)
          const release = (): void => { for (const { client } of [a, b]) client.release() }
          if (answered === 'while it is broken') release()
          if (how === 'silence') await noticeSilence()
          await settle(() => !linkOf(a).isConnected())
          proxy.isDown = false
          await settle(() => isBack)
          if (answered === 'when it is back') release()
          await settle(() => a.client.outcomes.length === count && b.client.outcomes.length === count)
          expect(new Set([...a.client.outcomes, ...b.client.outcomes])).to.deep.equal(new Set(['fulfill']))
          await quiet()
          expectAgreement(a, b)
        })
      }
    }
  }

  it('keep their books even however often it breaks, with answers on their way', async () => {
    const { a, b, proxy } = await connectedSides()
    const rounds = 20
    for (let i = 0; i < rounds; i++) {
      a.client.send('test.b.app', 50)
      b.client.send('test.a.app', 50)
      await turnsUntil(() => a.client.held > 0 && b.client.held > 0)
      a.client.release()
      b.client.release()
      proxy.break((['reset', 'near', 'far'] as const)[i % 3]!)
      await settle(() => !linkOf(a).isConnected())
      await settle(() => linkOf(a).isConnected())
      a.client.release()
      b.client.release()
    }
    await settle(() => {
      a.client.release()
      b.client.release()
      return a.client.outcomes.length === 50 * rounds && b.client.outcomes.length === 50 * rounds
    })
    await quiet()
    expectAgreement(a, b)
    for (const outcome of [...a.client.outcomes, ...b.client.outcomes]) expect(outcome).to.be.oneOf(['fulfill', 'R00', 'T01', 'T03'])
  })

  it('are not told to try again where nobody knows what became of a packet: it expires, and is counted', async () => {
    const { a, b, proxy } = await connectedSides()
    a.client.send('test.b.app', 1)
    await turnsUntil(() => b.client.held === 1)
    proxy.isDown = true
    proxy.break('reset')
    await turnsUntil(() => !linkOf(a).isConnected())
    a.client.send('test.b.app', 1)
    await turnsUntil(() => a.client.outcomes.length === 1)
    expect(a.client.outcomes, 'what was surely not sent').to.deep.equal(['T01'])
    clock.tick(EXPIRY_MS)
    await turnsUntil(() => a.client.outcomes.length === 2)
    expect(a.client.outcomes[1]).to.equal('R00')
    clock.tick(2 * EXPIRY_MS)
    expect(await linkOf(a).getAdminInfo!()).to.include({ pendingRequests: 0, unknownOutcomes: 1 })
    expect(owed(a)).to.equal(0n)
  })

  it('know each other again also without a secret', async () => {
    const { a, b, proxy } = await connectedSides({ listener: { noAuth: true, keepFirst: true } })
    a.client.send('test.b.app', 10)
    b.client.send('test.a.app', 10)
    await turnsUntil(() => a.client.held === 10 && b.client.held === 10)
    proxy.break('silence')
    for (const { client } of [a, b]) client.release()
    await noticeSilence()
    await settle(() => a.client.outcomes.length === 10 && b.client.outcomes.length === 10)
    await quiet()
    expectAgreement(a, b)
  })

  for (const role of ['listener', 'client'] as const) {
    const plugins = { [role === 'client' ? 'a' : 'b']: 'ilp-plugin-btp' }

    it(`keep their books even with ilp-plugin-btp as the ${role}, when answers are given after it is back`, async () => {
      const { a, b, proxy } = await connectedSides({ plugins })
      a.client.send('test.b.app', 100)
      b.client.send('test.a.app', 100)
      await turnsUntil(() => a.client.held === 100 && b.client.held === 100)
      proxy.break('reset')
      await settle(() => !linkOf(a).isConnected())
      await settle(() => linkOf(a).isConnected())
      for (const { client } of [a, b]) client.release()
      await settle(() => a.client.outcomes.length === 100 && b.client.outcomes.length === 100)
      await quiet()
      expectAgreement(a, b)
    })

    it(`give ilp-plugin-btp as the ${role} the answers that were given while it was away`, async () => {
      const { a, b, proxy } = await connectedSides({ plugins })
      const [ours, theirs] = role === 'client' ? [b, a] : [a, b]
      theirs.client.send(role === 'client' ? 'test.b.app' : 'test.a.app', 100)
      await turnsUntil(() => ours.client.held === 100)
      proxy.isDown = true
      proxy.break('near')
      await settle(() => !linkOf(a).isConnected() && !linkOf(b).isConnected())
      ours.client.release()
      proxy.isDown = false
      await settle(() => theirs.client.outcomes.length === 100)
      await quiet()
      expectAgreement(a, b)
    })
  }
})
