/** What is agreed on when a channel ends by consent: nobody gets less than it was signed, whether claims decide or exact terms. */
import { expect } from 'chai'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { closeAll } from '../../../support/btp.js'
import type { CloseConsent } from '../../../../plugins/lib/channels/types.js'
import { CHANNEL_PROTOCOL, CLAIM_PROTOCOL } from '../../../../plugins/lib/channels/messages.js'
import { jsonOf } from '../../../../src/lib/json.js'
import { EXACT, TWO_WAY, type FakeFeatures } from '../../../support/channels/fake-chain.js'
import { claimOf, consentSignatureOf } from '../../../support/channels/fake-codec.js'
import { expectAgreement, makeWorld } from '../../../support/channels/world.js'
import type { Party, World } from '../../../support/channels/world.js'

const OPTIONS = { initialDeposit: '10000', settlementTimeoutSecs: 3600 }

/** Alice has paid Bob 1000 and he her 250 through one channel. */
async function paidWorld (features: FakeFeatures = TWO_WAY): Promise<World & { channelId: string }> {
  const world = await makeWorld(OPTIONS, OPTIONS, features)
  const { alice, bob } = world
  await alice.pay(1000n)
  await alice.settle()
  await bob.pay(250n)
  await bob.settle()
  return { ...world, channelId: (await alice.channels())[0]?.channelId ?? '' }
}

/** What a party owns on the chain beyond what it began with. */
function won (world: World, { name }: Party): bigint {
  return (world.chain.balances.get(name) ?? 0n) - 1_000_000n
}

describe('the terms of an end that a peer asks for', () => {
  noRejectionLeft()
  afterEach(closeAll)

  /** What Bob says when he asks Alice for the end: by default what his claims say, and hers. */
  function termsOf (channelId: string, changed: Partial<CloseConsent> = {}): CloseConsent {
    return { channelId, least: 1000n, pays: 250n, validUntil: Math.floor(Date.now() / 1000) + 500, ...changed }
  }

  /** Resolves to `agreed`, or to why not. */
  async function ask ({ bob }: World, terms: CloseConsent, consent: string, more: Record<string, unknown> = {}): Promise<string> {
    const data = Buffer.from(jsonOf({ step: 'end', ...terms, consent, ...more }))
    return await bob.plugin.transport.sendMessage([{ protocolName: CHANNEL_PROTOCOL, contentType: 2, data }])
      .then(() => 'agreed', (error: unknown) => String(error))
  }

  async function claim ({ bob }: World, channelId: string, total: bigint): Promise<string> {
    const data = Buffer.from(claimOf('bob', channelId, total, total).text)
    return await bob.plugin.transport.sendMessage([{ protocolName: CLAIM_PROTOCOL, contentType: 1, data }])
      .then(() => 'taken', (error: unknown) => String(error))
  }

  const signed = (terms: CloseConsent, isExact: boolean): string => consentSignatureOf('bob', terms, isExact)

  for (const [what, features] of [['its claim decides what it pays', TWO_WAY], ['both sign exact terms', EXACT]] as const) {
    const isExact = features.exact === true

    it(`where ${what}: are refused when they pay less than its claims, or take more than ours, and the channel goes on`, async () => {
      const world = await paidWorld(features)
      const { alice, bob, chain, channelId } = world
      for (const [changed, refusal] of [[{ pays: 249n }, /pays less than your claims/], [{ least: 1001n }, /not paid that much/]] as const) {
        const terms = termsOf(channelId, changed)
        expect(await ask(world, terms, signed(terms, isExact))).to.match(refusal)
      }
      expect(chain.channel(channelId).status).to.equal('open')
      await bob.pay(50n)
      await bob.settle()
      await alice.pay(5n)
      await alice.settle()
      await expectAgreement(world)
      const good = termsOf(channelId, { least: 1005n, pays: 300n })
      expect(await ask(world, good, signed(good, isExact))).to.equal('agreed')
      expect([won(world, alice), won(world, bob)]).to.deep.equal([-705n, 705n])
    })

    it(`where ${what}: bind nobody to less than a claim that comes at the same time`, async () => {
      for (let turns = 0; turns < 12; turns++) {
        const world = await paidWorld(features)
        const { alice, chain, channelId } = world
        const terms = termsOf(channelId, { least: 0n })
        const asking = ask(world, terms, signed(terms, isExact))
        for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve))
        const claiming = claim(world, channelId, 900n)
        const [answer, claimed] = await Promise.all([asking, claiming])
        if (answer !== 'agreed') await alice.plugin.channels().close(channelId, { cooperative: false })
        chain.channel(channelId).closedMs -= 3_600_000
        while (chain.channel(channelId).status !== 'settled') await alice.plugin.channels().settle(channelId).catch(() => undefined)
        const paidToAlice = chain.channel(channelId).sides.alice?.claimed
        expect(paidToAlice, `${turns} turns later: ${answer}, ${claimed}`).to.equal(claimed === 'taken' ? 900n : 250n)
        await closeAll()
      }
    })

    it(`where ${what}: are those of the last claim, also of one that the peer did not answer`, async () => {
      const world = await paidWorld(features)
      const { alice, bob, chain, channelId } = world
      bob.store.fault = () => { throw new Error('the disk is full') }
      await alice.pay(77n)
      expect(await alice.settle('unanswered', 1).then(() => 'paid', () => 'not known')).to.equal('not known')
      bob.store.fault = () => undefined
      await alice.plugin.channels().close(channelId)
      expect(chain.transactions.at(-1)).to.equal('closeTogether bob')
      await alice.settle('unanswered', 1, 77n)
      expect([won(world, alice), won(world, bob)]).to.deep.equal([-827n, 827n])
      await expectAgreement(world)
    })
  }

  it('may say nothing of what it pays, as those of former versions, where its claim decides', async () => {
    const world = await paidWorld()
    const { alice, bob, chain, channelId } = world
    const terms = termsOf(channelId)
    expect(await ask(world, terms, signed(terms, false), { pays: undefined, claim: claimOf('bob', channelId, 99n, 300n).text })).to.equal('agreed')
    expect(chain.channel(channelId).status).to.equal('settled')
    expect([won(world, alice), won(world, bob)]).to.deep.equal([-700n, 700n])
  })

  it('must say it where both sign', async () => {
    const world = await paidWorld(EXACT)
    const terms = termsOf(world.channelId, { pays: 0n })
    expect(await ask(world, terms, signed(terms, true), { pays: undefined })).to.match(/wrong signature/)
  })
})
