/** The adversary: it has all keys of its side, keeps every claim and consent of ours that it ever saw, and answers as its manners are. */
import * as IlpPacket from 'ilp-packet'
import { CHANNEL_PROTOCOL, CLAIM_PROTOCOL } from '../../../plugins/lib/channels/messages.js'
import type { Claim, CloseConsent } from '../../../plugins/lib/channels/types.js'
import { prepareOf } from '../../../src/packet/prepare.js'
import { FULFILL, prepare, reject, WRONG_FULFILL } from '../packets.js'
import type { ChainUnderTest, Identity } from './chain.js'
import { GOOD, type Manners } from './manners.js'
import { bytesEntry, jsonEntry, type Entry, type Reply, type Wire } from './wire.js'

/** An end of a channel that we have signed. */
export interface Granted {
  consent: CloseConsent
  signature: string
}

/** What it says that it has not used, or sees, when it exaggerates. */
const HUGE = 10n ** 15n
const NOBODY: [code: string, message: string] = ['F02', 'nobody is there']
const REFUSALS: Partial<Record<Manners['packet'], [code: string, message: string]>> = {
  refused: ['F06', 'Signature verification failed'],
  behind: ['F06', 'Nonce not monotonically increasing'],
  uncovered: ['F06', 'Claim amount does not cover packet'],
  unable: ['T00', 'the claim cannot be checked or kept now']
}

export class Mallory {
  manners: Manners = { ...GOOD }
  identity = 0
  /** Claims of ours, by channel, in the order in which they came. */
  readonly held = new Map<string, Claim[]>()
  readonly granted: Granted[] = []
  /** Claims of its own that it has sent, as texts. */
  readonly sent: string[] = []
  /** Of its packets that we have delivered. */
  delivered = 0n
  /** Told of each of our packets that it fulfills, by its data. */
  onFulfill: (name: string) => void = () => undefined
  readonly #late: Array<() => void> = []

  constructor (readonly chain: ChainUnderTest, readonly wire: Wire) {
    wire.onRequest = (entries, reply) => { void this.#answer(entries, reply) }
  }

  get own (): Identity {
    return this.chain.identities[this.identity]!
  }

  /** The best claim of ours on a channel. */
  bestClaim (channelId: string): Claim | undefined {
    return this.held.get(channelId)?.reduce((best, claim) => claim.total >= best.total ? claim : best)
  }

  /** Sends a packet of its own, with a claim or without. */
  async sendPacket (amount: bigint, claim?: string): Promise<void> {
    const entries = [bytesEntry('ilp', prepare({ destination: 'test.us.local', amount })), ...(claim === undefined ? [] : [claimEntry(claim)])]
    const answer = await this.wire.ask(entries)
    const reply = answer?.find(({ protocolName }) => protocolName === 'ilp')?.data
    if (reply?.[0] === IlpPacket.Type.TYPE_ILP_FULFILL) this.delivered += amount
  }

  async sendClaim (claim: string): Promise<void> {
    await this.wire.ask([claimEntry(claim)])
  }

  async say (message: Record<string, unknown>): Promise<void> {
    await this.wire.ask([jsonEntry(CHANNEL_PROTOCOL, message)])
  }

  /** Answers the packets that it has kept waiting. */
  answerLate (): void {
    for (const answer of this.#late.splice(0)) answer()
  }

  async #answer (entries: readonly Entry[], reply: (answer: Reply) => void): Promise<void> {
    const found = (name: string): Buffer | undefined => entries.find(({ protocolName }) => protocolName === name)?.data
    const [packet, claim, message] = [found('ilp'), found(CLAIM_PROTOCOL), found(CHANNEL_PROTOCOL)]
    if (claim !== undefined) await this.#keep(claim)
    if (packet !== undefined) this.#answerPacket(packet, reply)
    else if (claim !== undefined) reply(this.#claimAnswer())
    else if (message !== undefined) reply(await this.#messageAnswer(JSON.parse(message.toString()) as Record<string, unknown>))
  }

  async #keep (text: Buffer): Promise<void> {
    const claim = this.own.codec.parse(text)
    if (claim.signer !== this.chain.ours || !await this.own.codec.verify(claim)) return
    this.held.set(claim.channelId, [...this.held.get(claim.channelId) ?? [], claim])
  }

  #answerPacket (packet: Buffer, reply: (answer: Reply) => void): void {
    const { data, amount } = prepareOf(packet)
    const how = amount === 0n ? 'reject' : this.manners.packet
    const fulfill = (): void => {
      this.onFulfill(data.toString())
      reply([bytesEntry('ilp', FULFILL)])
    }
    if (how === 'silence') return
    if (how === 'late') this.#late.push(fulfill)
    else if (how === 'fulfill') fulfill()
    else if (how === 'lie') reply([bytesEntry('ilp', WRONG_FULFILL), ...this.#beside()])
    else {
      const [code, message] = REFUSALS[how] ?? NOBODY
      reply([bytesEntry('ilp', reject(code, message)), ...this.#beside()])
    }
  }

  #beside (): Entry[] {
    switch (this.manners.beside) {
    case 'nothing': return []
    case 'junk': return [bytesEntry(CHANNEL_PROTOCOL, Buffer.from('{'))]
    case 'behind': return [jsonEntry(CHANNEL_PROTOCOL, { claim: 'behind' })]
    case 'refused': return [jsonEntry(CHANNEL_PROTOCOL, { claim: 'refused' })]
    }
  }

  #claimAnswer (): Reply {
    switch (this.manners.claim) {
    case 'take': return []
    case 'silence': return undefined
    case 'refuse': return 'error'
    case 'behind': return { error: 'Nonce not monotonically increasing' }
    }
  }

  async #messageAnswer (message: Record<string, unknown>): Promise<Reply> {
    switch (message.step) {
    case 'claims': return await this.#shows()
    case 'look': return await this.#sees(String(message.channelId))
    case 'open': return this.manners.opens === 'error'
      ? 'error'
      : [jsonEntry(CHANNEL_PROTOCOL, { stage: this.manners.opens, challengeSecs: 3 * 3600 })]
    case 'end': return await this.#ends(message)
    default: return 'error'
    }
  }

  async #shows (): Promise<Reply> {
    const { shows } = this.manners
    if (shows === 'error') return 'error'
    if (shows === 'silence') return undefined
    const best = [...this.held.values()].map(claims => claims.at(-1)!.text)
    const first = [...this.held.values()].map(claims => claims[0]!.text)
    const claims = shows === 'nothing' ? [] : shows === 'the first' ? first : shows === 'others' ? this.sent.slice(-3) : best
    const unused = shows === 'all unused' ? HUGE : 0n
    const forgeries = shows === 'forgeries' ? await this.#forgeries() : []
    const acknowledged = shows === 'nothing' ? [] : this.sent.slice(shows === 'the first' ? 0 : -3).slice(0, 3)
    return [jsonEntry(CHANNEL_PROTOCOL, { claims: [...claims, ...forgeries], unused, acknowledged: [...acknowledged, ...forgeries] })]
  }

  /** Claims in our name, and in its own, on each channel: more than anybody ever signed for. */
  async #forgeries (): Promise<string[]> {
    const channels = await this.chain.channels()
    const texts = await Promise.all(channels.map(async ({ channelId, theirs }) => {
      const { text } = await this.own.codec.make({ channelId, nonce: 9_000_000_000n, total: theirs.deposit, senderId: 'x' })
      return [text, text.replaceAll(this.own.address, this.chain.ours)]
    }))
    return texts.flat()
  }

