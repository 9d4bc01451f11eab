/** Accounts on the stand-in's ledger, and the providers and codecs that settle with them: what tests of the XRP plugin begin with. */
import { Wallet } from 'xrpl'
import type { Logger } from '../../../src/contracts/logger.js'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { XrpClaims } from '../../../plugins/xrp/claims.js'
import { rawKeysOf } from '../../../plugins/xrp/ledger/signer.js'
import { XrpProvider } from '../../../plugins/xrp/provider.js'
import { memoryLog, memoryStore } from '../evm/life.js'
import { startRippled, type Rippled, type RippledOptions } from '../rippled/index.js'

export const XRP = 1_000_000n
export const DAY = 86_400
/** What each account has in the beginning. */
export const FUNDS = 10_000n * XRP
/** A ledger closes so often. */
const LEDGER_MS = 60

export interface Account {
  seed: string
  address: string
}

function freshAccount (): Account {
  const { seed = '', classicAddress } = Wallet.generate()
  return { seed, address: classicAddress }
}

export interface Life {
  store?: PluginStore
  log?: Logger
  rpcUrl?: string
  socksProxy?: string
  tags?: Record<string, number>
}

/** A ledger with three accounts. */
export class Parties {
  readonly alice = freshAccount()
  readonly bob = freshAccount()
  readonly stranger = freshAccount()
  rippled!: Rippled
  readonly #made: XrpProvider[] = []

  async start (options: RippledOptions = {}): Promise<void> {
    const accounts = Object.fromEntries([this.alice, this.bob, this.stranger].map(({ address }) => [address, FUNDS]))
    this.rippled = await startRippled({ ledgerMs: LEDGER_MS, accounts, ...options })
  }

  async stop (): Promise<void> {
    await this.end()
    await this.rippled.stop()
  }

  /** All processes end. */
  async end (): Promise<void> {
    await Promise.all(this.#made.splice(0).map(provider => provider.disconnect()))
  }

  get network (): number {
    return this.rippled.network.options.networkId
  }

  /** Not connected yet; disconnected at the end. */
  provider ({ seed }: Account, life: Life = {}): XrpProvider {
    const { store = memoryStore(), log = memoryLog(), rpcUrl = this.rippled.url, socksProxy, tags } = life
    const { key: signer, claimSecret } = rawKeysOf(seed)
    const provider = new XrpProvider({ rpcUrl, socksProxy, network: this.network, signer, claimSecret, store, log, tags })
    this.#made.push(provider)
    return provider
  }

  async connected (account: Account, life?: Life): Promise<XrpProvider> {
    const provider = this.provider(account, life)
    await provider.connect()
    return provider
  }

  /** @param own needed where the key says something of itself */
  codec (provider: XrpProvider, peer: Account, own?: Account): XrpClaims {
    return new XrpClaims(provider, provider.address, peer.address, own && rawKeysOf(own.seed).key)
  }

  /** What an account has, with the fees that it has paid. Drops. */
  wallet ({ address }: Account): bigint {
    let drops = this.rippled.state.account(address)?.Balance ?? 0n
    const { network } = this.rippled
    for (let index = network.options.firstLedger; index <= network.lastClosed.index; index++) {
      for (const { tx } of network.ledger(index)?.transactions ?? []) if (tx.account === address) drops += tx.fee ?? 0n
    }
    return drops
  }

  /** How many transactions of a type an account has in validated ledgers. */
  sent ({ address }: Account, type?: string): number {
    const { network } = this.rippled
    let count = 0
    for (let index = network.options.firstLedger; index <= network.lastClosed.index; index++) {
      for (const { tx, result } of network.ledger(index)?.transactions ?? []) {
        if (tx.account === address && result === 'tesSUCCESS' && (type === undefined || tx.type === type)) count++
      }
    }
    return count
  }
}
