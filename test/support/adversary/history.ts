/** Plays one history of acts between us and the adversary, and looks after each of them at what the adversary could win. */
import { strict as assert } from 'node:assert'
import type { CloseConsent } from '../../../plugins/lib/channels/types.js'
import type { Act } from './acts.js'
import type { ChainAct, ChainUnderTest, OpenChannel } from './chain.js'
import { Clock } from './clock.js'
import { GOOD } from './manners.js'
import { Mallory } from './mallory.js'
import { CHALLENGE_SECS, OurSide, type Mode } from './our-side.js'
import { Truth } from './truth.js'
import { Wire } from './wire.js'

/** What we look at now and then is looked at in so many seconds. */
const LOOK_SECS = 25
/** At the end, where the chain takes its time. */
const MORE_LOOKS = 20
/** How long an end that one has agreed to holds, with what clocks may differ. */
const CONSENT_SECS = 13 * 60
/** Of the longest challenge of a channel that we use. */
const LONGEST_CHALLENGE_SECS = 4 * CHALLENGE_SECS
const NOBODYS_SIGNATURE = 'nobody'

type OurAct = Extract<Act, { do: `we ${string}` }>

export class History {
  readonly #wire: Wire
  readonly #mallory: Mallory
  readonly #us: OurSide
  readonly #truth: Truth
  readonly #clock: Clock
  /** When the disk stops. */
  #stopsHow: 'crash' | 'cut' = 'crash'
  /** The channel that the chain took back last. */
  #gone: string | undefined

  private constructor (private readonly chain: ChainUnderTest, mode: Mode, wire: Wire, clock: Clock) {
    this.#wire = wire
    this.#clock = clock
    this.#mallory = new Mallory(chain, wire)
    this.#us = new OurSide(chain, wire.port, mode)
    this.#truth = new Truth(chain, this.#mallory, this.#us)
    this.#mallory.onFulfill = name => this.#us.fulfilled.add(name)
  }

  /** Rejects when the adversary wins something, or money of ours stays locked, or our side hangs or does not start. */
  static async play (chain: ChainUnderTest, mode: Mode, acts: readonly Act[]): Promise<void> {
    const wire = await new Wire().start()
    const clock = new Clock(chain.beginsMs, () => wire.activity + chain.activity, chain.patienceMs, async () => { await chain.breathe?.() })
    const history = new History(chain, mode, wire, clock)
    try {
      await history.#play(acts)
    } finally {
      history.#us.disk.stop()
      clock.restore()
      chain.stop()
      await wire.stop()
    }
  }

  async #play (acts: readonly Act[]): Promise<void> {
    await this.#truth.start()
    await this.#start()
    for (const act of acts) {
      await this.#take(act)
      await this.#clock.quiet()
      if (this.#us.disk.isStopped) await this.#again(this.#stopsHow)
      await this.#truth.check(act.do)
    }
    await this.#wantOut()
    await this.#clock.until(this.#us.shutdown(), 'shutdown')
  }

