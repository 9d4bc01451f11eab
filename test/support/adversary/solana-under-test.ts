/**
 * The plugin of Solana on a real RPC node with the program deployed, as the adversary attacks it: with real keys, transactions and claims.
 * The adversary signs whatever it likes; what becomes of it is decided by the program. No call here waits for a timer: those stand still.
 */
import { createPublicKey, verify } from 'node:crypto'
import { SolanaClaims, termsOf } from '../../../plugins/solana/claims.js'
import { lanesOf, TOKEN_PROGRAMS, type Contract, type Lane } from '../../../plugins/solana/chain/addresses.js'
import { decodeChannel, sideOf, type ChannelAccount } from '../../../plugins/solana/chain/channel-account.js'
import {
  channelWith, claim, close, cooperativeClose, deposit, initialize, settle, transferLamports, type Channel, type Instruction
} from '../../../plugins/solana/chain/instructions.js'
import { messageOf, wireOf } from '../../../plugins/solana/chain/wire.js'
import { bytesOf, channelIdOf, isBefore, readChannelId, u64 } from '../../../plugins/solana/formats.js'
import { termsMessage, type Place } from '../../../plugins/solana/messages.js'
import { recordOf } from '../../../plugins/lib/rpc/json-rpc.js'
import { CHAIN, type SolanaChain, type Wallet } from '../../../examples/solana-chain.js'
import { RpcProxy } from '../evm/rpc-proxy.js'
import type { ChainAct, ChainUnderTest, Identity, OpenChannel, Weather } from './chain.js'
import { StaleNode } from './stale-node.js'

const TOKENS = 1_000_000n
const POLLING_MS = 200
/** What stands before the bytes of a key (RFC 8410). */
const ED25519_DER = Buffer.from('302a300506032b6570032100', 'hex')
/** Of a channel's account and of its vault, in bytes. */
const BYTES = [216, 165] as const
/** The cluster makes one in so many ms. */
const SLOT_MS = 400

interface Party extends Identity {
  wallet: Wallet
}

interface Seen {
  account: string
  channel: ChannelAccount
}

export class SolanaUnderTest implements ChainUnderTest {
  readonly ours: string
  readonly identities: [Party, Party]
  readonly plugin = 'solana'
  readonly patienceMs = 1
  readonly #place: Place & Contract
  readonly #node = new StaleNode()
  #lanes: Lane[] = []
  #acts = 0

  private constructor (
    private readonly chain: SolanaChain, private readonly us: Wallet, others: [Wallet, Wallet], mint: string,
    private readonly proxy: RpcProxy, private readonly rents: readonly bigint[], readonly beginsMs: number
  ) {
    const { programId, genesis } = chain
    this.#place = { programId, mint, tokenProgram: TOKEN_PROGRAMS[0], genesis }
    this.ours = us.address
    const partyOf = (wallet: Wallet): Party =>
      ({ wallet, address: wallet.address, codec: new SolanaClaims({ genesis, programId, cluster: 'localnet' }, wallet.signer) })
    this.identities = [partyOf(others[0]), partyOf(others[1])]
    proxy.behaviour = this.#node.behaviour
  }

