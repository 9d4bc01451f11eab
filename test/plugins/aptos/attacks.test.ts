/**
 * What a hostile peer, an issuer, a stranger, or a node that lies can try with channels of Aptos, and what becomes of it: nothing is
 * credited that the chain would not pay, and what it would pay is recorded in time. The numbers are the rows of the table of attacks in
 * docs/settlement-aptos.md; what only the module can refuse is tested with the module.
 */
import { expect } from 'chai'
import sinon from 'sinon'
import type { AptosClaims } from '../../../plugins/aptos/claims.js'
import { APT } from '../../../plugins/aptos/formats.js'
import { openAptosChain } from '../../../plugins/aptos/open-chain.js'
import { parseOptions } from '../../../plugins/aptos/options.js'
import type { AptosProvider } from '../../../plugins/aptos/provider.js'
import { ChainError } from '../../../plugins/lib/channels/types.js'
import { createApp } from '../../../src/connector/connector.js'
import type { AccountInfo } from '../../../src/contracts/account.js'
import { AptosParties, HOUR } from '../../support/aptos/parties.js'
import { startAptosVictim, type AptosVictim } from '../../support/aptos/victim.js'
import { settlingNode } from '../../support/evm/connectors.js'
import { memoryLog, memoryStore } from '../../support/evm/life.js'
import { rejectionError } from '../../support/failures.js'
import { withoutLog } from '../../support/log.js'

const DEPOSIT = 1000n

