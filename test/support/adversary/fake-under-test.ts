/** The chain in memory, as the adversary attacks it. */
import { ChainError } from '../../../plugins/lib/channels/types.js'
import { FAKE_CHAINS, FAKE_PAYCHAN_PLUGIN } from '../modules/fake-paychan-plugin.js'
import { FakeChain, TWO_WAY, type FakeFeatures } from '../channels/fake-chain.js'
import { FakeCodec } from '../channels/fake-codec.js'
import type { ChainAct, ChainUnderTest, Identity, OpenChannel, Weather } from './chain.js'

const TOKENS = 1_000_000n
/** Of a channel that cannot be empty. */
const FIRST_DEPOSIT = 500n
let chains = 0

export class FakeUnderTest implements ChainUnderTest {
  readonly ours = 'us'
  readonly identities: [Identity, Identity]
  readonly plugin = FAKE_PAYCHAN_PLUGIN
  readonly patienceMs = 0
  readonly beginsMs = Date.now()
  readonly #chain: FakeChain
  readonly #name = `chain-${++chains}`
  #acts = 0

  constructor (features: FakeFeatures = TWO_WAY) {
    this.#chain = new FakeChain(features)
    this.identities = [identity('mallory', features), identity('malory', features)]
    FAKE_CHAINS.set(this.#name, this.#chain)
    for (const address of [this.ours, ...this.identities.map(({ address }) => address)]) this.#chain.balances.set(address, TOKENS)
  }

  get activity (): number {
    return this.#chain.transactions.length
  }

  optionsFor (peerAddress: string): Record<string, unknown> {
    return { chain: this.#name, address: this.ours, peerAddress }
  }

  wallet (address: string): Promise<bigint> {
    return Promise.resolve(this.#chain.balances.get(address) ?? 0n)
  }

  channels (): Promise<OpenChannel[]> {
    const open = [...this.#chain.channels.values()].filter(({ status }) => status !== 'settled')
    return Promise.resolve(open.map(({ id, sides, addresses, status, challengeSecs }) => {
      const address = addresses.find(party => party !== this.ours) ?? ''
      const [ours, theirs] = [sides[this.ours]!, sides[address]!]
      return {
        channelId: id,
        address,
        challengeSecs,
        isClosing: status === 'closing',
        ours: { deposit: ours.deposit, redeemed: theirs.claimed },
        theirs: { deposit: theirs.deposit, redeemed: ours.claimed }
      }
    }))
  }

  async act (by: Identity, act: ChainAct): Promise<void> {
    const provider = this.#chain.provider(by.address)
    const id = `act-${++this.#acts}`
    switch (act.do) {
    case 'open': {
      const first = provider.features.opening === 'funded' ? FIRST_DEPOSIT : undefined
      await provider.openChannel(this.ours, act.challengeSecs, id, first)
      return
    }
    case 'deposit': {
      const { channelId, into, amount } = act
      const { sides } = this.#chain.channel(channelId)
      if (into === 'theirs') { await provider.deposit(channelId, (sides[by.address]?.deposit ?? 0n) + amount, id); return }
      this.#chain.depositFor(by.address, channelId, this.ours, amount)
      return
    }
    case 'redeem': { await provider.redeem(by.codec.parse(act.claim), id); return }
    case 'close': {
      const isPayee = provider.features.ends === 'payee' && this.#chain.channel(act.channelId).addresses[1] === by.address
      await (isPayee ? provider.closeAsPayee(act.channelId, undefined, id) : provider.close(act.channelId, id))
      return
    }
    case 'settle': { await provider.settle(act.channelId, id); return }
    case 'closeTogether': await provider.closeTogether(act.consent, act.signature, act.claim && by.codec.parse(act.claim), id)
    }
  }

  async isSigned (claim: Buffer): Promise<boolean> {
    const { codec } = this.identities[0]
    return await codec.verify(codec.parse(claim))
  }

  async pass (): Promise<void> {
    await Promise.resolve() // its clock is Date
  }

  setWeather (weather: Weather): void {
    this.#chain.setStale(weather === 'stale')
    this.#chain.fault = (_call, address) => {
      if (weather === 'away' && address === this.ours) throw new ChainError('no answer', false)
    }
  }

  stop (): void {
    FAKE_CHAINS.delete(this.#name)
  }

  takeBack (channelId: string): void {
    this.#chain.takeBack(channelId)
  }
}

function identity (address: string, { nonces, exact }: FakeFeatures): Identity {
  return { address, codec: new FakeCodec(address, nonces, exact) }
}
