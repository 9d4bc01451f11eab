/**
 * What the chain has said about the contract and the token. It is stored, so that a start can continue without the chain, and checked
 * against the chain at each connect: records of payments are valid for this contract and these units only.
 */
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { ChainError } from '../../lib/channels/types.js'
import { findTokenNetwork, Network } from './network.js'
import { NoContractError, type Head, type Rpc } from './rpc.js'

export interface RememberedOptions {
  rpc: Rpc
  store: PluginStore
  chainId: bigint
  /** Addresses in lower case. */
  registryAddress: string
  tokenAddress: string
}

const REMEDY = 'If the chain was reset, or is another one with the same id, this account needs a store without records of the former. If not, ' +
  'set registryAddress and rpcUrl back to what they were'

export class Remembered {
  readonly #options: RememberedOptions
  readonly #keys: { network: string, decimals: string, symbol: string }
  #network: Network | undefined
  /** Whether the chain has just said where the network is. */
  #isFresh = false

  constructor (options: RememberedOptions) {
    const { chainId, registryAddress, tokenAddress } = options
    this.#options = options
    this.#keys = {
      network: `evm:network:${chainId}:${registryAddress}:${tokenAddress}`,
      decimals: `evm:decimals:${chainId}:${tokenAddress}`,
      symbol: `evm:symbol:${chainId}:${tokenAddress}`
    }
  }

  /** The token's network. Asks the chain the first time only. Rejects with ChainError when it cannot be asked then, or has none. */
  async network (): Promise<Network> {
    if (this.#network !== undefined) return this.#network
    const { rpc, registryAddress, tokenAddress } = this.#options
    const address = await this.#keptOr(this.#keys.network, async () => {
      const found = await findTokenNetwork(rpc, registryAddress, tokenAddress)
      this.#isFresh = true
      return found
    })
    return this.#network ??= new Network(rpc, address, tokenAddress)
  }

  /** How many decimals the token has. */
  async decimals (): Promise<number> {
    const network = await this.network()
    return Number(await this.#keptOr(this.#keys.decimals, async () => String(await network.decimals())))
  }

  /** What the token calls itself; undefined where it has no name. */
  async symbol (): Promise<string | undefined> {
    const network = await this.network()
    const symbol = await this.#keptOr(this.#keys.symbol, async () => await network.symbol() ?? '')
    return symbol === '' ? undefined : symbol
  }

  /**
   * Whether the chain still says the same. Rejects with a final ChainError that says what to do when it says something else, and with
   * another one when it cannot be asked.
   * @param head the newest block
   */
  async check (head: Head): Promise<void> {
    const { rpc, registryAddress, tokenAddress, store } = this.#options
    const network = await this.network()
    if (!this.#isFresh) {
      const found = await findTokenNetwork(rpc, registryAddress, tokenAddress).catch((error: unknown) => {
        if (!(error instanceof NoContractError) && !(error instanceof ChainError && error.isFinal)) throw error
        throw new ChainError(`the chain no longer has the TokenNetwork that was used before. ${REMEDY}. ` +
          `tokenNetwork=${network.address} error=${error.message}`, error.isFinal, { cause: error })
      })
      if (found !== network.address) {
        throw new ChainError(`the registry names another TokenNetwork for the token than before. ${REMEDY}. ` +
          `registry=${registryAddress} token=${tokenAddress} before=${network.address} now=${found}`, true)
      }
    }
    const kept = await store.get(this.#keys.decimals)
    const decimals = kept === undefined ? kept : String(await network.decimals())
    if (decimals !== kept) {
      throw new ChainError(`the decimals of the token have changed. ${REMEDY}. token=${tokenAddress} before=${kept} now=${decimals}`, true)
    }
    this.#isFresh = false
    network.sawAt(head.number)
  }

  async #keptOr (key: string, find: () => Promise<string>): Promise<string> {
    const { store } = this.#options
    const kept = await store.get(key)
    if (kept !== undefined) return kept
    const found = await find()
    await store.put(key, found)
    return found
  }
}
