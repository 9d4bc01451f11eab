/**
 * The promises every chain's part keeps to the settlement that uses it, as a mocha suite for authors of their own:
 * `channelProviderConformance('mine', () => startMyChain(), { features, weather: true })`. What a chain declares decides which of them it
 * has to keep.
 * The second half is a chain that fails and a peer that lies.
 */
import { expect } from 'chai'
import { expectStatements } from './key-statements.js'
import { ChainError, ClaimError, promised, waitingIn } from '../../plugins/lib/channels/types.js'
import type { ChannelFeatures, ChannelProvider, ChannelState, Claim, ClaimCodec, CloseConsent } from '../../plugins/lib/channels/types.js'

/** A party, with coins enough for fees and `tokens` outside channels. */
export interface ChainParty {
  /** Connected. */
  provider: ChannelProvider
  codec: ClaimCodec
  /** What it owns outside channels. */
  wallet (): Promise<bigint>
  /** Another provider of the same party with what the first had kept, as after a crash. Connected. */
  restart (): Promise<ChannelProvider>
}

export interface ChainUnderTest {
  /** Two parties that have no channels, and a third that has nothing to do with them. */
  parties: [ChainParty, ChainParty, ChainParty]
  /** The shortest challenge that channels can have. */
  challengeSecs: number
  /** Lets the chain's clock go on. */
  pass (secs: number): Promise<void>
  /** `away`: no call of the first party gets an answer until it is `fine` again. */
  setWeather? (weather: 'fine' | 'away'): void
  /** Takes a channel back as if it had never been opened. */
  takeBack? (channelId: string): Promise<void>
  stop? (): Promise<void> | void
}

/** What the chain is like, and what its test can do to it. */
export interface DeclaredChain {
  features: ChannelFeatures
  /** Where channels end by consent: both sign the exact terms, and those are paid whatever claims there are. */
  exact?: boolean | undefined
  /** It has `setWeather`. */
  weather?: boolean
  /** It has `takeBack`: its blocks can be replaced by others. */
  takesBack?: boolean
}

const DEPOSIT = 1000n
const NOWHERE = Symbol('undefined')

