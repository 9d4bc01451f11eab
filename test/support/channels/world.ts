/**
 * Two parties that settle over the fake chain, with real BTP sockets between them, each with books of its own that are kept as a
 * connector keeps them: a packet moves the balance when it is fulfilled, money with an id moves it once.
 */
import { expect } from 'chai'
import PluginBtp from '../../../plugins/btp/index.js'
import SettlingPlugin from '../../../plugins/lib/channels/index.js'
import { CHANNEL_OPTIONS, readOptions, settingsOf } from '../../../plugins/lib/channels/options.js'
import { Units } from '../../../plugins/lib/channels/units.js'
import { encodePrepare, prepareOf } from '../../../src/packet/prepare.js'
import { encodeFulfill, encodeReject, isFulfill, rejectOf } from '../../../src/packet/reply.js'
import type { PluginBooks, PluginStore, RunningTotal, SettlementRecords } from '../../../src/contracts/plugin.js'
import { InsufficientLiquidityError } from '../../../src/packet/errors.js'
import { TestLog, afterTest, portOf, serverUrl } from '../btp.js'
import { FakeChain, type FakeFeatures } from './fake-chain.js'
import { FakeCodec } from './fake-codec.js'

const NO_DATA = Buffer.alloc(0)
const SECRET = 'the-secret-of-the-test'

export interface PartyOptions {
  [name: string]: unknown
  assetScale?: number
  decimals?: number
  /** The key, where that is not named as the party is, and those that it had before. */
  key?: string
  formerKeys?: string[]
  /** The peer's address, where that is not named as the peer is. */
  peerAddress?: string
}

/** What is on disk. `frozen`: the machine is off, nothing is written any more. A power cut leaves what was synced. */
class TestStore implements PluginStore {
  isFrozen = false
  writes = 0
  synced: Map<string, string>
  /** Asked before each write; throws what it fails with. */
  fault: (write: number) => void = () => undefined

  constructor (readonly entries = new Map<string, string>()) {
    this.synced = new Map(entries)
  }

  get (key: string): Promise<string | undefined> {
    return Promise.resolve(this.entries.get(key))
  }

  put (key: string, value: string): Promise<void> {
    return this.#write({ [key]: value })
  }

  async del (key: string): Promise<void> {
    await Promise.resolve(this.entries.delete(key))
  }

  async putAll (values: Readonly<Record<string, string>>): Promise<void> {
    await this.#write(values)
    this.sync()
  }

  sync (): void {
    if (!this.isFrozen) this.synced = new Map(this.entries)
  }

  async #write (values: Readonly<Record<string, string>>): Promise<void> {
    await new Promise(resolve => setImmediate(resolve))
    this.fault(++this.writes)
    if (this.isFrozen) throw new Error('the process has ended')
    for (const [key, value] of Object.entries(values)) this.entries.set(key, value)
  }
}

const UNSETTLED = 'unsettled '

/** As a connector keeps what is between the account and its parties. */
function settlementsIn (store: TestStore): SettlementRecords {
  return {
    storeOf: parties => ({
      get: key => store.get(`${parties} ${key}`),
      put: (key, value) => store.put(`${parties} ${key}`, value),
      del: key => store.del(`${parties} ${key}`),
      putAll: values => store.putAll(Object.fromEntries(Object.entries(values).map(([key, value]) => [`${parties} ${key}`, value])))
    }),
    settleWith: () => undefined,
    setUnsettled: async (parties, what) => {
      const name = UNSETTLED + parties
      if (what === undefined) await store.del(name)
      else if (store.entries.get(name) !== what) await store.putAll({ [name]: what })
    },
    unsettled: () => new Map([...store.entries].filter(([name]) => name.startsWith(UNSETTLED))
      .map(([name, what]) => [name.slice(UNSETTLED.length), what]))
  }
}

