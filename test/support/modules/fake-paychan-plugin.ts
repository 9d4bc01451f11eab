/** A settlement plugin on a chain in memory, loaded by path as a user's own is. `chain` of its options names one of FAKE_CHAINS. */
import { fileURLToPath } from 'node:url'
import PluginBtp from '../../../plugins/btp/index.js'
import SettlingPlugin from '../../../plugins/lib/channels/index.js'
import { CHANNEL_OPTIONS, readOptions, settingsOf } from '../../../plugins/lib/channels/options.js'
import { Units } from '../../../plugins/lib/channels/units.js'
import type { PluginServices } from '../../../src/contracts/plugin.js'
import { type FakeChain } from '../channels/fake-chain.js'
import { FakeCodec } from '../channels/fake-codec.js'

export const FAKE_PAYCHAN_PLUGIN = fileURLToPath(import.meta.url)
export const FAKE_CHAINS = new Map<string, FakeChain>()

const SCALE = 9

export default class FakePaychanPlugin extends SettlingPlugin {
  constructor (options: Record<string, unknown>, services: PluginServices) {
    const { chain, address, peerAddress, server, reconnectIntervals, ...rest } = options
    const settings = Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith('_'))) // what the connector adds
    super({
      transport: new PluginBtp({ server, reconnectIntervals }, services),
      services,
      settings: {
        ...settingsOf(readOptions('fake', CHANNEL_OPTIONS, [], settings)),
        peerAddress: String(peerAddress),
        chain: 'fake:1',
        contract: 'the-contract',
        tokenId: 'FAKE',
        units: new Units(SCALE, SCALE)
      },
      openChain: () => {
        const ledger = FAKE_CHAINS.get(String(chain))!
        const codec = new FakeCodec(String(address), ledger.features.nonces, ledger.features.exact)
        return Promise.resolve({ provider: ledger.provider(String(address)), codec, wasUsedWith: () => Promise.resolve(true) })
      }
    })
  }
}