  async #start (): Promise<void> {
    await this.#clock.until(this.#us.start(), 'start')
    await this.#clock.quiet()
  }

  async #again (how: 'clean' | 'crash' | 'cut', entries?: Map<string, string>): Promise<void> {
    if (how === 'clean') await this.#clock.until(this.#us.shutdown(), 'shutdown')
    if (how === 'cut') this.#truth.powerCut()
    this.#us.again(how, entries)
    await this.#start()
  }

  /** Our operator closes all channels, the adversary does what is best for it, and all clocks run out. */
  async #wantOut (): Promise<void> {
    this.chain.setWeather('fine')
    this.#us.disk.stopAfter(Infinity)
    await this.#clock.pass(0, LOOK_SECS) // one that began while the chain was away has not reached it yet
    await this.#clock.quiet()
    const before = await this.#truth.locked()
    const closed = new Set<string>()
    await this.#closeOpen(closed, {})
    await this.#takeAll()
    for (const secs of [this.chain.endSecs ?? CONSENT_SECS, LONGEST_CHALLENGE_SECS, LOOK_SECS]) {
      await this.#pass(secs)
      await this.#closeOpen(closed, { cooperative: false })
      await this.#takeAll()
      await this.#clock.quiet()
    }
    for (let look = 0; look < MORE_LOOKS && (await this.#truth.locked()).length > 0; look++) await this.#pass(LOOK_SECS)
    await this.#truth.check('the end')
    const still = new Set((await this.#truth.locked()).map(({ channelId }) => channelId))
    assert.deepEqual(before.filter(({ channelId }) => still.has(channelId)), [], 'deposits of ours are locked for longer than the challenge and a consent')
  }

  /** Each once. A channel that was to end before a restart is open again when the peer has not ended it in time. */
  async #closeOpen (closed: Set<string>, how: { cooperative?: boolean }): Promise<void> {
    for (const { channelId, status } of await this.#us.channels.list()) {
      if (status !== 'open' || closed.has(channelId)) continue
      closed.add(channelId)
      loose(this.#us.channels.close!(channelId, how))
    }
    await this.#clock.quiet()
  }

  /** The adversary brings each end and each claim to the chain that it can. */
  async #takeAll (): Promise<void> {
    const { own } = this.#mallory
    for (const granted of this.#mallory.granted) await this.#mallory.bring(granted).catch(nothing)
    for (const { channelId, isClosing, address } of await this.chain.channels()) {
      const by = this.chain.identities.find(identity => identity.address === address) ?? own
      const best = this.#mallory.bestClaim(channelId)
      if (best !== undefined) await this.chain.act(by, { do: 'redeem', channelId, claim: Buffer.from(best.text) }).catch(nothing)
      if (isClosing) await this.chain.act(by, { do: 'settle', channelId }).catch(nothing)
    }
  }

  async #pass (secs: number): Promise<void> {
    this.chain.setWeather('fine') // nobody keeps what nobody lets him see
    await this.#clock.pass(0, LOOK_SECS)
    await this.#clock.quiet()
    await this.chain.pass(secs * 1000)
    await this.#clock.pass(secs * 1000, LOOK_SECS)
  }

  async #take (act: Act): Promise<void> {
    if (isOurs(act)) await this.#ours(act)
    else await this.#theirs(act)
  }

  async #theirs (act: Exclude<Act, OurAct>): Promise<void> {
    const mallory = this.#mallory
    switch (act.do) {
    case 'claim': { await this.#with(act.channel, ({ channelId }) => this.#claimOn(channelId, act)); return }
    case 'gone claim': { if (this.#gone !== undefined) await this.#claimOn(this.#gone, { ...act, nonce: 'next', by: 'key' }); return }
    case 'repeat': {
      const text = chosen(mallory.sent, act.claim)
      if (text === undefined) return
      loose(act.packet > 0n ? mallory.sendPacket(act.packet, text) : mallory.sendClaim(text))
      return
    }
    case 'our claim': {
      const claim = chosen([...mallory.held.values()].flat(), act.claim)
      if (claim !== undefined) loose(mallory.sendClaim(claim.text))
      return
    }
    case 'packet': { loose(mallory.sendPacket(act.amount)); return }
    case 'end': { await this.#end(act); return }
    case 'say': { loose(mallory.say({ step: act.step, channelId: (await this.chain.channels())[0]?.channelId ?? 'nowhere' })); return }
    case 'manners': { mallory.manners = { ...GOOD, ...act.manners }; return }
    case 'answer late': { mallory.answerLate(); return }
    case 'open': { await this.#onChain({ do: 'open', challengeSecs: act.challengeSecs }); return }
    case 'put in': {
      await this.#with(act.channel, async ({ channelId }) => {
        if (act.into === 'ours') this.#truth.gift(channelId, act.amount)
        await this.#onChain({ do: 'deposit', channelId, into: act.into, amount: act.amount })
      })
      return
    }
    case 'take out': {
      await this.#with(act.channel, async ({ channelId }) => {
        const claim = chosen(mallory.held.get(channelId) ?? [], act.claim)
        if (claim !== undefined) await this.#onChain({ do: 'redeem', channelId, claim: Buffer.from(claim.text) })
      })
      return
    }
    case 'close': { await this.#with(act.channel, ({ channelId }) => this.#onChain({ do: 'close', channelId })); return }
    case 'settle': { await this.#with(act.channel, ({ channelId }) => this.#onChain({ do: 'settle', channelId })); return }
    case 'bring': {
      const granted = chosen(mallory.granted, act.end)
      if (granted !== undefined) await mallory.bring(granted).catch(nothing)
      return
    }
    case 'cut': { this.#wire.cut(); return }
    case 'rekey': {
      mallory.identity = this.#us.identity = 1 - mallory.identity
      await this.#again('clean')
      return
    }
    case 'pass': { await this.#pass(act.secs); return }
    case 'weather': { this.chain.setWeather(act.weather); return }
    case 'take back': {
      await this.#with(act.channel, async ({ channelId }) => {
        if (this.chain.takeBack === undefined) return
        await this.#truth.takenBack(channelId)
        this.chain.takeBack(channelId)
        this.#gone = channelId
        this.chain.setWeather('fine')
        await this.#clock.pass(0, LOOK_SECS) // until we have looked, we cannot know
      })
      return
    }
    }
  }

  async #ours (act: OurAct): Promise<void> {
    const us = this.#us
    switch (act.do) {
    case 'we pay': { for (const amount of act.amounts) us.pay(amount); return }
    case 'we settle': { loose(us.settle(act.amount)); return }
    case 'we close': { await this.#with(act.channel, ({ channelId }) => { loose(us.channels.close!(channelId, { cooperative: act.cooperative })) }); return }
    case 'we put in': { await this.#with(act.channel, ({ channelId }) => { loose(us.channels.deposit!(channelId, act.amount)) }); return }
    case 'we redeem': { await this.#with(act.channel, ({ channelId }) => { loose(us.channels.redeem!(channelId)) }); return }
    case 'we end': {
      if (act.how === 'clean' || act.afterWrites === 0) { await this.#again(act.how); return }
      this.#stopsHow = act.how
      us.disk.stopAfter(act.afterWrites)
      return
    }
    case 'we readd': { await this.#clock.until(us.readd(), act.do); return }
    case 'we copy': { await this.#truth.copied(); return }
    case 'we restore': {
      const copy = await this.#truth.restored()
      if (copy !== undefined) await this.#again('clean', copy)
    }
    }
  }

  async #claimOn (channelId: string, { grows, nonce, by, packet }: Omit<Extract<Act, { do: 'claim' }>, 'do' | 'channel'>): Promise<void> {
    const mallory = this.#mallory
    const before = await this.#truth.lastSent(channelId)
    const amount = before.amount + grows > 0n ? before.amount + grows : 0n
    const next = nonce === 'next' ? before.nonce + 1n : nonce === 'same' ? before.nonce : before.nonce - 1n
    const { codec } = by === 'other key' ? this.chain.identities[1 - mallory.identity]! : mallory.own
    const { text } = await codec.make({ channelId, nonce: next > 0n ? next : 1n, total: amount, senderId: 'test.peer' })
    const sent = by === 'nobody' ? spoiled(text) : text
    mallory.sent.push(sent)
    loose(packet > 0n ? mallory.sendPacket(packet, sent) : mallory.sendClaim(sent))
  }

  async #end ({ channel, least, pays, valid, by }: Extract<Act, { do: 'end' }>): Promise<void> {
    const mallory = this.#mallory
    await this.#with(channel, async found => {
      const { channelId, ours } = found
      const owed = mallory.bestClaim(channelId)?.total ?? 0n
      const leastOf = { owed, nothing: 0n, all: ours.deposit, more: ours.deposit + 1n }
      const inSecs = { good: 540, short: 100, long: 10_000, past: -5 }
      const paysOf = { claimed: (await this.#truth.lastSent(channelId)).amount, nothing: 0n, unsaid: undefined }
      const terms = { channelId, least: leastOf[least], validUntil: Math.floor(Date.now() / 1000) + inSecs[valid] }
      const consent = { ...terms, pays: paysOf[pays] ?? 0n }
      const signature = by === 'nobody' ? NOBODYS_SIGNATURE : await this.#signed(consent, found)
      loose(mallory.say({ step: 'end', ...terms, pays: paysOf[pays], consent: signature, claim: mallory.sent.at(-1) }))
    })
  }

  /** Where the chain knows no end that two sign, nobody signs one. */
  async #signed (consent: CloseConsent, channel: OpenChannel): Promise<string> {
    return await this.#mallory.own.codec.signConsent?.(consent, this.#truth.stateFor(channel)) ?? NOBODYS_SIGNATURE
  }

  async #onChain (act: ChainAct): Promise<void> {
    await this.chain.act(this.#mallory.own, act).catch(nothing)
  }

  async #with (index: number, work: (channel: OpenChannel) => void | Promise<void>): Promise<void> {
    const channel = chosen(await this.chain.channels(), index)
    if (channel !== undefined) await work(channel)
  }
}

/** With a signature that nobody has made: in hex, or in base64 of numbers. */
function spoiled (claim: string): string {
  return claim.replace(/(?<before>"signature":"(?:0x)?)../, '$<before>00').replace(/("proof":".{12})..../, '$1MDAw')
}

function isOurs (act: Act): act is OurAct {
  return act.do.startsWith('we ')
}

/** What is refused, is. */
function loose (work: Promise<unknown>): void {
  work.catch(nothing)
}

function nothing (): void {
  // The chain and our side may refuse what they like; what counts is the money.
}

function chosen<T> (list: readonly T[], index: number): T | undefined {
  return list[index % list.length]
}
