/** A node's settlement with one peer on the stand-in's chain, without a transport: it is handed claims, and looks after its channels. */
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { openParts, type Parts } from '../../../plugins/lib/channels/parts.js'
import { CHANNEL_OPTIONS, readOptions, settingsOf } from '../../../plugins/lib/channels/options.js'
import { Units } from '../../../plugins/lib/channels/units.js'
import { MinaClaims } from '../../../plugins/mina/claims.js'
import { signatures } from '../../../plugins/mina/crypto/signature-threads.js'
import type { MinaKey } from '../../../plugins/mina/keys.js'
import type { MinaProvider } from '../../../plugins/mina/provider.js'
import { memoryLog, memoryStore } from '../evm/life.js'
import { CHAIN_ID, CHALLENGE_SECS, MINA, type Life, type MinaParties } from './settling.js'

export class Victim {
  /** nanomina that the connector was told of. */
  credited = 0n

  private constructor (readonly provider: MinaProvider, readonly parts: Parts, readonly log: ReturnType<typeof memoryLog>) {}

  /** Of `key`, whose peer has the key `peer`. Looks after its channels all the time. */
  static async start (
    parties: MinaParties, key: MinaKey, peer: MinaKey, { store = memoryStore(), ...life }: Life = {}, options: object = {}
  ): Promise<Victim> {
    const log = memoryLog()
    const provider = parties.provider(key, { store, log, ...life })
    const codec = new MinaClaims({
      chainId: CHAIN_ID,
      key,
      peer: peer.address,
      signatures,
      checkFresh: channelId => { provider.checkFresh(channelId) },
      onGenuine: claim => { provider.claimed(claim) }
    })
    const own = {
      settlementTimeoutSecs: CHALLENGE_SECS,
      redeemThreshold: String(1_000_000n * MINA),
      pollingIntervalMs: 100,
      idleCloseSecs: 0,
      ...options
    }
    const parts = await openParts({
      chain: { provider, codec, wasUsedWith: () => Promise.resolve(false) },
      settings: {
        ...settingsOf(readOptions('test', CHANNEL_OPTIONS, [], own)), peerAddress: peer.address, chain: provider.chainId, contract: 'MINA', tokenId: 'MINA', units: new Units(0, 0)
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
    const victim = new Victim(provider, parts, log)
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
