/** A node's settlement with one peer over the stand-in, without a transport: it is handed claims, and looks after its channels. */
import type { PluginStore } from '../../../src/contracts/plugin.js'
import type { AptosProvider } from '../../../plugins/aptos/provider.js'
import { openParts, type Parts } from '../../../plugins/lib/channels/parts.js'
import { CHANNEL_OPTIONS, readOptions, settingsOf } from '../../../plugins/lib/channels/options.js'
import { Units } from '../../../plugins/lib/channels/units.js'
import { memoryLog, memoryStore } from '../evm/life.js'
import { HOUR, type Account, type AptosParties, type Life } from './parties.js'

export class AptosVictim {
  /** Token units that the connector was told of. */
  credited = 0n

  private constructor (readonly provider: AptosProvider, readonly parts: Parts) {}

  /** Of `account`, whose peer is `peer`. Looks after its channels all the time. */
  static async start (parties: AptosParties, account: Account, peer: Account, life: Life = {}): Promise<AptosVictim> {
    const { store = memoryStore(), log = memoryLog() } = life
    const provider = parties.provider(account, { ...life, store, log })
    const own = { settlementTimeoutSecs: HOUR, redeemThreshold: '1000000000', pollingIntervalMs: 100, idleCloseSecs: 0 }
    const parts = await openParts({
      chain: { provider, codec: parties.codec(provider, peer), wasUsedWith: () => Promise.resolve(false) },
      settings: {
        ...settingsOf(readOptions('test', CHANNEL_OPTIONS, [], own)),
        peerAddress: peer.address,
        chain: provider.chainId,
        contract: 'module/asset',
        tokenId: 'TUSD',
        units: new Units(0, 0)
      },
      store: apart(store),
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
    const victim = new AptosVictim(provider, parts)
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

/** The records of the settlement, beside those of the provider in one store. */
function apart (store: PluginStore): PluginStore {
  const named = (key: string): string => `parts ${key}`
  return { get: key => store.get(named(key)), put: (key, value) => store.put(named(key), value), del: key => store.del(named(key)) }
}