describe('attacks over channels of Aptos', function () {
  this.timeout(30_000)
  withoutLog()
  let parties: AptosParties
  let payer: AptosProvider
  let payersCodec: AptosClaims
  let victim: AptosVictim

  beforeEach(async () => {
    parties = new AptosParties()
    await parties.start()
    payer = await parties.connected(parties.alice)
    payersCodec = parties.codec(payer, parties.bob)
    victim = await startAptosVictim(parties, parties.bob, parties.alice)
  })
  afterEach(async () => {
    sinon.restore()
    await victim.stop()
    await parties.stop()
  })

  let operations = 0
  const once = (): string => `operation-${++operations}`
  const until = async (check: () => boolean | Promise<boolean>): Promise<void> => {
    while (!await check()) await new Promise(resolve => { setTimeout(resolve, 10) })
  }
  async function open (deposit = DEPOSIT, challengeSecs = HOUR): Promise<string> {
    const { channelId } = await payer.openChannel(parties.bob.address, challengeSecs, once())
    if (deposit > 0n) await payer.deposit(channelId, deposit, once())
    return channelId
  }
  const message = async (channelId: string, total: bigint): Promise<string> =>
    (await payersCodec.make({ channelId, nonce: total, total, senderId: 'alice' })).text
  const take = async (channelId: string, total: bigint): Promise<string | undefined> => victim.refusalOf(await message(channelId, total))
  const recorded = (channelId: string): bigint => {
    const { one, two } = parties.chain.channel(channelId)!.rules
    return one.party === parties.alice.address ? one.paid : two.paid
  }
  const stateOf = (channelId: string): string | undefined => parties.chain.channel(channelId)?.rules.state

  it('an honest channel counts, so that the others are refused for what they are', async () => {
    expect(await take(await open(), 5n)).to.equal(undefined)
    expect(victim.credited).to.equal(5n)
  })

  it('row 1: a claim that the payee has signed is nobody\'s promise', async () => {
    const channelId = await open()
    const own = await parties.codec(victim.provider, parties.alice).make({ channelId, nonce: 900n, total: 900n, senderId: 'bob' })
    expect(await victim.refusalOf(own.text)).to.match(/ClaimError/)
    for (const claim of [own, { ...own, signer: parties.alice.address }]) {
      expect((await rejectionError(victim.provider.redeem(claim, once()))).message).to.match(/our own|not signed with the payer/)
    }
    expect([victim.credited, recorded(channelId)]).to.deep.equal([0n, 0n])
  })

  it('row 2: the same claim again, and an older one, are worth nothing', async () => {
    const channelId = await open()
    for (const total of [100n, 200n]) expect(await take(channelId, total)).to.equal(undefined)
    expect(await take(channelId, 100n)).to.match(/ClaimError/)
    await take(channelId, 200n) // is no error, and no money
    expect(victim.credited).to.equal(200n)
  })

  it('row 3: a claim of a former channel of the pair is worth nothing in the next one', async () => {
    const former = await open()
    await payer.close(former, once())
    parties.pass(HOUR + 1)
    await payer.settle(former, once())
    const next = await open()
    expect(await take(former, 500n)).to.match(/ClaimError/)
    const claim = JSON.parse(await message(former, 500n)) as object
    expect(await victim.refusalOf(JSON.stringify({ ...claim, channelId: next }))).to.match(/Signature/)
    expect(victim.credited).to.equal(0n)
  })

  it('row 4: a claim of another network or module is refused by name', async () => {
    const claim = JSON.parse(await message(await open(), 500n)) as object
    expect(await victim.refusalOf(JSON.stringify({ ...claim, chainId: 'aptos:testnet' }))).to.match(/another chain/)
    expect(await victim.refusalOf(JSON.stringify({ ...claim, moduleAddress: '0xfa4e' }))).to.match(/another contract/)
    expect(await victim.refusalOf(JSON.stringify({ ...claim, channelOwner: parties.alice.address }))).to.match(/older form/)
  })

  it('row 5: the payer\'s claim is not one of the other party', async () => {
    const channelId = await open()
    const claim = payersCodec.parse(Buffer.from(await message(channelId, 500n)))
    expect((await rejectionError(payer.redeem(claim, once()))).message).to.contain('our own')
  })

  it('row 6: a consent binds its signer to its terms, and nobody else to anything', async () => {
    const channelId = await open()
    const state = (await payer.getChannelState(channelId))!
    const consent = { channelId, least: 0n, pays: 0n, validUntil: Math.floor(state.readAtMs / 1000) + 300 }
    const signature = await payersCodec.signConsent(consent, state)
    const bring = (by: AptosProvider, more: Partial<typeof consent>, signed = signature): Promise<Error> =>
      rejectionError(by.closeTogether({ ...consent, ...more }, signed, undefined, once()))
    expect((await bring(payer, {})).message, 'its own').to.contain('not signed these terms')
    expect((await bring(victim.provider, { validUntil: consent.validUntil + 1 })).message, 'longer').to.contain('not signed these terms')
    expect((await bring(victim.provider, {}, (await payersCodec.make({ channelId, nonce: 0n, total: 0n, senderId: 'a' })).signature)).message).to.contain('not signed')
    parties.pass(301)
    expect((await bring(victim.provider, {})).message, 'late').to.contain('void by now')
    expect(stateOf(channelId)).to.equal('open')
  })

  it('row 7: a claim that comes after the payee has agreed to the end is refused', async () => {
    const channelId = await open()
    expect(await take(channelId, 300n)).to.equal(undefined)
    const state = (await payer.getChannelState(channelId))!
    const consent = { channelId, least: 0n, pays: 350n, validUntil: Math.floor(state.readAtMs / 1000) + 600 }
    const ending = victim.parts.closing.answer({
      ...consent, least: '0', pays: '350', consent: await payersCodec.signConsent(consent, state), claim: await message(channelId, 350n)
    })
    await until(() => victim.parts.channels.get(channelId)?.ending !== undefined || stateOf(channelId) === 'settled')
    expect(await take(channelId, 400n)).to.match(/being closed|not open/)
    await ending
    expect([victim.credited, recorded(channelId), stateOf(channelId)]).to.deep.equal([350n, 350n, 'settled'])
    await until(() => parties.wallet(parties.bob) === 1_000_350n)
  })

  it('row 7: who asks for the end takes no claim any more, whatever the peer answers', async () => {
    const channelId = await open()
    expect(await take(channelId, 300n)).to.equal(undefined)
    expect((await rejectionError(victim.parts.closing.request(victim.parts.channels.get(channelId)!))).message).to.contain('not there')
    expect(parties.chain.channel(channelId)?.rules.two.key, 'our key went in for it').to.have.length.above(2)
    expect(await take(channelId, 400n)).to.match(/being closed/)
    expect(victim.credited).to.equal(300n)
  })

  it('row 8: an end by consent takes back nothing that was redeemed', async () => {
    const channelId = await open()
    await take(channelId, 400n)
    await victim.parts.watcher.redeem(victim.parts.channels.get(channelId)!)
    const theirs = (await victim.provider.getChannelState(channelId))!
    const consent = { channelId, least: 0n, pays: 0n, validUntil: Math.floor(theirs.readAtMs / 1000) + 300 }
    const signature = await parties.codec(victim.provider, parties.alice).signConsent(consent, theirs)
    await payer.closeTogether(consent, signature, undefined, once())
    expect(recorded(channelId)).to.equal(400n)
  })

  it('row 9: nobody but a party sets its key, and a channel of strangers is not one of ours', async () => {
    const stranger = await parties.connected(parties.stranger)
    const channelId = await open()
    expect((await rejectionError(stranger.join(channelId))).message).to.contain('no such channel of ours')
    expect(parties.chain.channel(channelId)?.rules.two.key).to.be.oneOf(['', '0x'])
    const { channelId: elsewhere } = await payer.openChannel(parties.stranger.address, HOUR, once())
    expect(await victim.provider.getChannelState(elsewhere)).to.equal(undefined)
    const claim = await parties.codec(payer, parties.stranger).make({ channelId: elsewhere, nonce: 5n, total: 5n, senderId: 'alice' })
    expect(await victim.refusalOf(claim.text)).to.match(/ClaimError/)
  })

  it('row 10: a challenge that is far longer than ours locks nothing of ours', async () => {
    const channelId = await open(DEPOSIT, 30 * 24 * HOUR)
    expect(await take(channelId, 5n)).to.match(/challenge period are refused/)
    expect(victim.parts.channels.payable()).to.deep.equal([])
    expect((await rejectionError(payer.openChannel(parties.bob.address, 60, once()))).message).to.match(/module refuses it/)
  })

  it('row 11: a claim above the deposit is not taken', async () => {
    const channelId = await open()
    expect(await take(channelId, DEPOSIT + 1n)).to.match(/exceeds/)
    expect(await take(channelId, DEPOSIT)).to.equal(undefined)
  })

  it('rows 12 and 13: a frozen store of ours stops the payout, and no claim from being recorded in time', async () => {
    const channelId = await open()
    await take(channelId, 700n)
    parties.chain.freeze(parties.bob.address, parties.chain.asset)
    await payer.close(channelId, once())
    await until(() => recorded(channelId) === 700n)
    parties.pass(HOUR + 1)
    await payer.settle(channelId, once())
    await payer.withdraw(channelId, once())
    expect(parties.wallet(parties.alice), 'the other one has what is its own').to.equal(1_000_000n - 700n)
    parties.chain.freeze(parties.bob.address, parties.chain.asset, false)
    await victim.provider.withdraw(channelId, once())
    expect(parties.wallet(parties.bob)).to.equal(1_000_700n)
  })

  it('row 14: what the issuer has taken out of a channel is no deposit', async () => {
    const channelId = await open()
    expect(await take(channelId, 5n)).to.equal(undefined)
    parties.chain.burn(channelId, parties.chain.asset, 600n)
    await until(() => victim.parts.channels.get(channelId)?.state.theirs.deposit === 400n)
    expect(await take(channelId, 401n)).to.match(/exceeds/)
    expect(await take(channelId, 400n)).to.equal(undefined)
  })

  it('row 14: an asset that takes a fee goes into no channel', async () => {
    const asset = parties.chain.newAsset({ decimals: 6, hooks: { fee: 1n, isBroken: false } })
    parties.chain.fund(parties.alice.address, 5000n, asset)
    const provider = await parties.connected(parties.alice, { asset, store: memoryStore() })
    const { channelId } = await provider.openChannel(parties.bob.address, HOUR, once())
    expect((await rejectionError(provider.deposit(channelId, 1000n, once()))).message).to.match(/module refuses it/)
    expect(parties.chain.balance(parties.alice.address, asset)).to.equal(5000n)
  })

  for (const [what, attack, words] of [
    ['other bytecode', (p: AptosParties) => { p.chain.faults.bytecode = Buffer.from('a11ceb0b00', 'hex') }, /module core .* is not the one of this version/],
    ['a policy under which it can be replaced', (p: AptosParties) => { p.chain.upgrade({ policy: 1 }) }, /can be replaced by its publisher/]
  ] as const) {
    it(`rows 15 and 16: nothing is settled with a module with ${what}`, async () => {
      attack(parties)
      const error = await rejectionError(parties.provider(parties.stranger, { lookMs: 50 }).connect())
      expect(error.message).to.match(words)
      expect(error).to.be.instanceOf(ChainError).and.to.include({ isFinal: true })
    })
  }

  it('row 16: a module that is not there, or another one at the same URL after a loss, is found out', async () => {
    const bare = parties.provider(parties.stranger, { moduleAddress: `0x${'e'.repeat(64)}` })
    expect((await rejectionError(bare.connect())).message).to.contain('there is no module core')
    const channelId = await open()
    parties.chain.faults.add({ does: 'loseRequest', times: 1 })
    parties.chain.upgrade({ policy: 1 })
    const answer = async (): Promise<string> => await payer.getChannelState(channelId).then(() => 'a state', String)
    await until(async () => /can be replaced/.test(await answer()))
  })

  it('row 19: nothing is settled before its time, and nothing redeemed after the end', async () => {
    const channelId = await open()
    await payer.close(channelId, once())
    expect((await rejectionError(payer.settle(channelId, once()))).message).to.contain('the other party can object until')
    parties.pass(HOUR + 1)
    await payer.settle(channelId, once())
    const claim = payersCodec.parse(Buffer.from(await message(channelId, 100n)))
    expect((await rejectionError(victim.provider.redeem(claim, once()))).message).to.contain('settled')
  })

  it('row 20: a deposit that a close overtakes costs its gas alone', async () => {
    const channelId = await open()
    const sent = (): number => parties.chain.node.requests.filter(({ request }) => request === 'POST /transactions').length
    const before = sent()
    parties.chain.fateOf = tx => tx.sender === parties.alice.address ? 'pending' : undefined
    const filling = rejectionError(payer.deposit(channelId, 2000n, once()))
    await until(() => sent() > before)
    await victim.provider.close(channelId, once())
    parties.chain.fateOf = () => undefined
    expect((await filling).message).to.match(/closed meanwhile|not open/)
    expect(parties.chain.inStore(channelId)).to.equal(DEPOSIT)
  })

  it('row 21: a peer that opens ten thousand channels is looked at for a hundred of them, in few questions', async () => {
    const first = await open()
    const entry = parties.chain.channel(first)!
    const ids = Array.from({ length: 10_000 }, (_, i) => `0x${(i + 16).toString(16).padStart(64, '0')}`)
    parties.chain.chain.ledger.place(view => {
      for (const id of ids) view.set('channel', id, { ...entry, rules: { ...entry.rules, id } })
      view.set('opened', parties.alice.address, [first, ...ids])
    })
    await victim.stop()
    const provider = await parties.connected(parties.bob, { lookMs: 60_000 })
    const before = parties.chain.node.requests.length
    const found = await provider.findChannels(parties.alice.address)
    expect(found).to.have.lengthOf(100)
    expect(found[0]?.channelId, 'the oldest counts').to.equal(first)
    expect(parties.chain.node.requests.length - before, 'twenty pages at a time').to.be.below(60)
    const { channelId } = await provider.openChannel(parties.alice.address, HOUR, once())
    expect((await provider.findChannels(parties.alice.address)).map(state => state.channelId), 'our own is among them').to.include(channelId)
  })

  it('row 22: only a party fills its side, so that totals are absolute', async () => {
    const channelId = await open(500n)
    await Promise.all([payer.deposit(channelId, 800n, 'same'), payer.deposit(channelId, 800n, 'same')])
    await payer.deposit(channelId, 700n, once())
    expect(parties.chain.inStore(channelId)).to.equal(800n)
  })

  it('row 24: a node whose clock stands still shows no closes, so no claims are taken', async () => {
    const channelId = await open()
    expect(await take(channelId, 5n)).to.equal(undefined)
    parties.chain.node.standStill()
    sinon.useFakeTimers({ now: Date.now() + HOUR * 1000 / 4 + 60_000, toFake: ['Date'] })
    expect(await take(channelId, 6n)).to.match(/cannot be checked now|no new block|has not shown/)
    expect(victim.credited).to.equal(5n)
  })

  it('row 24: a node that has stood still since before we came shows no closes either', async () => {
    const channelId = await open()
    parties.chain.node.standStill()
    sinon.useFakeTimers({ now: Date.now() + HOUR * 1000 / 4 + 60_000, toFake: ['Date'] })
    const provider = await parties.connected(parties.bob, { lookMs: 50 })
    await provider.getChannelState(channelId)
    expect((await rejectionError(provider.checkFresh(channelId))).message).to.contain('no new block')
  })

  it('row 24: a node of another network is not believed, also under a node that runs', async () => {
    const channelId = await open()
    parties.chain.faults.chainId = 2
    expect((await rejectionError(payer.getChannelState(channelId))).message).to.contain('belongs to another network than aptos:147. found=aptos:testnet')
    expect(await take(`0x${'ab'.repeat(32)}`, 6n), 'a channel that is not known').to.match(/another network|cannot be/)
  })

  it('row 24: a node that is behind what was acted on says nothing', async () => {
    const channelId = await open()
    parties.chain.faults.behind = 100
    expect((await rejectionError(payer.getChannelState(channelId))).message).to.match(/is behind\. version=/)
    parties.chain.faults.behind = 0
    expect((await payer.getChannelState(channelId))?.ours.deposit).to.equal(DEPOSIT)
  })

  it('row 24: a deposit that one node makes up counts when another one shows it', async () => {
    const liar = await parties.chain.anotherNode()
    const provider = await parties.connected(parties.bob, { rpcUrl: liar.url, verifyRpcUrl: parties.chain.url, verifyAbove: 2000n })
    const channelId = await open()
    expect((await provider.getChannelState(channelId))?.theirs.deposit).to.equal(DEPOSIT)
    const { body } = await answerOf(liar.url, channelId)
    const [[state]] = body as [[{ one: { deposit: string }, balance: string }]]
    state.one.deposit = state.balance = '900000'
    liar.faults.lies.set('channel::states', body as unknown[])
    expect((await provider.getChannelState(channelId))?.theirs.deposit).to.equal(2000n)
  })

  async function answerOf (url: string, channelId: string): Promise<{ body: unknown }> {
    const asked = { function: `${parties.place.moduleAddress}::channel::states`, type_arguments: [], arguments: [[channelId]] }
    const response = await fetch(`${url}/view`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(asked) })
    return { body: await response.json() }
  }

  for (const [what, life, funds] of [
    ['APT', { asset: APT, coin: '0x1::aptos_coin::AptosCoin' }, 0n], ['a token with a price', { nativePrice: 5_000_000n }, 500_000_000n]
  ] as const) {
    it(`row 25: a storm of gas prices buys no transaction above its cap, but a claim before the end is worth a part of itself: ${what}`, async () => {
      const options = { ...life, maxFee: 1_000_000n }
      const apt = (units: bigint): bigint => 'asset' in life ? units : units * life.nativePrice / 100_000_000n
      parties.chain.fund(parties.alice.address, funds, parties.chain.asset)
      const alice = await parties.connected(parties.alice, options)
      const { channelId } = await alice.openChannel(parties.bob.address, HOUR, once())
      await alice.deposit(channelId, apt(500_000_000n), once())
      const claim = await parties.codec(alice, parties.bob).make({ channelId, nonce: 1n, total: apt(400_000_000n), senderId: 'alice' })
      parties.chain.storm(100_000n)
      const bob = await parties.connected(parties.bob, { ...options, lookMs: 50 }) // who asks for the price now
      expect((await rejectionError(bob.redeem(claim, once()))).message, 'while it is open').to.contain('above what is worth paying')
      parties.chain.storm(100n)
      await alice.close(channelId, once())
      parties.chain.storm(100_000n)
      const before = parties.chain.balance(parties.bob.address)
      await bob.redeem(claim, once())
      expect(recorded(channelId)).to.equal(apt(400_000_000n))
      expect(before - parties.chain.balance(parties.bob.address) <= 200_000_000n, 'not more than half of it').to.equal(true)
    })
  }

  it('row 26: a second account with the same chain, module, asset and party is refused before anything starts, and so is another scale', async () => {
    const { alice, bob, chain: { url: rpcUrl, code: moduleAddress, asset: tokenAddress } } = parties
    const chain = { chainId: 'aptos:147', rpcUrl, moduleAddress, tokenAddress, keyId: bob.key }
    const account = (port: number): AccountInfo => ({
      relation: 'peer', plugin: 'aptos', assetCode: 'TUSD', assetScale: 6, balance: { maximum: '1000' },
      options: { chain, peerAddress: alice.address, listener: { port, host: '127.0.0.1', secret: 'x' } }
    })
    const accounts = { one: account(1), two: account(2) }
    expect(() => createApp({ ...settlingNode(0, new Map()), accounts })).to.throw(/credited twice/)
    const options = parseOptions({ server: 'btp+ws://:x@127.0.0.1:9', chain, peerAddress: alice.address }, { assetCode: 'TUSD', assetScale: 8 })
    expect((await rejectionError(openAptosChain(options, { store: memoryStore(), log: memoryLog() }))).message).to.contain('has 6 decimals, not 8')
  })
})