class TestPlugin extends SettlingPlugin {
  constructor (
    chain: FakeChain, name: string, peerName: string,
    { btp, store, log, books }: { btp: Record<string, unknown>, store: TestStore, log: TestLog, books: PluginBooks },
    { assetScale = 9, decimals = 9, key = name, formerKeys = [], peerAddress = peerName, ...options }: PartyOptions
  ) {
    const services = { store, log, books, settlements: settlementsIn(store), getOwnAddress: () => `test.${name}` }
    const open = (address: string) => () => Promise.resolve({
      provider: chain.provider(address),
      codec: new FakeCodec(address, chain.features.nonces, chain.features.exact),
      wasUsedWith: () => Promise.resolve(true)
    })
    super({
      transport: new PluginBtp(btp, services),
      services,
      settings: {
        ...settingsOf(readOptions('test', CHANNEL_OPTIONS, [], { pollingIntervalMs: 3_600_000, idleCloseSecs: 0, ...options })),
        peerAddress,
        chain: 'fake:1',
        contract: 'the-contract',
        tokenId: 'FAKE',
        units: new Units(assetScale, decimals)
      },
      openChain: open(key),
      formerKeys: formerKeys.map(open)
    })
  }
}

/** The page of the account as the embedded ledger keeps it, and keeps over crashes: both are in one store, and synced together. */
class TestPage implements PluginBooks {
  id = 'the-books'
  #totals = new Map<string, bigint>()
  #prepaid = 0n
  /** Of packets under way; at most 0. */
  holds = 0n

