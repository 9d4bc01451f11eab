/**
 * Settles an account over ERC-20 payment channels of an EVM chain (Base first): a BTP plugin that pays with signed claims and takes them.
 * Options: see options.ts.
 */
import type { PluginServices } from '../../src/contracts/plugin.js'
import PaychanPlugin from '../lib/channels/index.js'
import type { Chain } from '../lib/channels/index.js'
import { withEthers } from './chain/ethers.js'
import { parseOptions } from './options.js'
import type { EvmOptions } from './options.js'

export default class PluginEvm extends PaychanPlugin {
  readonly #options: EvmOptions
  readonly #services: PluginServices

  /** @throws Error when the options cannot work, or there is no store: claims have to be kept */
  constructor (options: Record<string, unknown>, services?: PluginServices) {
    if (services === undefined) throw new Error('the evm plugin needs a store: it is made by a connector, or with { store, log } as second argument')
    const parsed = parseOptions(options, services.account)
    super(parsed.btp, services, parsed.settings)
    this.#options = parsed
    this.#services = services
  }

  protected override async openChain (): Promise<Chain> {
    const { openEvmChain } = await withEthers(() => import('./open-chain.js'))
    return await openEvmChain(this.#options, this.#services)
  }
}
