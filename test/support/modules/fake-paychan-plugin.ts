/** A settlement plugin on a chain in memory, loaded by path as a user's own is. `chain` of its options names one of FAKE_CHAINS. */
import { fileURLToPath } from 'node:url'
import PaychanPlugin from '../../../plugins/lib/channels/index.js'
import type { Chain } from '../../../plugins/lib/channels/index.js'
import { PAYCHAN_OPTIONS, readOptions, settingsOf } from '../../../plugins/lib/channels/options.js'
import { Units } from '../../../plugins/lib/channels/units.js'
import type { PluginServices } from '../../../src/contracts/plugin.js'
import { FakeCodec, type FakeChain } from '../channels/fake-chain.js'

export const FAKE_PAYCHAN_PLUGIN = fileURLToPath(import.meta.url)
export const FAKE_CHAINS = new Map<string, FakeChain>()

const SCALE = 9

export default class FakePaychanPlugin extends PaychanPlugin {
  readonly #chain: FakeChain
  readonly #address: string

  constructor (options: Record<string, unknown>, services: PluginServices) {
    const { chain, address, peerAddress, server, reconnectIntervals, ...rest } = options
    const settings = Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith('_'))) // what the connector adds
    super({ server, reconnectIntervals }, services, {
      ...settingsOf(readOptions('fake', PAYCHAN_OPTIONS, [], settings)),
      peerAddress: String(peerAddress),
      chain: 'fake:1',
      contract: 'the-contract',
      tokenId: 'FAKE',
      units: new Units(SCALE, SCALE)
    })
    this.#chain = FAKE_CHAINS.get(String(chain))!
    this.#address = String(address)
  }

  protected override openChain (): Promise<Chain> {
    const wasUsedWith = (): Promise<boolean> => Promise.resolve(true)
    return Promise.resolve({ provider: this.#chain.provider(this.#address), codec: new FakeCodec(this.#address), wasUsedWith })
  }
}