  prepay (total: RunningTotal, limit?: bigint): void {
    const amount = this.take(total, false)
    if (amount > 0n && limit !== undefined && this.#prepaid + amount + this.holds > limit) throw new InsufficientLiquidityError('prepaid')
    this.#prepaid += this.take(total)
  }

  prepaid (): bigint {
    return this.#prepaid
  }

  /** What takes the page back to where it is now. */
  copy (): () => void {
    const [totals, prepaid] = [new Map(this.#totals), this.#prepaid]
    return () => { [this.#totals, this.#prepaid] = [totals, prepaid] }
  }

  /** A packet was fulfilled. Returns what of it was not prepaid. */
  deliver (amount: bigint): bigint {
    const covered = amount < this.#prepaid ? amount : this.#prepaid
    this.#prepaid -= covered
    return amount - covered
  }

  take ({ id, from, to }: RunningTotal, isTaken = true): bigint {
    const known = this.#totals.get(id) ?? 0n
    const start = from > known ? from : known
    if (to <= start) return 0n
    if (isTaken) this.#totals.set(id, to)
    return to - start
  }
}

export class Party {
  balance = 0n
  readonly page = new TestPage()
  readonly credited = new Map<string, bigint>()
  readonly log = new TestLog()
  plugin: TestPlugin
  store = new TestStore()
  /** How the next packets are answered. */
  respond: (amount: bigint) => 'fulfill' | 'reject' | Promise<'fulfill' | 'reject'> = () => 'fulfill'
  receivedPackets = 0
  settlements = 0
  /** How it is connected. */
  btp: Record<string, unknown>

  constructor (
    readonly chain: FakeChain, readonly name: string, readonly peerName: string, btp: Record<string, unknown>,
    public options: PartyOptions
  ) {
    this.btp = btp
    this.plugin = this.#make()
  }

  /** The process ends where it is, and another one goes on with what is on disk. */
  async crash (btp = this.btp): Promise<void> {
    await this.#end(new Map(this.store.entries), btp)
  }

  /** So does the machine. */
  async cutPower (): Promise<void> {
    await this.#end(new Map(this.store.synced), this.btp)
  }

  /** Sends a packet and books it. Resolves to `fulfilled`, or to what it was rejected with. */
  async pay (amount: bigint): Promise<string> {
    const packet = encodePrepare({
      amount, expiresAt: Date.now() + 30_000, executionCondition: Buffer.alloc(32, 1), destination: `test.${this.peerName}.x`, data: NO_DATA
    })
    let reply: Buffer
    this.page.holds -= amount
    try {
      reply = await this.plugin.sendData(packet)
    } catch (error) {
      return `failed ${(error as { ilpErrorCode?: string }).ilpErrorCode}: ${(error as Error).message}`
    } finally {
      this.page.holds += amount
    }
    if (!isFulfill(reply)) return `${rejectOf(reply).code} ${rejectOf(reply).message}`
    this.balance -= this.page.deliver(amount)
    this.store.sync() // as the books are, before anybody hears of it
    return 'fulfilled'
  }

  /** Settles what is owed, under one id, again until it is paid. */
  async settle (id = `settlement-${++this.settlements}`, attempts = 5, amount = -this.balance): Promise<void> {
    if (amount <= 0n) return
    for (let attempt = 1; ; attempt++) {
      try {
        await this.plugin.sendMoney(String(amount), { id })
        this.balance += amount
        return
      } catch (error) {
        if (attempt >= attempts) throw error
      }
    }
  }

  /** Of the account as it is known now. */
  async channels (): Promise<Awaited<ReturnType<ReturnType<TestPlugin['channels']>['list']>>> {
    return await this.plugin.channels().list()
  }

  async prepaid (): Promise<bigint> {
    return (await this.plugin.channels().states()).prepaid
  }

  async #end (entries: Map<string, string>, btp: Record<string, unknown>): Promise<void> {
    this.store.isFrozen = true
    await this.plugin.disconnect()
    this.store = new TestStore(entries)
    this.btp = btp
    this.plugin = this.#make()
  }

  #make (): TestPlugin {
    const { chain, name, peerName, options, log, store, page: books } = this
    const plugin = new TestPlugin(chain, name, peerName, { btp: this.btp, store, log, books }, options)
    plugin.registerDataHandler(async packet => {
      const { amount } = prepareOf(packet)
      this.receivedPackets++
      const refusal = { code: 'F02', triggeredBy: `test.${name}`, message: '', data: NO_DATA }
      if (await this.respond(amount) === 'reject') return encodeReject(refusal)
      this.balance += amount
      return encodeFulfill(Buffer.alloc(32), NO_DATA)
    })
    plugin.registerMoneyHandler(async (amount, transfer) => {
      const { id = '', total } = transfer ?? {}
      expect(id, 'money has an id').not.to.equal('')
      if (total === undefined && this.credited.has(id)) { await Promise.resolve(); return }
      const news = total === undefined ? BigInt(amount) : this.page.take(total)
      this.credited.set(id, (this.credited.get(id) ?? 0n) + news)
      this.balance -= news
      this.store.sync()
    })
    afterTest(() => plugin.disconnect())
    return plugin
  }
}

export interface World {
  chain: FakeChain
  alice: Party
  bob: Party
}

/** Alice dials Bob. Each owns a million tokens. */
export async function makeWorld (
  alicesOptions: PartyOptions = {}, bobsOptions: PartyOptions = alicesOptions, features?: FakeFeatures
): Promise<World> {
  const chain = new FakeChain(features)
  for (const name of ['alice', 'bob']) chain.balances.set(name, 1_000_000n)
  const bob = new Party(chain, 'bob', 'alice', { listener: { port: 0, secret: SECRET } }, bobsOptions)
  const connecting = bob.plugin.connect()
  const port = await portOf(bob.plugin, connecting)
  bob.btp = { listener: { port, secret: SECRET } } // also after a restart
  const alice = new Party(chain, 'alice', 'bob', { server: serverUrl(port, SECRET), reconnectIntervals: [0, 10] }, alicesOptions)
  await alice.plugin.connect()
  await connecting
  return { chain, alice, bob }
}

/** What both have in their books and on the chain adds up: nobody has lost or won anything. */
export async function expectAgreement ({ chain, alice, bob }: World): Promise<void> {
  expect(chain.supply(), 'tokens').to.equal(2_000_000n)
  const prepaid = await alice.prepaid() + await bob.prepaid()
  expect(alice.balance + bob.balance + prepaid, 'books of both sides, and what was prepaid').to.equal(0n)
}
