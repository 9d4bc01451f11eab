/** What each operation comes to, by what the chain says for good: whether it is done, can be done, or can never be. */
import { ChainError, type Claim, type CloseConsent } from '../../lib/channels/types.js'
import { termsOf } from '../claims.js'
import { isSignedBy, type SolanaKey } from '../ed25519.js'
import { channelIdOf, readChannelId, WRAPPED_SOL, type ChannelId } from '../formats.js'
import { claimMessage, termsMessage, type Place } from '../messages.js'
import { laneOf, LANES, lanesOf, tokenAccountOf, type Contract } from './addresses.js'
import { BIRTH_SLOTS, decodeChannel, isMoot, sideOf, type ChannelAccount, type Moment } from './channel-account.js'
import type { Connection } from './connection.js'
import {
  channelWith, claim, close, cooperativeClose, createTokenAccount, deposit, initialize, settle, transferLamports,
  type Channel, type Instruction
} from './instructions.js'
import type { Call } from './operations.js'
import type { Commitment, Reading } from './reader.js'
import { amountIn } from './token.js'
import type { Plan } from './transactions.js'

const CHANNEL_BYTES = 216
const TOKEN_ACCOUNT_BYTES = 165
/** In lamports: ten times what the larger of both accounts takes. */
const MOST_RENT = 24_000_000
/** Of what is at stake, this part may be offered for priority when the time is short. */
const STAKE_PART = 100n
const LAMPORTS_IN_SOL = 10n ** 9n

/** What the chain has of a channel for good. */
export type Found = Moment & ({ channel: ChannelAccount, isOver: false } | { channel: ChannelAccount | undefined, isOver: true })

export interface PlansOptions {
  chain: () => Connection
  contract: () => Promise<Contract & Place>
  signer: SolanaKey
  commitment: Commitment
  /** In lamports. */
  maxPriorityFee: bigint
  /** What one SOL is worth, in token units. Undefined: not known, but for SOL itself. */
  nativePrice?: bigint | undefined
  /** Rejects while the chain cannot be asked, and with a final ChainError where there never was such a channel. */
  find: (channelId: string) => Promise<Found>
  /** Calls that are under way. */
  underWay: () => Call[]
}

export class Plans {
  readonly #options: PlansOptions
  readonly #rents = new Map<number, Promise<bigint>>()

  constructor (options: PlansOptions) {
    this.#options = options
  }

  /** A free lane, and an instance of now. Rejects with a final ChainError when all are in use. */
  async opening (peer: string, challengeSecs: number): Promise<Extract<Call, { kind: 'open' }>> {
    const { chain, contract, signer, underWay } = this.#options
    const slot = Number(await chain().rpc.call('getSlot', { commitment: 'confirmed' }))
    const taken = new Set(underWay().flatMap(call => call.kind === 'open' && call.peer === peer ? call.lane : []))
    for (const { account, lane } of await lanesOf(await contract(), signer.address, peer)) {
      const readings = await Promise.all((['finalized', 'confirmed'] as const).map(commitment => chain().read(account, commitment)))
      const isFree = readings.every(reading => channelIn(reading) === undefined)
      if (isFree && !taken.has(lane)) return { kind: 'open', peer, challengeSecs, lane, instance: String(slot) }
    }
    throw new ChainError(`there are ${LANES} open channels to this peer already, and the program knows no more. peer=${peer} Close one of them first.`, true)
  }

