/**
 * Claims for measurements: made before the clock runs, all of one size, and put into each packet's message. And the store of a node that
 * has channels with its peers: what a node knows of a chain is kept, so none is needed here.
 */
import { SILENT_LOG } from '../../src/contracts/logger.js'
import LeveldownStore from '../../stores/leveldown.js'
import { CLAIM_PROTOCOL } from '../../plugins/lib/channels/messages.js'
import { EvmClaims } from '../../plugins/evm/claims.js'
import { rawKeyOf, type EvmKey } from '../../plugins/evm/chain/signer.js'
import { PrepareTemplate } from './wire.js'

export const CHAIN = {
  chainId: 8453,
  rpcUrl: 'http://127.0.0.1:9', // nobody is there
  registryAddress: `0x${'11'.repeat(20)}`,
  tokenAddress: `0x${'22'.repeat(20)}`
}

const TOKEN_NETWORK = `0x${'33'.repeat(20)}`
export const KEYS = { node: `0x${'01'.repeat(32)}`, alice: `0x${'02'.repeat(32)}`, bob: `0x${'03'.repeat(32)}` }
const DEPOSIT = 10n ** 30n
const PACKET = 100n
/** So that all numbers in claims have the same number of digits. */
const FIRST_NONCE = 1_000_000n
const FIRST_AMOUNT = 10n ** 15n
/** Between so many the process answers pings: a peer that is silent is closed. */
const ANSWER_EVERY = 100
const ENTRY_HEADER_BYTES = 1 + CLAIM_PROTOCOL.length + 1 + 3

export const signers = { node: rawKeyOf(KEYS.node), alice: rawKeyOf(KEYS.alice), bob: rawKeyOf(KEYS.bob) }

export function codecOf (signer: EvmKey): EvmClaims {
  return new EvmClaims({ chainId: BigInt(CHAIN.chainId), tokenNetwork: TOKEN_NETWORK, token: CHAIN.tokenAddress }, signer)
}

function channelWith (peer: 'alice' | 'bob'): string {
  return `0x${(peer === 'alice' ? 'aa' : 'bb').repeat(32)}`
}

/** Claims of Alice, each for 100 more. */
export class Claims {
  #nonce = FIRST_NONCE
  readonly #texts: Buffer[] = []
  readonly #codec = codecOf(signers.alice)

  async prepare (count: number): Promise<void> {
    const wanted = this.#texts.length + count
    while (this.#texts.length < wanted) {
      this.#nonce++
      const amount = FIRST_AMOUNT + (this.#nonce - FIRST_NONCE) * PACKET
      const { text } = await this.#codec.make({ channelId: channelWith('alice'), nonce: this.#nonce, total: amount, senderId: 'test.alice' })
      this.#texts.push(Buffer.from(text))
      if (this.#texts.length % ANSWER_EVERY === 0) await new Promise(resolve => setImmediate(resolve))
    }
  }

  /** The next one; throws when none is left. */
  next (): Buffer {
    const text = this.#texts.shift()
    if (text === undefined) throw new Error('not enough claims were prepared for this rate')
    return text
  }
}

/** Prepares of 100 base units, each with the next claim. */
export class PaidTemplate extends PrepareTemplate {
  constructor (private readonly claims: Claims) {
    const data = claims.next() // its size counts; it is never sent
    super('test.bench.bob', 0, [{ protocolName: CLAIM_PROTOCOL, contentType: 1, data }], ENTRY_HEADER_BYTES + data.length)
  }

  override write (out: Buffer, at: number, requestId: number): void {
    super.write(out, at, requestId)
    const claim = this.claims.next()
    this.patch(out, at, claim, claim.length)
  }
}

/** What a node keeps of the chain and of channels with a great deposit on both sides. */
export async function writeRecords (path: string): Promise<void> {
  const store = new LeveldownStore({ path }, { log: SILENT_LOG })
  for (const peer of ['alice', 'bob'] as const) {
    for (const [key, value] of Object.entries(chainRecords())) await store.put(`plugin:${peer.length}:${peer}:${key}`, value)
    const { chainId, registryAddress, tokenAddress } = CHAIN
    const parties = `evm:${chainId} ${registryAddress}/${tokenAddress} ${signers[peer].address} ${signers.node.address}`
    for (const [key, value] of Object.entries(recordsOf(peer))) await store.put(`settlement:${parties.length}:${parties}:${key}`, value)
  }
  await store.close()
}

function chainRecords (): Record<string, string> {
  const { chainId, registryAddress, tokenAddress } = CHAIN
  return {
    [`evm:network:${chainId}:${registryAddress}:${tokenAddress}`]: TOKEN_NETWORK,
    [`evm:decimals:${chainId}:${tokenAddress}`]: '9',
    [`evm:symbol:${chainId}:${tokenAddress}`]: 'TKN'
  }
}

function recordsOf (peer: 'alice' | 'bob'): Record<string, string> {
  const party = (address: string): object => ({ address, deposit: String(DEPOSIT), redeemed: '0', nonce: '0' })
  const channelId = channelWith(peer)
  const channel = {
    state: {
      channelId, status: 'open', ours: party(signers.node.address), theirs: party(signers[peer].address), challengeSecs: 86_400, readAtMs: 0
    },
    shown: String(DEPOSIT),
    createdMs: 0,
    activityMs: Date.now(),
    seenMs: Date.now(),
    isGone: false
  }
  const amount = String(FIRST_AMOUNT)
  const best = { channelId, nonce: String(FIRST_NONCE), amount, signer: signers[peer].address, signature: '', text: '' }
  return {
    'paychan:channels': JSON.stringify({ opened: 1, channels: [channel] }),
    'paychan:received': JSON.stringify({
      unit: '9/9', name: 'bench', told: amount, offered: amount, books: '', tally: { best: { [channelId]: best }, used: amount, base: '0', skipped: '0' }
    })
  }
}
