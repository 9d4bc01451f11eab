/** Accounts on the stand-in's chain, and the providers and codecs that settle with them: what tests of the Mina plugin begin with. */
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from '../../../src/contracts/logger.js'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { MinaClaims } from '../../../plugins/mina/claims.js'
import type { MinaSigner } from '../../../plugins/mina/crypto/mina-signer.js'
import { CODE } from '../../../plugins/mina/contract/code.js'
import { signatures } from '../../../plugins/mina/crypto/signature-threads.js'
import { keyWith } from '../../../plugins/mina/keys.js'
import type { MinaKey } from '../../../plugins/mina/keys.js'
import { TXN_VERSION } from '../../../plugins/mina/open-chain.js'
import { MinaProvider } from '../../../plugins/mina/provider.js'
import { SLOTS_TO_LIVE } from '../../../plugins/mina/plans.js'
import type { MinaProviderOptions } from '../../../plugins/mina/provider.js'
import { Prover } from '../../../plugins/mina/prover/prover.js'
import { memoryLog, memoryStore } from '../evm/life.js'
import { startMina } from './index.js'
import type { MinaStandIn } from './index.js'

export const MINA = 1_000_000_000n
export const CHAIN_ID = 'mina:devnet'
/** What each account has in the beginning. */
const FUNDS = 10_000n * MINA
/** 60 slots, the shortest challenge. */
export const CHALLENGE_SECS = 10_800
export const SLOT_SECS = 180
/** Blocks come so often. */
const BLOCK_MS = 40
const LOOK_MS = 20
const CONFIRMATIONS = 2

export interface Life {
  store?: PluginStore
  log?: Logger
  urls?: string[]
  more?: Partial<MinaProviderOptions>
}

export function freshKey (): MinaKey {
  return keyWith(BigInt(`0x${randomBytes(31).toString('hex')}`))
}

interface AccountHistory {
  lines: string[]
  fees: bigint
  created: bigint
  balance: bigint
}

interface Block {
  protocolState: { consensusState: { blockHeight: string } }
  transactions: {
    userCommands: Array<{ fee: string, amount: string, source: { publicKey: string } }>
    zkappCommands: Array<{
      failureReason: unknown
      zkappCommand: {
        feePayer: { body: { publicKey: string, fee: string } }
        accountUpdates: Array<{ body: { publicKey: string, balanceChange: { magnitude: string, sgn: string } } }>
      }
    }>
  }
}

/** One chain for a file of tests: each test has accounts of its own. */
export class MinaParties {
  chain!: MinaStandIn
  readonly prover = new Prover({
    cacheDir: join(tmpdir(), 'sluice-mina-tests'), timeoutMs: 60_000, maxRssMb: 4000, idleMs: 600_000, log: memoryLog(), proofs: false
  })

  readonly codeHash = CODE.hash
  readonly #made: MinaProvider[] = []

  async start (): Promise<void> {
    this.chain = await startMina({ networkId: 'mina:devnet', blockMs: BLOCK_MS })
    await this.chain.block(3)
  }

