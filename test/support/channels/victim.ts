/**
 * A node's settlement with one peer, without a transport: it is handed claims, and looks after its channels all the time. What it settles
 * on, a chain's own test says.
 */
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { openParts, type Parts } from '../../../plugins/lib/channels/parts.js'
import { CHANNEL_OPTIONS, readOptions, settingsOf } from '../../../plugins/lib/channels/options.js'
import type { ChannelProvider, ClaimCodec } from '../../../plugins/lib/channels/types.js'
import { Units } from '../../../plugins/lib/channels/units.js'
import type { memoryLog } from '../evm/life.js'

export interface VictimSetting<P extends ChannelProvider> {
  provider: P
  codec: ClaimCodec
  peerAddress: string
  contract: string
  tokenId: string
  store: PluginStore
  log: ReturnType<typeof memoryLog>
  /** Of the plugin, beside the usual ones. */
  options: object
  /** How the peer answers questions about channels; absent: it is not there. */
  asked?: ((message: Record<string, unknown>) => Promise<Record<string, unknown>>) | undefined
}

export class ChannelVictim<P extends ChannelProvider> {
  /** Token units that the connector was told of. */
  credited = 0n

  private constructor (readonly provider: P, readonly parts: Parts, readonly log: ReturnType<typeof memoryLog>) {}

  static async open<P extends ChannelProvider> (setting: VictimSetting<P>): Promise<ChannelVictim<P>> {
    const { provider, codec, peerAddress, contract, tokenId, store, log, options, asked } = setting
    const parts = await openParts({
      chain: { provider, codec, wasUsedWith: () => Promise.resolve(false) },
      settings: {
        ...settingsOf(readOptions('test', CHANNEL_OPTIONS, [], { pollingIntervalMs: 100, idleCloseSecs: 0, ...options })),
        peerAddress,
        chain: provider.chainId,
        contract,
        tokenId,
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
      ask: asked ?? (() => Promise.reject(new Error('the peer is not there'))),
      isPeerThere: () => asked !== undefined,
      setUnsettled: () => Promise.resolve()
    })
    const victim = new ChannelVictim(provider, parts, log)
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
