/** A node's settlement with one peer over the stand-in's ledger, without a transport: it is handed claims, and looks after its channels. */
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { openParts, type Parts } from '../../../plugins/lib/channels/parts.js'
import { CHANNEL_OPTIONS, readOptions, settingsOf } from '../../../plugins/lib/channels/options.js'
import { Units } from '../../../plugins/lib/channels/units.js'
import type { XrpProvider } from '../../../plugins/xrp/provider.js'
import { memoryLog, memoryStore } from '../evm/life.js'
import { type Account, type Life, type Parties } from './parties.js'

export const HOUR = 3600

export class Victim {
  /** Drops that the connector was told of. */
  credited = 0n
  readonly log = memoryLog()

  private constructor (readonly provider: XrpProvider, readonly parts: Parts) {}

  /** Of `account`, whose peer is `peer`. Looks after its channels all the time. */
  static async start (
    parties: Parties, account: Account, peer: Account, { store = memoryStore(), ...life }: Life = {}, options: object = {}
  ): Promise<Victim> {
    const log = memoryLog()
    const provider = parties.provider(account, { store, log, ...life })
    await provider.load()
    const own = { settlementTimeoutSecs: HOUR, redeemThreshold: '1000000000', pollingIntervalMs: 100, idleCloseSecs: 0, ...options }
    const parts = await openParts({
      chain: { provider, codec: parties.codec(provider, peer), wasUsedWith: () => Promise.resolve(false) },
      settings: {
        ...settingsOf(readOptions('test', CHANNEL_OPTIONS, [], own)),
        peerAddress: peer.address,
        chain: provider.chainId,
        contract: 'XRP',
        tokenId: 'XRP',
        units: new Units(0, 0)
      },
      store: recordsIn(store),
      books: undefined,
      booksId: () => 'books',
      log,
      senderId: () => 'victim',
      moneyHandler: () => amount => {
        victim.credited += BigInt(amount)
        return Promise.resolve()
      },
      deliver: () => Promise.resolve(),
      ask: () => Promise.reject(new Error('the peer is not there')),
      isPeerThere: () => false,
      setUnsettled: () => Promise.resolve()
    })
    const victim = new Victim(provider, parts)
    Object.assign(victim, { log })
    parts.watcher.start()
    await parts.watcher.looked
    return victim
  }

  /** Undefined when the claim is taken, else why it is not. */
  async refusalOf (claim: string): Promise<string | undefined> {
    return await this.parts.incoming.take(Buffer.from(claim)).then(() => undefined, (error: unknown) => String(error))
  }

  async stop (): Promise<void> {
    await Promise.all([this.provider.disconnect(), this.parts.watcher.stop()])
    await this.parts.records.close()
  }
}

/** Those of the settlement beside those of the provider, in one store. */
function recordsIn (store: PluginStore): PluginStore {
  return {
    get: key => store.get(`parts ${key}`),
    put: (key, value) => store.put(`parts ${key}`, value),
    del: key => store.del(`parts ${key}`)
  }
}
