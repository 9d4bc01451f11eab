/**
 * Our side: a whole connector with an application behind it, whose one peer is the adversary. It is stopped and started again as an
 * operator, a crash or a power cut does that.
 */
import { fileURLToPath } from 'node:url'
import reductModule, { type Injector } from 'reduct'
import { Accounts } from '../../../src/accounts/accounts.js'
import { createApp, type App } from '../../../src/connector/connector.js'
import { LedgerService } from '../../../src/ledger/service.js'
import { MiddlewareManager } from '../../../src/pipeline/middleware-manager.js'
import type { AccountInfo } from '../../../src/contracts/account.js'
import type { ChannelOperations } from '../../../src/contracts/channels.js'
import type { PluginInstance } from '../../../src/contracts/plugin.js'
import { outcomeOf, prepare } from '../packets.js'
import { TestPlugin } from '../test-plugin.js'
import type { ChainUnderTest } from './chain.js'
import { Disk, type Ending } from './disk.js'

export type Mode = 'settlement' | 'packet'

/** Of the challenge that we choose, in seconds. */
export const CHALLENGE_SECS = 3600
export const MAX_PREPAID = 1500n
/** What the adversary may owe us: with claims for every packet, nothing. */
export const CREDIT: Readonly<Record<Mode, bigint>> = { settlement: 1000n, packet: 0n }
const GIVEN_STORE = fileURLToPath(new URL('../modules/given-store.js', import.meta.url))
const POLLING_MS = 10_000

/** What the middleware of balances offers to operators. */
interface Balances {
  settle (accountId: string, amount?: bigint): Promise<void>
}

export class OurSide {
  disk = new Disk()
  identity = 0
  /** Packets for the adversary that nobody has answered yet, by their data. */
  readonly underWay = new Map<string, bigint>()
  /** Those that the adversary has answered with the preimage. */
  readonly fulfilled = new Set<string>()
  mostUnderWay = 0n
  /** Of packets that the adversary has delivered for us. */
  delivered = 0n
  #app!: App
  #container!: Injector
  #local!: TestPlugin
  #packets = 0
  readonly #rejections: string[] = []

  constructor (readonly chain: ChainUnderTest, readonly port: number, readonly mode: Mode) {
    this.#make()
  }

  /** Rejects when it does not start. */
  async start (): Promise<void> {
    await this.#app.listen()
  }

  async shutdown (): Promise<void> {
    await this.#app.shutdown()
  }

  /** After `shutdown`, or when the disk has stopped: another process, with what is on the disk. */
  again (how: Ending, entries = this.disk.left(how)): void {
    this.disk.stop()
    for (const [name, amount] of this.underWay) if (this.fulfilled.has(name)) this.delivered += amount // whoever sent it did not hear of it
    this.underWay.clear()
    this.disk = new Disk(entries)
    this.#make()
  }

  get plugin (): PluginInstance {
    return this.#container(Accounts).getPlugin('peer')
  }

  get channels (): ChannelOperations {
    return this.plugin.channels!()
  }

  /** What the books say that the adversary owes us, with what is being paid and what is paid ahead. */
  books (): { balance: bigint, settling: bigint, prepaid: bigint } {
    const { balance = 0n, settling = 0n, prepaid = 0n } = this.#container(LedgerService).ledger.balanceOf('peer') ?? {}
    return { balance, settling, prepaid }
  }

  /** The application sends a packet. */
  pay (amount: bigint): void {
    const name = String(++this.#packets)
    const packet = prepare({ destination: 'test.peer.x', amount, data: Buffer.from(name) })
    this.underWay.set(name, amount)
    const sum = [...this.underWay.values()].reduce((total, one) => total + one, 0n)
    if (sum > this.mostUnderWay) this.mostUnderWay = sum
    const { disk } = this
    this.#local.receive(packet).then(reply => {
      if (disk === this.disk && this.underWay.delete(name) && outcomeOf(reply) === 'fulfill') this.delivered += amount
    }, () => this.underWay.delete(name))
  }

  async settle (amount?: bigint): Promise<void> {
    await (this.#container(MiddlewareManager).getMiddleware('balance') as unknown as Balances).settle('peer', amount)
  }

  /** As an operator does who thinks better of it. Does nothing where money of ours depends on the account. */
  async readd (): Promise<void> {
    try {
      await this.#app.removePlugin('peer')
    } catch {
      return
    }
    await this.#app.addPlugin('peer', this.#account())
  }

  #make (): void {
    this.#local = new TestPlugin()
    this.#container = reductModule.default()
    this.#app = createApp({
      ilpAddress: 'test.us',
      backend: 'one-to-one',
      spread: 0,
      store: GIVEN_STORE,
      storeConfig: { store: this.disk },
      routeBroadcastEnabled: false,
      initialConnectTimeout: 2000,
      maxHoldTime: 30_000,
      accounts: {
        peer: this.#account(), local: { relation: 'child', plugin: this.#local, assetCode: 'FAKE', assetScale: 9 }
      },
      routes: [{ targetPrefix: 'test.peer', peerId: 'peer' }, { targetPrefix: 'test.us.local', peerId: 'local' }]
    }, this.#container)
    const { plugin } = this
    this.disk.onStop = () => { plugin.disconnect().catch((error: unknown) => this.#rejections.push(String(error))) }
  }

  #account (): AccountInfo {
    const { mode, chain, port } = this
    return {
      relation: 'peer',
      plugin: chain.plugin,
      assetCode: 'FAKE',
      assetScale: 9,
      balance: { minimum: '-20000', maximum: String(CREDIT[mode]), settleThreshold: '-300', settleTo: '0' },
      options: {
        server: `btp+ws://:secret@127.0.0.1:${port}`,
        reconnectIntervals: [0, 50],
        claims: mode,
        requireClaims: mode === 'packet',
        initialDeposit: '4000',
        maxPrepaid: String(MAX_PREPAID),
        topUpBelow: '1000',
        redeemThreshold: '2500',
        settlementTimeoutSecs: CHALLENGE_SECS,
        idleCloseSecs: 7200,
        pollingIntervalMs: POLLING_MS,
        ...chain.optionsFor(chain.identities[this.identity]!.address)
      }
    }
  }
}
