/**
 * Checks whether a transfer arrives in full. Tokens that keep a part, or that claim to have moved what they have not, cannot be used: a
 * claim would be credited in full and paid in part. The check simulates a transfer if the RPC node can pretend that a small contract holds
 * the token. If not, our first deposit or redemption reveals it.
 */
import { Interface } from 'ethers'
import { describeError } from '../../../src/lib/describe-error.js'
import type { Logger } from '../../../src/contracts/logger.js'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { ChainError } from '../../lib/channels/types.js'
import { abi, runtimeBytecode } from '../artifacts/TransferProbe.js'
import type { Network } from './network.js'
import { RpcError, type Rpc } from './rpc.js'

export interface TokenCheckOptions {
  rpc: Rpc
  network: () => Promise<Network>
  chainId: bigint
  /** Ours, in lower case. */
  address: string
  store: PluginStore
  log: Logger
}

/** `whole`: what is sent arrives. `partial`: a part of it does not. */
type Verdict = 'whole' | 'partial'

const probe = new Interface(abi)
/** Where nothing could be said, it is tried again after so long. */
const AGAIN_MS = 10 * 60_000

export class TokenCheck {
  readonly #options: TokenCheckOptions
  #verdict: Verdict | undefined
  #isLoaded = false
  #triedMs = -Infinity
  #trying: Promise<void> | undefined

  constructor (options: TokenCheckOptions) {
    this.#options = options
  }

  /**
   * Resolves when the token pays in full, and when nothing can be said of it. Rejects with a final ChainError when it does not.
   * @param isUrgent whether to ask the chain although it could not say a short while ago; rejects with ChainError when it is away
   */
  async check (isUrgent: boolean): Promise<void> {
    if (this.#verdict === 'whole') return
    if (isUrgent || Math.abs(Date.now() - this.#triedMs) >= AGAIN_MS) {
      this.#trying ??= this.#try().finally(() => { this.#trying = undefined })
      await this.#trying.catch((error: unknown) => { if (isUrgent) throw error })
    }
    if (this.#verdict === 'partial') throw await this.#refusal()
  }

  /**
   * What a transfer has shown. Rejects with a final ChainError when not all of it has arrived.
   * @param arrived undefined: that cannot be told
   */
  async shown (sent: bigint, arrived: bigint | undefined): Promise<void> {
    if (arrived === undefined || sent === 0n) return
    if (arrived < sent) {
      await this.#conclude('partial')
      throw await this.#refusal()
    }
    if (this.#verdict === undefined) await this.#conclude('whole')
  }

  async #try (): Promise<void> {
    const key = await this.#key()
    if (!this.#isLoaded && await this.#options.store.get(key) === 'whole') this.#verdict = 'whole'
    this.#isLoaded = true
    if (this.#verdict !== undefined) return
    this.#triedMs = Date.now()
    const verdict = await this.#tryOut()
    if (verdict !== undefined) await this.#conclude(verdict)
  }

  /** Undefined where the node cannot say, or nobody has any of the token. */
  async #tryOut (): Promise<Verdict | undefined> {
    const { network, address: us } = this.#options
    const contract = await network()
    for (const [holder, to] of [[us, contract.address], [contract.address, us]] as const) {
      try {
        const held = await contract.balanceOf(holder)
        if (held > 0n) return await this.#probe(contract.token, holder, to, (held + 1n) / 2n)
      } catch (error) {
        if (error instanceof ChainError && !(error instanceof RpcError)) throw error
        this.#options.log.debug('the node cannot simulate a transfer. error=%s', describeError(error))
      }
    }
    return undefined
  }

  async #probe (token: string, holder: string, to: string, amount: bigint): Promise<Verdict> {
    const data = probe.encodeFunctionData('probe', [token, to, amount])
    const answer = await this.#options.rpc.call('eth_call', { to: holder, data }, 'latest', { [holder]: { code: runtimeBytecode } })
    const [isTaken, lost, arrived] = probe.decodeFunctionResult('probe', String(answer)).toArray() as unknown[]
    return isTaken === true && lost === amount && arrived === amount ? 'whole' : 'partial'
  }

  async #conclude (verdict: Verdict): Promise<void> {
    this.#verdict = verdict
    await this.#options.store.put(await this.#key(), verdict)
    if (verdict === 'partial') this.#options.log.error('cannot settle in this token. error=%s', (await this.#refusal()).message)
  }

  async #refusal (): Promise<ChainError> {
    const { network, chainId } = this.#options
    const { token } = await network()
    return new ChainError('not all of a transfer of the token arrives, or it does not do what it says: claims in it would be paid in part. ' +
      `Settle in another token (tokenAddress). token=${token} chainId=${chainId}`, true)
  }

  async #key (): Promise<string> {
    const { network, chainId } = this.#options
    const { address, token } = await network()
    return `evm:token:${chainId}:${address}:${token}`
  }
}