/** @param start called for each test */
export function channelProviderConformance (
  name: string, start: () => Promise<ChainUnderTest>, { features, exact = false, weather = false, takesBack = false }: DeclaredChain
): void {
  describe(`channel provider conformance: ${name}`, () => {
    let chain: ChainUnderTest
    let us: ChainParty
    let them: ChainParty
    let walletsBefore: bigint[]

    beforeEach(async () => {
      chain = await start()
      ;[us, them] = chain.parties
      walletsBefore = await Promise.all([us.wallet(), them.wallet()])
    })
    afterEach(async () => { await chain.stop?.() })

    /** We open a channel and have `deposit` in it. */
    async function openBy ({ provider }: ChainParty, peer: ChainParty, deposit = DEPOSIT, id = 'open'): Promise<string> {
      const isFunded = features.opening === 'funded'
      const { channelId } = await provider.openChannel(peer.provider.address, chain.challengeSecs, id, isFunded ? deposit : undefined)
      if (!isFunded && deposit > 0n) await provider.deposit(channelId, deposit, `${id}:deposit`)
      return channelId
    }

    const stateOf = async ({ provider }: ChainParty, channelId: string): Promise<ChannelState> => {
      const state = await provider.getChannelState(channelId)
      if (state === undefined) throw new Error(`the chain does not have ${channelId}`)
      return state
    }

    const claimBy = ({ codec }: ChainParty, channelId: string, nonce: bigint, total: bigint): Promise<Claim> =>
      codec.make({ channelId, nonce, total, senderId: 'test' })

    /** Takes what waits, where payouts are taken. */
    async function takeOut (party: ChainParty, channelId: string): Promise<void> {
      const state = await party.provider.getChannelState(channelId)
      if (state === undefined || waitingIn(state) === 0n) return
      await promised(party.provider.withdraw?.(channelId, `withdraw:${state.payout?.granted}`), 'withdraw')
    }

    const gains = async (): Promise<bigint[]> => {
      const now = await Promise.all([us.wallet(), them.wallet()])
      return now.map((amount, i) => amount - walletsBefore[i]!)
    }

    it('declares what it is like', () => {
      for (const { provider } of chain.parties) expect(provider.features).to.deep.equal(features)
    })

    it('knows what a key has said of itself, and what it has not', async () => { await expectStatements(us, them) })

    describe('a channel', () => {
      it('looks the same from both ends when it is open', async () => {
        const channelId = await openBy(us, them)
        const [ours, theirs] = [await stateOf(us, channelId), await stateOf(them, channelId)]
        expect([ours.status, ours.ours.address, ours.ours.deposit, ours.theirs.deposit, ours.challengeSecs])
          .to.deep.equal(['open', us.provider.address, DEPOSIT, 0n, chain.challengeSecs])
        expect([theirs.theirs, theirs.ours, theirs.status]).to.deep.equal([ours.ours, ours.theirs, ours.status])
        expect([ours.payer, theirs.payer]).to.deep.equal(features.directions === 'one' ? ['us', 'them'] : [undefined, undefined])
        expect((await gains())[0], 'what went in').to.equal(-DEPOSIT)
      })

      it('is found by both, the oldest first, and by nobody else', async () => {
        const [first, second] = [await openBy(us, them), await openBy(us, them, DEPOSIT, 'second')]
        for (const [party, peer] of [[us, them], [them, us]] as const) {
          const found = await party.provider.findChannels(peer.provider.address)
          expect(found.map(({ channelId }) => channelId)).to.deep.equal([first, second])
        }
        const [, , stranger] = chain.parties
        expect(await stranger.provider.findChannels(us.provider.address)).to.deep.equal([])
        expect(await stranger.provider.getChannelState(first) ?? NOWHERE, 'of others').to.equal(NOWHERE)
      })

      it('takes more, up to a total, once for an operation', async () => {
        const channelId = await openBy(us, them)
        await Promise.all(['more', 'more'].map(id => us.provider.deposit(channelId, 1500n, id)))
        await us.provider.deposit(channelId, 1500n, 'more')
        expect([(await stateOf(us, channelId)).ours.deposit, (await gains())[0]]).to.deep.equal([1500n, -1500n])
      })

      it('is opened once for an operation, also after a crash', async () => {
        const channelId = await openBy(us, them)
        const again = await us.restart()
        const { channelId: same } = await again.openChannel(them.provider.address, chain.challengeSecs, 'open',
          features.opening === 'funded' ? DEPOSIT : undefined)
        expect(same).to.equal(channelId)
        expect(await again.findChannels(them.provider.address)).to.have.lengthOf(1)
      })

      it('takes no more than we own, and says that nothing of it was begun', async () => {
        const channelId = await openBy(us, them)
        const error = await failure(us.provider.deposit(channelId, walletsBefore[0]! + 1n, 'too much'))
        expect([error.isFinal, (await stateOf(us, channelId)).ours.deposit]).to.deep.equal([true, DEPOSIT])
      })
    })

    describe('a claim', () => {
      it('is read as it was made, and is its signer\'s', async () => {
        const channelId = await openBy(us, them)
        const claim = await claimBy(us, channelId, 7n, 400n)
        const read = them.codec.parse(Buffer.from(claim.text))
        expect(read).to.deep.include({ channelId, total: 400n, nonce: features.nonces ? 7n : 400n, signer: us.provider.address })
        expect(await them.codec.verify(read)).to.equal(true)
      })

      it('pays out what it grants beyond what was redeemed, once for an operation', async () => {
        const channelId = await openBy(us, them)
        await them.provider.redeem(await claimBy(us, channelId, 1n, 300n), 'first')
        await takeOut(them, channelId)
        const claim = await claimBy(us, channelId, 2n, 700n)
        await Promise.all([them.provider.redeem(claim, 'second'), them.provider.redeem(claim, 'second')])
        await takeOut(them, channelId)
        expect(await gains()).to.deep.equal([-DEPOSIT, 700n])
        expect([(await stateOf(us, channelId)).ours.redeemed, (await stateOf(them, channelId)).theirs.redeemed]).to.deep.equal([700n, 700n])
      })
    })

    describe('the end by challenge', () => {
      it('pays out both, and not before the challenge is over; the payee can redeem until then', async () => {
        const channelId = await openBy(us, them)
        await us.provider.close(channelId, 'close')
        const closing = await stateOf(us, channelId)
        expect(closing.status).to.equal('closing')
        expect(closing.settleableAt).to.be.a('number').above(closing.readAtMs)
        expect((await failure(us.provider.settle(channelId, 'early'))).isFinal).to.equal(true)
        await them.provider.redeem(await claimBy(us, channelId, 3n, 400n), 'redeem')
        await chain.pass(chain.challengeSecs + 1)
        await us.provider.settle(channelId, 'settle')
        await Promise.all([takeOut(us, channelId), takeOut(them, channelId)])
        expect((await stateOf(us, channelId)).status).to.equal('settled')
        expect(await gains()).to.deep.equal([-400n, 400n])
        expect(await us.provider.findChannels(them.provider.address)).to.deep.equal([])
      })

      it('is seen by the peer at once', async () => {
        const channelId = await openBy(us, them)
        await us.provider.close(channelId, 'close')
        expect((await them.provider.getChannelState(channelId, 'latest'))?.status).to.equal('closing')
      })
    })

    if (features.ends !== 'challenge') describe('the end without a challenge', () => {
      it('pays out the net in one transaction, with the best claim', async () => {
        const channelId = await openBy(us, them)
        const claim = await claimBy(us, channelId, 1n, 600n)
        if (features.ends === 'payee') await promised(them.provider.closeAsPayee?.(channelId, claim, 'end'), 'closeAsPayee')
        else await endByConsent(channelId, claim, 600n)
        await Promise.all([takeOut(us, channelId), takeOut(them, channelId)])
        expect(await gains()).to.deep.equal([-600n, 600n])
        const state = await stateOf(us, channelId)
        expect([state.status, state.ours.redeemed]).to.deep.equal(['settled', 600n])
      })

      it('takes back nothing that was redeemed', async () => {
        const channelId = await openBy(us, them)
        await them.provider.redeem(await claimBy(us, channelId, 1n, 100n), 'redeem')
        if (features.ends === 'payee') await promised(them.provider.closeAsPayee?.(channelId, undefined, 'end'), 'closeAsPayee')
        else await endByConsent(channelId, undefined, 100n)
        await Promise.all([takeOut(us, channelId), takeOut(them, channelId)])
        expect(await gains()).to.deep.equal([-100n, 100n])
      })

      it('is done by nobody who may not', async () => {
        const channelId = await openBy(us, them)
        if (features.ends === 'payee') {
          expect((await failure(promised(us.provider.closeAsPayee?.(channelId, undefined, 'end'), 'closeAsPayee'))).isFinal).to.equal(true)
          return
        }
        const state = await stateOf(us, channelId)
        const consent = { channelId, least: 0n, pays: 0n, validUntil: Math.floor(state.readAtMs / 1000) + 600 }
        const signature = await promised(us.codec.signConsent?.(consent, state), 'signConsent')
        const theirView = await stateOf(them, channelId)
        expect(await them.codec.verifyConsent?.(consent, theirView, signature)).to.equal(true)
        expect(await them.codec.verifyConsent?.({ ...consent, least: 1n }, theirView, signature), 'other terms').to.equal(false)
        expect(await us.codec.verifyConsent?.(consent, state, signature), 'of who asks').to.equal(false)
        for (const [what, closing] of [
          ['with other terms', them.provider.closeTogether?.({ ...consent, least: 1n }, signature, undefined, 'terms')],
          ['by who has signed', us.provider.closeTogether?.(consent, signature, undefined, 'own')]
        ] as const) {
          expect((await failure(promised(closing, 'closeTogether'))).isFinal, what).to.equal(true)
        }
      })

      if (exact) it('pays what the two have signed, whatever claim there is, and nothing once the chain knows of more', async () => {
        const [first, second, third] = [await openBy(us, them), await openBy(us, them, DEPOSIT, 'second'), await openBy(us, them, DEPOSIT, 'third')]
        await endByConsent(first, await claimBy(us, first, 1n, 900n), 600n)
        expect((await stateOf(us, first)).ours.redeemed).to.equal(600n)
        await them.provider.redeem(await claimBy(us, second, 1n, 300n), 'redeem')
        expect((await failure(endByConsent(second, undefined, 299n))).isFinal, 'terms of before the claim').to.equal(true)
        const { consent, signature } = await consentTo(third, 100n)
        const more = { ...consent, pays: 101n }
        expect(await them.codec.verifyConsent?.(more, await stateOf(them, third), signature), 'other terms').to.equal(false)
        expect((await failure(promised(them.provider.closeTogether?.(more, signature, undefined, 'more'), 'closeTogether'))).isFinal).to.equal(true)
      })

      async function consentTo (channelId: string, pays: bigint): Promise<{ consent: CloseConsent, signature: string }> {
        const state = await stateOf(us, channelId)
        const consent = { channelId, least: 0n, pays, validUntil: Math.floor(state.readAtMs / 1000) + 600 }
        return { consent, signature: await promised(us.codec.signConsent?.(consent, state), 'signConsent') }
      }

      /** We agree, and they bring it. */
      async function endByConsent (channelId: string, claim: Claim | undefined, pays: bigint): Promise<void> {
        expect(await them.provider.canCloseTogether?.()).to.equal(true)
        const { consent, signature } = await consentTo(channelId, pays)
        await promised(them.provider.closeTogether?.(consent, signature, claim, `end:${channelId}`), 'closeTogether')
      }
    })

    describe('a peer that lies', () => {
      it('gets nothing for a claim that is old, too high, altered, or its own', async () => {
        const channelId = await openBy(us, them)
        await them.provider.redeem(await claimBy(us, channelId, 5n, 500n), 'good')
        await takeOut(them, channelId)
        const good = await claimBy(us, channelId, 6n, 600n)
        const lies: ReadonlyArray<[string, Claim]> = [
          ['the same again', await claimBy(us, channelId, 5n, 500n)],
          ['less than before', await claimBy(us, channelId, 6n, 400n)],
          ['more than the deposit', await claimBy(us, channelId, 6n, DEPOSIT + 1n)],
          ['altered', { ...good, total: 900n }],
          ['its own', await claimBy(them, channelId, 6n, 600n)]
        ]
        for (const [i, [what, claim]] of lies.entries()) {
          expect((await failure(them.provider.redeem(claim, `lie-${i}`))).isFinal, what).to.equal(true)
        }
        expect(await gains()).to.deep.equal([-DEPOSIT, 500n])
      })

      it('is found out by its signature, before any chain is asked', async () => {
        const channelId = await openBy(us, them)
        const claim = await claimBy(us, channelId, 1n, 600n)
        for (const [what, forged] of [
          ['another total', { ...claim, total: 601n }],
          ['another signer', { ...claim, signer: them.provider.address }],
          ['another channel', { ...claim, channelId: await openBy(us, them, DEPOSIT, 'other') }]
        ] as const) {
          expect(await them.codec.verify(forged), what).to.equal(false)
        }
      })

      it('that sends bytes that are no claim is told so, and nothing else happens', () => {
        for (const data of ['', 'x', 'null', '[]', '{}', '{"channelId":7}', '{"blockchain":"none"}', 'ä'.repeat(10_000)]) {
          expect(() => us.codec.parse(Buffer.from(data)), data.slice(0, 20)).to.throw(ClaimError)
        }
      })

      it('names channels that do not exist, and the chain says that they do not', async () => {
        const channelId = await openBy(us, them)
        const other = channelId.slice(0, -1) + (channelId.endsWith('7') ? '8' : '7')
        expect(await us.provider.getChannelState(other) ?? NOWHERE).to.equal(NOWHERE)
      })
    })

    describe('a channel that is watched', () => {
      /** Looks as the settlement does at a channel in which nothing happens, until what it sees is so. */
      async function seen ({ provider }: ChainParty, peer: ChainParty, isSo: (states: ChannelState[]) => boolean): Promise<void> {
        for (;;) {
          const found = await provider.findChannels(peer.provider.address, 'watched')
          const states = await Promise.all(found.map(({ channelId }) => provider.getChannelState(channelId, 'latest', 'watched')))
          if (isSo(states.filter(state => state !== undefined))) return
          await anotherTurn()
        }
      }

      it('shows what happens to it, as does asking the chain', async () => {
        const channelId = await openBy(us, them)
        const { provider } = them
        provider.subscribe(us.provider.address, () => undefined)
        for (let look = 0; look < 10; look++) await seen(them, us, states => states.some(({ theirs }) => theirs.deposit === DEPOSIT))
        await us.provider.deposit(channelId, 1500n, 'more')
        await seen(them, us, states => states.some(({ theirs }) => theirs.deposit === 1500n))
        await provider.redeem(await claimBy(us, channelId, 1n, 300n), 'redeem')
        await seen(them, us, states => states.some(({ theirs }) => theirs.redeemed === 300n))
        await us.provider.close(channelId, 'close')
        await seen(them, us, states => states.some(({ status }) => status === 'closing'))
      })

      if (weather) it('cannot be seen while the chain is away, and that is said', async () => {
        const channelId = await openBy(us, them)
        await seen(us, them, states => states.length === 1)
        await us.provider.getChannelState(channelId, 'confirmed', 'watched')
        chain.setWeather?.('away')
        for (const look of [
          () => us.provider.getChannelState(channelId, 'confirmed', 'watched'), () => us.provider.findChannels(them.provider.address, 'watched')
        ]) {
          let error: unknown
          while (error === undefined) {
            error = await look().then(() => undefined, (reason: unknown) => reason)
            await anotherTurn()
          }
          if (error instanceof ChainError) expect(error.isFinal).to.equal(false)
        }
        chain.setWeather?.('fine')
        expect((await stateOf(us, channelId)).status).to.equal('open')
      })

      if (takesBack) it('is not there any more when the chain takes it back', async () => {
        const channelId = await openBy(us, them)
        await us.provider.getChannelState(channelId, 'confirmed', 'watched')
        await chain.takeBack?.(channelId)
        while (await us.provider.getChannelState(channelId, 'confirmed', 'watched') !== undefined) await anotherTurn()
      })
    })

    describe('a chain that fails', () => {
      if (weather) it('says that it cannot be asked, and never that a channel is not there', async () => {
        const channelId = await openBy(us, them)
        chain.setWeather?.('away')
        const { provider } = us
        const asked = [provider.getChannelState(channelId), provider.findChannels(them.provider.address), provider.balances()]
        for (const asking of asked) asking.catch(() => undefined) // they may fail in another order than they are looked at
        for (const asking of asked) {
          const error = await asking.then(() => undefined, (reason: unknown) => reason)
          expect(error).to.be.an.instanceOf(Error)
          if (error instanceof ChainError) expect(error.isFinal).to.equal(false)
        }
        chain.setWeather?.('fine')
        expect((await stateOf(us, channelId)).status).to.equal('open')
      })

      if (weather) it('takes what was begun to its end once when it is back', async () => {
        const channelId = await openBy(us, them)
        chain.setWeather?.('away')
        const begun = us.provider.deposit(channelId, 1500n, 'more').then(() => true, () => false)
        await new Promise(resolve => { setTimeout(resolve, 50) })
        chain.setWeather?.('fine')
        if (!await begun) await us.provider.deposit(channelId, 1500n, 'more')
        expect([(await stateOf(us, channelId)).ours.deposit, (await gains())[0]]).to.deep.equal([1500n, -1500n])
      })

      if (takesBack) it('that takes a channel back has none any more', async () => {
        const channelId = await openBy(us, them)
        await chain.takeBack?.(channelId)
        expect(await us.provider.getChannelState(channelId) ?? NOWHERE).to.equal(NOWHERE)
      })
    })
  })
}

function anotherTurn (): Promise<void> {
  return new Promise(resolve => { setTimeout(resolve, 5) })
}

async function failure (promise: Promise<unknown>): Promise<ChainError> {
  const error = await promise.then(() => undefined, (reason: unknown) => reason)
  if (!(error instanceof ChainError)) throw new Error('expected a ChainError', { cause: error })
  return error
}
