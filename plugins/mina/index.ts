/**
 * Settles an account over payment channels of Mina: pays with signed claims and takes them, over BTP. Options: see options.ts.
 */
import type { PluginServices } from '../../src/contracts/plugin.js'
import PluginBtp from '../btp/index.js'
import SettlingPlugin, { underKeys } from '../lib/channels/index.js'
import { parseOptions } from './options.js'

export default class PluginMina extends SettlingPlugin {
  /** @throws Error when the options cannot work, or there is no store: claims have to be kept */
  constructor (options: Record<string, unknown>, services?: PluginServices) {
    if (services === undefined) throw new Error('the mina plugin needs a store: it is made by a connector, or with { store, log } as second argument')
    const parsed = parseOptions(options, services.account)
    super({
      transport: new PluginBtp(parsed.btp, services),
      services,
      settings: parsed.settings,
      ...underKeys(parsed.chain, async chain => {
        const { openMinaChain } = await import('./open-chain.js')
        return await openMinaChain({ ...parsed, chain }, services)
      })
    })
  }
}
