/** Accounts on the stand-in, and the providers and codecs that settle with them: what tests of the Aptos plugin begin with. */
import { randomBytes } from 'node:crypto'
import sinon from 'sinon'
import type { Logger } from '../../../src/contracts/logger.js'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { AptosClaims } from '../../../plugins/aptos/claims.js'
import { canonicalAddress } from '../../../plugins/aptos/formats.js'
import { keysOf } from '../../../plugins/aptos/keys.js'
import { AptosProvider, type AptosProviderOptions } from '../../../plugins/aptos/provider.js'
import { memoryLog, memoryStore } from '../evm/life.js'
import { startAptos, type AptosOptions, type AptosStandIn } from './index.js'

export const HOUR = 3600
/** What each account has in the beginning, of the asset. */
export const TOKENS = 1_000_000n
/** Octas. */
const COINS = 1_000_000_000n
const NETWORK = 147

export interface Account {
  /** As a configuration has it. */
  key: string
  address: string
}

export interface Life extends Partial<Omit<AptosProviderOptions, 'signer' | 'claimSecret'>> {
  store?: PluginStore
  log?: Logger
}

export function freshAccount (): Account {
  const key = `0x${randomBytes(32).toString('hex')}`
  return { key, address: keysOf(key).key.address }
}

/** A chain with three accounts. */
export class AptosParties {
  readonly alice = freshAccount()
  readonly bob = freshAccount()
  readonly stranger = freshAccount()
  chain!: AptosStandIn
  readonly #made: AptosProvider[] = []
  #clock: sinon.SinonStub | undefined
  #aheadMs = 0

  async start (options?: AptosOptions): Promise<void> {
    this.chain = await startAptos(options)
    for (const account of [this.alice, this.bob, this.stranger]) this.fund(account)
  }

  fund ({ address }: Account): void {
    this.chain.fund(address, COINS)
    this.chain.fund(address, TOKENS, this.chain.asset)
  }

  /** Time passes, for the chain and for us. Until it is stopped. */
  pass (secs: number): void {
    const now = Date.now.bind(Date)
    this.#clock ??= sinon.stub(Date, 'now').callsFake(() => now() + this.#aheadMs)
    this.#aheadMs += secs * 1000
    this.chain.block()
  }

  async stop (): Promise<void> {
    this.#clock?.restore()
    await this.end()
    await this.chain.stop()
  }

  /** All processes end. */
  async end (): Promise<void> {
    await Promise.all(this.#made.splice(0).map(provider => provider.disconnect()))
  }

  get place (): { network: number, moduleAddress: string } {
    return { network: NETWORK, moduleAddress: canonicalAddress(this.chain.code) }
  }

  /** Not connected yet; disconnected at the end. */
  provider ({ key }: Account, life: Life = {}): AptosProvider {
    const { key: signer, claimSecret } = keysOf(key)
    const provider = new AptosProvider({
      ...this.place,
      rpcUrl: this.chain.url,
      asset: this.chain.asset,
      signer,
      claimSecret,
      store: memoryStore(),
      log: memoryLog(),
      maxFee: 5_000_000n,
      pollMs: 10,
      lookMs: 40,
      ...life
    })
    this.#made.push(provider)
    return provider
  }

  async connected (account: Account, life?: Life): Promise<AptosProvider> {
    const provider = this.provider(account, life)
    await provider.connect()
    return provider
  }

  /** @param own needed where the key says something of itself */
  codec (source: AptosProvider, peer: Account, own?: Account): AptosClaims {
    const key = own && keysOf(own.key).key
    return new AptosClaims({ place: this.place, source, keyFor: address => source.claimKeyFor(address), peer: peer.address, key })
  }

  /** What an account has of the asset outside channels. */
  wallet ({ address }: Account): bigint {
    return this.chain.balance(address, this.chain.asset)
  }
}