  async #sees (channelId: string): Promise<Reply> {
    const { sees } = this.manners
    if (sees === 'error') return 'error'
    if (sees === 'silence') return undefined
    const channel = (await this.chain.channels()).find(channel => channel.channelId === channelId)
    const seen = sees === 'nothing' ? 0n : sees === 'more' ? HUGE : channel?.ours.deposit ?? 0n
    return [jsonEntry(CHANNEL_PROTOCOL, { seen })]
  }

  async #ends (message: Record<string, unknown>): Promise<Reply> {
    const { channelId, least, pays, validUntil } = message
    if (typeof message.claim === 'string') await this.#keep(Buffer.from(message.claim))
    if (message.least === undefined) return await this.#answersEnd(() => this.#endAsPayee(String(channelId)))
    const granted: Granted = {
      consent: { channelId: String(channelId), least: BigInt(String(least)), pays: BigInt(String(pays)), validUntil: Number(validUntil) },
      signature: String(message.consent)
    }
    this.granted.push(granted)
    return await this.#answersEnd(() => this.bring(granted))
  }

  async #answersEnd (bring: () => Promise<void>): Promise<Reply> {
    const { ends } = this.manners
    if (ends === 'refuse') return 'error'
    if (ends === 'silence') return undefined
    if (ends === 'bring') await bring().catch(() => undefined)
    return [jsonEntry(CHANNEL_PROTOCOL, { agreed: true })]
  }

  /** Where the payee of a channel ends it alone, we only ask it to: nothing is signed. */
  async #endAsPayee (channelId: string): Promise<void> {
    const claim = this.bestClaim(channelId)
    if (claim !== undefined) await this.chain.act(this.own, { do: 'redeem', channelId, claim: Buffer.from(claim.text) })
    await this.chain.act(this.own, { do: 'close', channelId })
  }

  /** Brings an end to the chain that we have signed, with the best claim of ours. Rejects when the chain does. */
  async bring ({ consent, signature }: Granted): Promise<void> {
    const { channelId } = consent
    const claim = this.bestClaim(channelId)
    const channel = (await this.chain.channels()).find(channel => channel.channelId === channelId)
    const by = this.chain.identities.find(({ address }) => address === channel?.address) ?? this.own
    await this.chain.act(by, { do: 'closeTogether', consent, signature, claim: claim && Buffer.from(claim.text) })
  }
}

function claimEntry (text: string): Entry {
  return { protocolName: CLAIM_PROTOCOL, contentType: 1, data: Buffer.from(text) }
}
