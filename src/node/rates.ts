/**
 * The backend that a node names for the rates that its configuration does not have. Two assets without a rate are found out when the node
 * starts, and when a peer is added, not by the first packet between them.
 */
import type { AccountInfo } from '../contracts/account.js'
import type { Backend, BackendApi, BackendConstructor } from '../contracts/backend.js'
import { SluiceError } from '../contracts/errors.js'
import type { NodeConfig } from '../contracts/node.js'
import { noRate } from '../config/node/assets.js'
import { describeError } from '../lib/describe-error.js'
import { rateOf } from '../lib/fraction.js'
import { hideSecrets } from '../lib/hide-secrets.js'
import { RateTable } from '../lib/rate-table.js'
import { loadConstructor } from '../modules/load-module.js'
import { proxyOfRates } from './circuits.js'
import { LOCAL_ACCOUNT } from './peer-account.js'

export class NodeRates {
  /** For the option of the backend `fixed-rates`. Undefined: no other backend is asked. */
  readonly otherwise: ((api: BackendApi) => Backend) | undefined
  readonly #table: RateTable
  /** Accounts that are to be added, while the backend is asked about them. */
  readonly #newcomers = new Map<string, AccountInfo>()
  #backend: Backend | undefined

  /** Throws when the backend cannot be loaded. */
  constructor (private readonly config: Pick<NodeConfig, 'asset' | 'rates' | 'transport'>) {
    const { fixed = {}, backend, options } = config.rates
    this.#table = RateTable.read(fixed).table
    if (backend === undefined) return
    const Implementation = loadConstructor('backend', backend) as BackendConstructor
    this.otherwise = api => {
      const getInfo = (accountId: string): AccountInfo => this.#newcomers.get(accountId) ?? api.getInfo(accountId)
      const socksProxy = proxyOfRates(config.rates, config.transport)
      return this.#backend = new Implementation({ ...options }, { ...api, getInfo, socksProxy })
    }
  }

  /** Rejects with SLUICE_NO_RATE for an account that could not be exchanged with the application's, in both directions. */
  async judge (accountId: string, account: AccountInfo): Promise<void> {
    const { asset, rates } = this.config
    const { assetCode } = account
    if (this.#table.between(assetCode, asset.code) !== undefined) return
    const newcomer = { ...account, assetCode: this.#table.anchorOf(assetCode).code }
    this.#newcomers.set(accountId, newcomer)
    try {
      for (const [source, destination] of [[accountId, LOCAL_ACCOUNT], [LOCAL_ACCOUNT, accountId]] as const) {
        rateOf(String(await this.#backend?.getRate(source, destination)))
      }
    } catch (error) {
      const reason = this.#backend === undefined ? '' : ` ${rates.backend ?? ''} says: ${hideSecrets(describeError(error), rates.options)}`
      throw new SluiceError('SLUICE_NO_RATE', `${noRate(accountId, assetCode, asset.code)}.${reason}`)
    } finally {
      if (this.#newcomers.get(accountId) === newcomer) this.#newcomers.delete(accountId)
    }
  }
}