  /** All processes end. */
  async end (): Promise<void> {
    await Promise.all(this.#made.splice(0).map(provider => provider.disconnect()))
  }

  async stop (): Promise<void> {
    await this.end()
    this.prover.stop()
    await this.chain.stop()
  }

  async account (amount = FUNDS): Promise<MinaKey> {
    const key = freshKey()
    await this.chain.fund(key.text, amount)
    return key
  }

  /** Not connected yet; disconnected at the end. */
  provider (key: MinaKey, { store = memoryStore(), log = memoryLog(), urls = [this.chain.url], more = {} }: Life = {}): MinaProvider {
    const provider = new MinaProvider({
      chainId: CHAIN_ID, network: 'devnet', urls, timeoutMs: 3000, key, store, log, prover: this.prover, signatures,
      expected: { chainId: CHAIN_ID, codeHash: CODE.hash, txnVersion: TXN_VERSION },
      fees: { least: 100_000_000n, most: 2n * MINA }, confirmations: CONFIRMATIONS, lookMs: LOOK_MS, standbyStep: 10n ** 18n,
      ...more
    })
    this.#made.push(provider)
    return provider
  }

  async connected (key: MinaKey, life?: Life): Promise<MinaProvider> {
    const provider = this.provider(key, life)
    await provider.connect()
    return provider
  }

  /** @param signer needed where the key says something of itself */
  codec (key: MinaKey, peer: MinaKey, signer?: MinaSigner): MinaClaims {
    return new MinaClaims({ chainId: CHAIN_ID, key, peer: peer.address, signer, signatures })
  }

  /** Until a challenge of so many seconds is over that has just begun. */
  async pass (secs: number): Promise<void> {
    const { slot } = await this.chain.block()
    await this.chain.slot(slot + Math.ceil(secs / SLOT_SECS) + SLOTS_TO_LIVE)
    await this.chain.block(CONFIRMATIONS + 1)
  }

  /** What an account has, with the fees that it has paid, and what it has paid for new accounts. nanomina */
  wallet ({ address }: MinaKey): Promise<bigint> {
    return walletOf(this.chain.url, address)
  }
}

async function chainOf (url: string, address: string): Promise<{ balance: bigint, blocks: Block[] }> {
  const query = `query { account(publicKey: "${address}") { balance { total } } bestChain(maxLength: 290) {
    protocolState { consensusState { blockHeight } }
    transactions {
      userCommands { fee amount source { publicKey } }
      zkappCommands { failureReason { failures } zkappCommand { feePayer { body { publicKey fee } } accountUpdates { body { publicKey balanceChange { magnitude sgn } } } } }
    } } }`
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) })
  const { data } = await response.json() as { data: { account: { balance: { total: string } }, bestChain: Block[] } }
  return { balance: BigInt(data.account.balance.total), blocks: data.bestChain }
}

/** What an account has, and what it has paid in fees and for new accounts. */
export async function walletOf (url: string, address: string): Promise<bigint> {
  const { fees, created, balance } = await historyOf(url, address)
  return balance + fees + created
}

/** What an account has sent, in words, with what it has paid in fees, and for new accounts. nanomina */
export async function historyOf (url: string, address: string): Promise<AccountHistory> {
  const { balance, blocks } = await chainOf(url, address)
  const found = { lines: [] as string[], fees: 0n, created: 0n, balance }
  for (const { protocolState: { consensusState: { blockHeight } }, transactions: { userCommands, zkappCommands } } of blocks) {
    for (const { fee, amount, source } of userCommands) {
      if (source.publicKey !== address) continue
      found.fees += BigInt(fee)
      found.lines.push(`block ${blockHeight}  pays ${BigInt(amount) / MINA} MINA`)
    }
    for (const { failureReason, zkappCommand: { feePayer: { body }, accountUpdates } } of zkappCommands) {
      const isSender = body.publicKey === address
      if (isSender) found.fees += BigInt(body.fee)
      const changes = accountUpdates.flatMap(({ body: { publicKey, balanceChange } }) => publicKey === address ? [balanceChange] : [])
      const isOpening = changes.some(({ magnitude, sgn }) => sgn === 'Negative' && magnitude === String(MINA))
      if (failureReason === null && isOpening) found.created += MINA
      if (!isSender) continue
      const moved = changes.filter(({ magnitude }) => magnitude !== '0' && (!isOpening || magnitude !== String(MINA)))
        .map(({ magnitude, sgn }) => `${sgn === 'Negative' ? '-' : '+'}${BigInt(magnitude) / MINA} MINA`)
      found.lines.push(`block ${blockHeight}  ${isOpening ? 'opens a channel' : 'calls a channel'} ${failureReason === null ? '' : '(failed) '}${moved.join(' ')}`)
    }
  }
  return found
}