  /** @throws ChainError, final, when nobody would take what is signed there */
  async redeeming ({ channelId, nonce, total, signer, signature }: Claim): Promise<Call> {
    const id = idOf(channelId)
    const bytes = Buffer.from(signature, 'base64')
    if (signer === this.#options.signer.address) throw new ChainError('the claim is our own: it is for the peer to redeem', true)
    if (!isSignedBy(signer, claimMessage(await this.#options.contract(), id, nonce, total), bytes)) throw new ChainError('the signature of the claim is wrong', true)
    const { channel } = await this.#options.find(channelId)
    if (channel?.parties.includes(signer) !== true) throw new ChainError('the claim is of nobody who has a part in the channel', true)
    return { kind: 'redeem', channelId, nonce: String(nonce), total: String(total), signature: bytes.toString('hex') }
  }

  /** With our signature beside the peer's. @throws ChainError, final, when the terms are not the peer's, or grant us less than its claim */
  async together (consent: CloseConsent, signature: string, best: Claim | undefined): Promise<Call> {
    const { contract, signer, find } = this.#options
    const id = idOf(consent.channelId)
    const { channel } = await find(consent.channelId)
    const peer = channel?.parties.find(party => party !== signer.address)
    const terms = peer === undefined ? undefined : termsOf(consent, peer, signer.address)
    if (peer === undefined || terms === undefined) throw new ChainError('there is no such channel to end, or no such terms', true)
    const message = termsMessage(await contract(), id, terms)
    const theirs = Buffer.from(signature, 'base64')
    if (!isSignedBy(peer, message, theirs)) throw new ChainError('the peer has not signed these terms', true)
    if (best !== undefined && best.total > consent.pays) {
      throw new ChainError(`the peer agrees to pay less than its claim says. pays=${consent.pays} claim=${best.total}`, true)
    }
    const [one, other] = [theirs, await signer.signMessage(message)].map(bytes => bytes.toString('hex')) as [string, string]
    const signatures: [string, string] = channel?.parties[0] === peer ? [one, other] : [other, one]
    const { paidA, paidB, validUntil } = terms
    return { kind: 'together', channelId: consent.channelId, paidA: String(paidA), paidB: String(paidB), validUntil: String(validUntil), signatures }
  }

  /** @param isBegun something of it was sent before: it may be done by now */
  async plan (call: Call, isBegun: boolean): Promise<Plan> {
    if (call.kind === 'open') return await this.#open(call)
    const found = await this.#options.find(call.channelId)
    const { channel } = found
    if (found.isOver) return call.kind === 'settle' || isBegun ? { step: 'done' } : refused('the channel is over')
    if (channel === undefined) return refused('there is no such channel')
    switch (call.kind) {
    case 'deposit': return await this.#deposit(call, channel, isBegun)
    case 'redeem': return await this.#redeem(call, channel, found, isBegun)
    case 'close': return await this.#close(call, channel, isBegun)
    case 'together': return await this.#together(call, channel, found, isBegun)
    case 'settle': return await this.#settle(call, channel, found)
    }
  }

  /** The address of what the call is about. */
  async accountOf (call: Call): Promise<string> {
    const { contract, signer } = this.#options
    return call.kind === 'open' ? await laneOf(await contract(), signer.address, call.peer, call.lane) : idOf(call.channelId).account
  }

  async #open (call: Extract<Call, { kind: 'open' }>): Promise<Plan> {
    const { chain, contract, signer, commitment } = this.#options
    const account = await this.accountOf(call)
    const reading = await chain().read(account, commitment)
    const instance = BigInt(call.instance)
    const there = channelIn(reading)
    if (there?.instance === instance) return { step: 'done' }
    if (there !== undefined || BigInt(reading.slot) > instance + BIRTH_SLOTS) { // it can never come
      const next = await this.opening(call.peer, call.challengeSecs)
      return await this.#open(next)
    }
    const { slot } = await chain().read(account, 'confirmed')
    if (BigInt(slot) > instance + BIRTH_SLOTS) return { step: 'wait', why: 'the instance is too old, and may be in a block that is not final yet' }
    const channel = await channelWith(await contract(), { account, instance }, signer.address, call.peer)
    const rents = await Promise.all([[account, CHANNEL_BYTES], [channel.vault, TOKEN_ACCOUNT_BYTES]].map(([address, bytes]) =>
      this.#rentFor(String(address), Number(bytes))))
    return this.#send(call, [...rents.flat(), initialize(channel, call.peer, call.lane, BigInt(call.challengeSecs))])
  }

  /** What is missing at the address: anybody may have sent something there before. */
  async #rentFor (address: string, bytes: number): Promise<Instruction[]> {
    const { chain, signer } = this.#options
    const [{ account }, rent] = await Promise.all([chain().read(address, 'confirmed'), this.#rent(bytes)])
    const missing = rent - (account?.lamports ?? 0n)
    return missing > 0n ? [transferLamports(signer.address, address, missing)] : []
  }

  #rent (bytes: number): Promise<bigint> {
    const known = this.#rents.get(bytes)
    if (known !== undefined) return known
    const asked = this.#options.chain().rpc.call('getMinimumBalanceForRentExemption', bytes).then(rentIn)
    this.#rents.set(bytes, asked)
    asked.catch(() => { this.#rents.delete(bytes) })
    return asked
  }

  async #deposit (call: Extract<Call, { kind: 'deposit' }>, channel: ChannelAccount, isBegun: boolean): Promise<Plan> {
    const { chain, contract, signer } = this.#options
    const total = BigInt(call.total)
    const deposited = channel.deposits[this.#side(channel)]
    if (deposited >= total) return { step: 'done' }
    if (channel.status !== 'open') return isBegun ? refused('the channel was closed meanwhile') : refused(`the channel is not open. status=${channel.status}`)
    if (!isBegun) {
      const { account } = await chain().read(await tokenAccountOf(signer.address, await contract()), 'confirmed')
      const has = amountIn(account)
      if (has < total - deposited) {
        const { mint } = await contract()
        return refused(`our address does not have enough of the token. address=${signer.address} token=${mint} has=${has} needed=${total - deposited}`)
      }
    }
    const named = await this.#named(call.channelId, channel)
    return this.#send(call, [deposit(named, signer.address, total)])
  }

  async #redeem (call: Extract<Call, { kind: 'redeem' }>, channel: ChannelAccount, now: Moment, isBegun: boolean): Promise<Plan> {
    const { signer } = this.#options
    const payer = this.#side(channel) === 0 ? 1 : 0
    const total = BigInt(call.total)
    const recorded = channel.transferred[payer]
    if (recorded >= total) return isBegun ? { step: 'done' } : refused(`the chain has recorded as much already. claim=${total} recorded=${recorded}`)
    if (channel.status === 'settled') return refused('the channel is settled')
    if (total > channel.deposits[payer]) return refused(`the claim exceeds the payer's deposit. claim=${total} deposit=${channel.deposits[payer]}`)
    const named = await this.#named(call.channelId, channel)
    const ours = await this.#missing(named, signer.address)
    const instructions = claim(named, channel.parties[payer], BigInt(call.nonce), total, Buffer.from(call.signature, 'hex'))
    return this.#send(call, [...ours, ...instructions], this.#urgency(channel, now, total - recorded))
  }

  async #close (call: Extract<Call, { kind: 'close' }>, channel: ChannelAccount, isBegun: boolean): Promise<Plan> {
    if (channel.status !== 'open') return isBegun ? { step: 'done' } : refused(`the channel is not open. status=${channel.status}`)
    return this.#send(call, [close(await this.#named(call.channelId, channel), this.#options.signer.address)])
  }

  async #together (call: Extract<Call, { kind: 'together' }>, channel: ChannelAccount, now: Moment, isBegun: boolean): Promise<Plan> {
    const terms = { paidA: BigInt(call.paidA), paidB: BigInt(call.paidB), validUntil: BigInt(call.validUntil) }
    if (channel.status === 'settled') return isBegun ? { step: 'done' } : refused('the channel is settled')
    if (now.timeMs > Number(terms.validUntil) * 1000) return refused('what the peer has signed is void by now')
    if (terms.paidA < channel.transferred[0] || terms.paidB < channel.transferred[1]) return refused('the terms say less than a claim that the chain has recorded')
    if (isTooYoung(channel, now)) return { step: 'wait', why: 'a channel cannot end in its first minute' }
    const named = await this.#named(call.channelId, channel)
    const [a, b] = call.signatures.map(hex => Buffer.from(hex, 'hex')) as [Buffer, Buffer]
    const gets = payoutsOf(channel, [terms.paidA, terms.paidB])
    const accounts = await this.#accountsFor(named, channel, gets)
    const most = this.#urgency(channel, now, gets[this.#side(channel)])
    return this.#send(call, [...accounts, ...cooperativeClose(named, terms, [a, b])], most)
  }

  async #settle (call: Extract<Call, { kind: 'settle' }>, channel: ChannelAccount, now: Moment): Promise<Plan> {
    const gets = payoutsOf(channel, channel.transferred)
    const us = this.#side(channel)
    if (channel.status === 'settled' && gets[us] <= channel.withdrawn[us]) return { step: 'done' }
    if (channel.status === 'open') return refused('the channel is open: close it first')
    if (channel.status === 'closing' && !isMoot(channel)) {
      const until = channel.closedAt + channel.challengeSecs
      const isOver = now.timeMs >= Number(until) * 1000 && BigInt(now.slot) >= channel.closedSlot + channel.challengeSecs
      if (!isOver) return refused(`the other party can object until ${new Date(Number(until) * 1000).toISOString()}, and until slot ${channel.closedSlot + channel.challengeSecs}`)
    }
    if (channel.status === 'closing' && isTooYoung(channel, now)) return { step: 'wait', why: 'a channel cannot end in its first minute' }
    const named = await this.#named(call.channelId, channel)
    return this.#send(call, [...await this.#accountsFor(named, channel, gets), settle(named)])
  }

  /**
   * Makes the accounts that something is paid to, where they are missing: ours, and the peer's in a channel of ours, because then its rent
   * comes back. In a channel that the peer has opened it would be a gift, as often as the peer closes that account: it waits for its owner.
   */
  async #accountsFor (named: Channel, { parties, opener }: ChannelAccount, gets: readonly [bigint, bigint]): Promise<Instruction[]> {
    const { signer: { address } } = this.#options
    const isWorth = (party: string): boolean => party === address || parties[opener === 0 ? 0 : 1] === address
    const paid = parties.filter((party, side) => (gets[side] ?? 0n) > 0n && isWorth(party))
    const made = await Promise.all(paid.map(party => this.#missing(named, party)))
    return made.flat()
  }

  async #missing (named: Channel, owner: string): Promise<Instruction[]> {
    const { chain, signer } = this.#options
    const { account } = await chain().read(named.tokenAccounts[named.parties.indexOf(owner) === 0 ? 0 : 1], 'confirmed')
    return account === undefined ? [createTokenAccount(signer.address, named, owner)] : []
  }

  #send (call: Call, instructions: Instruction[], most = this.#options.maxPriorityFee): Plan {
    return { step: 'send', call, instructions, most }
  }

  /** In the last quarter of a challenge a part of what is at stake may be spent, where its worth in lamports is known. */
  #urgency (channel: ChannelAccount, now: Moment, stake: bigint): bigint {
    const { nativePrice = channel.mint === WRAPPED_SOL ? LAMPORTS_IN_SOL : 0n, maxPriorityFee } = this.#options
    if (nativePrice === 0n || channel.status !== 'closing') return maxPriorityFee
    const left = channel.closedAt + channel.challengeSecs - BigInt(Math.floor(now.timeMs / 1000))
    const part = stake * LAMPORTS_IN_SOL / nativePrice / STAKE_PART
    return left * 4n <= channel.challengeSecs && part > maxPriorityFee ? part : maxPriorityFee
  }

  async #named (channelId: string, channel: ChannelAccount): Promise<Channel> {
    const opener = channel.parties[channel.opener === 0 ? 0 : 1]
    const peer = channel.parties[channel.opener === 0 ? 1 : 0]
    return await channelWith(await this.#options.contract(), idOf(channelId), opener, peer)
  }

  #side (channel: ChannelAccount): 0 | 1 {
    const side = sideOf(channel, this.#options.signer.address)
    if (side === undefined) throw new ChainError('we have no part in the channel', true)
    return side
  }
}

/** The channel in an account. Undefined where it is missing. */
export function channelIn ({ account }: Reading): ChannelAccount | undefined {
  return account === undefined ? undefined : decodeChannel(account.data)
}

export function openedId (account: string, { instance }: Extract<Call, { kind: 'open' }>): string {
  return channelIdOf({ account, instance: BigInt(instance) })
}

function idOf (channelId: string): ChannelId {
  const id = readChannelId(channelId)
  if (id === undefined) throw new ChainError(`this is not a channel of Solana: its account, a colon and its instance are expected. channelId=${channelId}`, true)
  return id
}

/** What each side gets in all, when each has paid the other so much. */
function payoutsOf ({ deposits }: ChannelAccount, [paidA, paidB]: readonly [bigint, bigint]): readonly [bigint, bigint] {
  return [deposits[0] - paidA + paidB, deposits[1] - paidB + paidA]
}

/** A node that asks for more would have all our SOL locked up in a channel, and none would be left for redeeming. */
function rentIn (lamports: unknown): bigint {
  if (typeof lamports === 'number' && Number.isInteger(lamports) && lamports >= 0 && lamports <= MOST_RENT) return BigInt(lamports)
  throw new ChainError(`the node asks for a rent that cannot be. lamports=${JSON.stringify(lamports).slice(0, 40)} most=${MOST_RENT}`, false)
}

function isTooYoung ({ instance }: ChannelAccount, { slot }: Moment): boolean {
  return BigInt(slot) <= instance + BIRTH_SLOTS
}

function refused (why: string): Plan {
  return { step: 'refused', why }
}
