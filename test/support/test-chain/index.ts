/** Settles an account over payment channels of the test chain, over BTP. Options: see options.ts. */
import PluginBtp from '../../../plugins/btp/index.js'
import SettlingPlugin from '../../../plugins/lib/channels/index.js'
import type { PluginServices } from '../../../src/contracts/plugin.js'
import { TestClaims } from './claims.js'
import { parseOptions } from './options.js'
import { addressOf, openProvider } from './provider.js'

export default class TestChainPlugin extends SettlingPlugin {
  constructor (options: Record<string, unknown>, services: PluginServices) {
    const { btp, chain, settings } = parseOptions(options, services.account)
    super({
      transport: new PluginBtp(btp, services),
      services,
      settings,
      openChain: () => Promise.resolve({
        provider: openProvider(chain),
        codec: new TestClaims(addressOf(chain.keyId)),
        wasUsedWith: () => Promise.resolve(false) // no version before this one knew the chain
      })
    })
  }
}