  /** A token of its own, and wallets. Before the clock stands still. */
  static async make (chain: SolanaChain): Promise<SolanaUnderTest> {
    const mint = await chain.createToken()
    const [us, ...others] = await Promise.all([1, 2, 3].map(() => chain.createWallet(mint, TOKENS))) as [Wallet, Wallet, Wallet]
    const rents = await Promise.all(BYTES.map(async bytes => BigInt(Number(await chain.rpc.call('getMinimumBalanceForRentExemption', bytes)))))
    const proxy = await new RpcProxy(chain.rpcUrl).start()
    const made = new SolanaUnderTest(chain, us, others, mint, proxy, rents, await chain.now() * 1000)
    const lanes = others.flatMap(({ address }) => [lanesOf(made.#place, us.address, address), lanesOf(made.#place, address, us.address)])
    made.#lanes = (await Promise.all(lanes)).flat()
    return made
  }

  get activity (): number {
    return this.#acts + this.proxy.methods.filter(method => method === 'sendTransaction').length
  }

  optionsFor (peerAddress: string): Record<string, unknown> {
    const { chain: { wsUrl }, proxy, us } = this
    const { programId, mint } = this.#place
    return {
      chain: { chainId: CHAIN, rpcUrl: proxy.url, wsUrl, programId, tokenMint: mint, keyId: us.key, confirmations: 1, rpsLimit: 10_000 },
      peerAddress,
      sameUnits: true,
      pollingIntervalMs: POLLING_MS
    }
  }

  wallet (address: string): Promise<bigint> {
    return this.chain.tokensOf(address, this.#place.mint)
  }

  async channels (): Promise<OpenChannel[]> {
    return (await this.#channels()).flatMap(({ account, channel }) => {
      const ours = sideOf(channel, this.ours)
      if (ours === undefined) return []
      const theirs = ours === 0 ? 1 : 0
      const side = (of: 0 | 1): OpenChannel['ours'] => ({ deposit: channel.deposits[of], redeemed: channel.transferred[of] })
      return [{
        channelId: channelIdOf({ account, instance: channel.instance }),
        address: channel.parties[theirs],
        challengeSecs: Number(channel.challengeSecs),
        isClosing: channel.status === 'closing',
        ours: side(ours),
        theirs: side(theirs)
      }]
    })
  }

  async act (by: Identity, act: ChainAct): Promise<void> {
    const { wallet: { signer, address } } = this.identities.find(({ address }) => address === by.address) ?? this.identities[0]
    const send = (...instructions: Instruction[]): Promise<void> => this.#send(instructions, signer)
    switch (act.do) {
    case 'open': { await send(...await this.#opening(address, act.challengeSecs)); return }
    case 'deposit': {
      if (act.into === 'ours') throw new Error('nobody fills the side of another party')
      const { channel, named } = await this.#found(act.channelId)
      const before = channel.deposits[sideOf(channel, address) ?? 0]
      await send(deposit(named, address, before + act.amount))
      return
    }
    case 'redeem': {
      const { channelId, nonce, total, signature, signer: payer } = by.codec.parse(act.claim)
      const { named } = await this.#found(channelId)
      await send(...claim(named, payer, nonce, total, Buffer.from(signature, 'base64')))
      return
    }
    case 'close': { await send(close((await this.#found(act.channelId)).named, address)); return }
    case 'settle': { await send(settle((await this.#found(act.channelId)).named)); return }
    case 'closeTogether': {
      const { named } = await this.#found(act.consent.channelId)
      const terms = termsOf(act.consent, this.ours, address)
      if (terms === undefined) throw new Error('no such terms')
      const own = await signer.signMessage(termsMessage(this.#place, named, terms))
      const granted = Buffer.from(act.signature, 'base64')
      await send(...cooperativeClose(named, terms, isBefore(address, this.ours) ? [own, granted] : [granted, own]))
    }
    }
  }

  /** By what the program builds and the precompile checks, and not by what our side believes. */
  isSigned (text: Buffer): Promise<boolean> {
    const { channelId, nonce, total, signer, signature } = this.identities[0].codec.parse(text)
    const { account, instance } = readChannelId(channelId)!
    const { genesis, programId } = this.#place
    const names = [genesis, programId, account].map(bytesOf)
    const message = Buffer.concat([Buffer.from('\xffSLUICE-CLAIM-V2', 'latin1'), ...names, ...[instance, nonce, total].map(u64)])
    const key = createPublicKey({ key: Buffer.concat([ED25519_DER, bytesOf(signer)]), format: 'der', type: 'spki' })
    const isTheirs = this.identities.some(({ address }) => address === signer)
    return Promise.resolve(isTheirs && verify(null, message, key, Buffer.from(signature, 'base64')))
  }

  /** Sets its clock to what the time will be, and its slots as far as they would be then. */
  async pass (ms: number): Promise<void> {
    const { net } = this.chain
    net.timeTravelToSlot(Number(await this.chain.rpc.call('getSlot', { commitment: 'processed' })) + Math.ceil(ms / SLOT_MS))
    const then = Date.now() + ms
    if (then > (await this.chain.now() + 1) * 1000) net.timeTravelToTimestamp(then) // on a slow machine it may be there already
  }

  setWeather (weather: Weather): void {
    if (weather === 'away') this.proxy.cut()
    else if (this.proxy.isCut) this.proxy.isCut = false
    if (weather === 'stale') this.#node.standStill()
    else this.#node.goOn()
  }

  stop (): void {
    this.proxy.stop().catch(() => undefined)
  }

  async #opening (opener: string, challengeSecs: number): Promise<Instruction[]> {
    const taken = new Set((await this.#channels()).map(({ account }) => account))
    const free = this.#lanes.find(lane => lane.opener === opener && !taken.has(lane.account))
    if (free === undefined) throw new Error('all lanes are taken')
    const instance = BigInt(Number(await this.chain.rpc.call('getSlot', { commitment: 'confirmed' })))
    const named = await channelWith(this.#place, { account: free.account, instance }, opener, this.ours)
    const rents = [named.account, named.vault].map((address, i) => transferLamports(opener, address, this.rents[i] ?? 0n))
    return [...rents, initialize(named, this.ours, free.lane, BigInt(challengeSecs))]
  }

  async #channels (): Promise<Seen[]> {
    const answer = await this.chain.rpc.call('getMultipleAccounts', this.#lanes.map(({ account }) => account), { encoding: 'base64', commitment: 'confirmed' })
    const values = recordOf(answer).value as unknown[]
    return values.flatMap((value, i) => {
      const [data] = (recordOf(value).data ?? []) as string[]
      const channel = data === undefined ? undefined : decodeChannel(Buffer.from(data, 'base64'))
      return channel === undefined || channel.status === 'settled' ? [] : [{ account: this.#lanes[i]?.account ?? '', channel }]
    })
  }

  /** Rejects where that life of it is over. */
  async #found (channelId: string): Promise<{ channel: ChannelAccount, named: Channel }> {
    const id = readChannelId(channelId)
    const found = (await this.#channels()).find(({ account, channel }) => account === id?.account && channel.instance === id.instance)
    if (id === undefined || found === undefined) throw new Error('there is no such channel')
    const { channel } = found
    const [opener, peer] = [channel.parties[channel.opener === 0 ? 0 : 1], channel.parties[channel.opener === 0 ? 1 : 0]]
    return { channel, named: await channelWith(this.#place, id, opener, peer) }
  }

  /** Rejects when the program does. */
  async #send (instructions: readonly Instruction[], signer: Wallet['signer']): Promise<void> {
    const { blockhash } = recordOf(recordOf(await this.chain.rpc.call('getLatestBlockhash', { commitment: 'confirmed' })).value)
    const message = messageOf(signer.address, instructions, String(blockhash))
    const raw = wireOf(message, [await signer.signTransaction(message)])
    const signature = await this.chain.rpc.call('sendTransaction', raw, { encoding: 'base64', preflightCommitment: 'confirmed' })
    this.#acts++
    for (let status; recordOf(status).confirmationStatus !== 'confirmed' && recordOf(status).confirmationStatus !== 'finalized';) {
      [status] = recordOf(await this.chain.rpc.call('getSignatureStatuses', [signature])).value as unknown[]
      const { err } = recordOf(status)
      if (err !== null && err !== undefined) throw new Error(JSON.stringify(err))
      await new Promise(resolve => { setImmediate(resolve) })
    }
  }
}
