/**
 * Two parties pay, take, close and redeem on chains of every kind that there is to be: channels that go one way and come in pairs, that
 * cannot be opened empty, that the payee ends alone, payouts that each takes by itself, claims without nonces. Whatever the chain is like,
 * the books of both agree, and the chain has paid out what they say.
 */
import { expect } from 'chai'
import { closeAll } from '../../../support/btp.js'
import { EXACT, ONE_WAY, PLAIN, TAKEN, TWO_WAY, type FakeFeatures } from '../../../support/channels/fake-chain.js'
import { claimOf } from '../../../support/channels/fake-codec.js'
import { expectAgreement, makeWorld } from '../../../support/channels/world.js'
import type { Party, PartyOptions, World } from '../../../support/channels/world.js'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { nextTurn } from '../../../support/waiting.js'
import { ChainError } from '../../../../plugins/lib/channels/types.js'

const HOUR_MS = 3_600_000
const OPTIONS = { initialDeposit: '10000', settlementTimeoutSecs: 3600, redeemThreshold: '1000000', pollingIntervalMs: 100 }

const CHAINS: ReadonlyArray<[string, FakeFeatures]> = [
  ['of two ways, as the EVM\'s', TWO_WAY],
  ['of two ways, ended by exact terms, as Solana\'s', EXACT],
  ['of one way, funded, ended by the payee, without nonces, as the XRP Ledger\'s', ONE_WAY],
  ['of one way, funded, ended by the payee, with nonces, as Mina\'s', { ...ONE_WAY, nonces: true }],
  ['of two ways, with payouts that are taken, without nonces, as Aptos\'', TAKEN],
  ['of one way, with nothing but the challenge', PLAIN]
]

/** What a party owns on the chain beyond what it began with. */
function won ({ chain }: World, { name }: Party): bigint {
  return (chain.balances.get(name) ?? 0n) - 1_000_000n
}

/** Channels that are closed have had their challenge. */
function passChallenge ({ chain }: World): void {
  for (const channel of chain.channels.values()) channel.closedMs -= HOUR_MS
}

/** Both close all their channels, as each can, until nothing of anybody is in any. */
async function closeEverything (world: World): Promise<void> {
  const { alice, bob } = world
  while ([alice, bob].some(({ plugin }) => plugin.unsettled().length > 0)) {
    for (const { plugin } of [alice, bob]) {
      for (const { channelId } of await plugin.channels().list()) await plugin.channels().close(channelId).catch(() => undefined)
    }
    passChallenge(world)
    await nextTurn()
  }
}

for (const [what, features] of CHAINS) {
  describe(`channels ${what}`, () => {
    noRejectionLeft()
    afterEach(closeAll)

    const worldWith = (options: PartyOptions = {}): Promise<World> => makeWorld({ ...OPTIONS, ...options }, undefined, features)

    /** Alice has paid Bob 1000 and he her 250. */
    async function paidWorld (options: PartyOptions = {}): Promise<World> {
      const world = await worldWith(options)
      const { alice, bob } = world
      await alice.pay(1000n)
      await alice.settle()
      await bob.pay(250n)
      await bob.settle()
      return world
    }

    it('pay both ways with settlements, and pay out the net in the end', async () => {
      const world = await paidWorld()
      const { alice, bob, chain } = world
      await expectAgreement(world)
      expect(chain.channels.size, 'channels').to.equal(features.directions === 'one' ? 2 : 1)
      await closeEverything(world)
      expect([won(world, alice), won(world, bob)]).to.deep.equal([-750n, 750n])
      await expectAgreement(world)
    })

    it('pay with every packet, both ways at once, and what rejected packets leave is used by the next ones', async () => {
      const world = await worldWith({ claims: 'packet', requireClaims: true })
      const { alice, bob } = world
      for (const party of [alice, bob]) while (!(await party.channels()).some(({ spendable }) => spendable > 0n)) await nextTurn()
      bob.respond = amount => amount === 7n ? 'reject' : 'fulfill'
      const outcomes = await Promise.all([
        ...Array.from({ length: 50 }, (_, i) => alice.pay(i % 5 === 0 ? 7n : 10n)),
        ...Array.from({ length: 20 }, () => bob.pay(5n))
      ])
      expect(outcomes.filter(outcome => outcome === 'fulfilled')).to.have.lengthOf(60)
      expect(await alice.pay(7n)).to.match(/^F02/)
      expect(await alice.pay(10n)).to.equal('fulfilled')
      await expectAgreement(world)
      await closeEverything(world)
      expect(won(world, bob)).to.equal(-won(world, alice))
      expect(chainHolds(world), 'nothing is left in any channel').to.equal(0n)
    })

    it('redeem the peer\'s best claim when it is worth it, and it is in our hands', async () => {
      const world = await paidWorld({ redeemThreshold: '500' })
      const { alice, bob } = world
      while (won(world, bob) < 1000n - depositsOf(world, bob)) await nextTurn()
      await alice.pay(600n)
      await alice.settle()
      while (won(world, bob) < 1600n - depositsOf(world, bob)) await nextTurn()
      await expectAgreement(world)
    })

    it('fill up what runs low, and open no second channel for it', async () => {
      const world = await worldWith()
      const { alice, bob, chain } = world
      for (let i = 0; i < 4; i++) {
        await alice.pay(6000n)
        await alice.settle()
      }
      expect([chain.channels.size, bob.balance]).to.deep.equal([1, 0n])
      expect(depositsOf(world, alice) >= 24_000n).to.equal(true)
    })

    it('are closed by the payer without the peer, and the payee gets what it was paid', async () => {
      const world = await paidWorld()
      const { alice, bob, chain } = world
      for (const { channelId } of await alice.channels()) {
        await alice.plugin.channels().close(channelId, { cooperative: false }).catch(() => undefined) // who is paid cannot, on some chains
      }
      while ([...chain.channels.values()].some(({ status, addresses: [payer] }) => status === 'open' && payer === 'alice')) await nextTurn()
      for (const { channelId } of await bob.channels()) await bob.plugin.channels().get(channelId)
      await closeEverything(world)
      expect([won(world, alice), won(world, bob)]).to.deep.equal([-750n, 750n])
    })

    it('are paid for once where the process ends in the middle of opening', async () => {
      const world = await worldWith()
      const { alice, bob, chain } = world
      expect(await alice.pay(1000n)).to.equal('fulfilled')
      chain.fault = (call, address) => { if (call === 'open' && address === 'alice') alice.store.isFrozen = true }
      const settling = alice.settle('one', 1).catch(() => undefined)
      while (chain.channels.size === 0) await nextTurn()
      chain.fault = () => undefined
      await alice.crash()
      await settling
      await alice.plugin.connect()
      alice.balance = -1000n
      await alice.settle('one', 50, 1000n)
      expect([chain.channels.size, bob.balance]).to.deep.equal([1, 0n])
      await expectAgreement(world)
    })

    it('go on after a crash and a power cut with all that was agreed', async () => {
      const world = await paidWorld()
      const { alice, bob } = world
      await alice.crash()
      await alice.plugin.connect()
      await alice.pay(100n)
      await alice.settle()
      await alice.cutPower()
      await alice.plugin.connect()
      await bob.pay(10n)
      await bob.settle()
      await expectAgreement(world)
      await closeEverything(world)
      expect([won(world, alice), won(world, bob)]).to.deep.equal([-840n, 840n])
    })

    it('take no claim that says less, or is another\'s, and no money for one that says the same', async () => {
      const world = await paidWorld()
      const { alice, bob, chain } = world
      const channelId = [...chain.channels.keys()][0]!
      const tell = async (signer: string, nonce: bigint, total: bigint): Promise<string> => {
        const claim = claimOf(signer, channelId, features.nonces ? nonce : total, total)
        const entry = { protocolName: 'payment-channel-claim', contentType: 1, data: Buffer.from(claim.text) }
        return await alice.plugin.transport.sendMessage([entry]).then(() => 'taken', (error: unknown) => String(error))
      }
      const before = bob.balance
      expect(await tell('alice', 9n, 999n)).to.match(/does not cover/)
      expect(await tell('eve', 9n, 2000n)).to.match(/Signature verification failed/)
      expect(await tell('alice', 9n, 10_001n)).to.match(/exceeds channel deposit/)
      expect(await tell('alice', 1n, 1000n)).to.match(features.nonces ? /Nonce not monotonically increasing/ : /taken/)
      expect(bob.balance, 'nothing was credited').to.equal(before)
    })
  })
}

function depositsOf ({ chain }: World, { name }: Party): bigint {
  let total = 0n
  for (const { sides } of chain.channels.values()) total += sides[name]?.deposit ?? 0n
  return total
}

function chainHolds ({ chain }: World): bigint {
  return chain.supply() - [...chain.balances.values()].reduce((sum, balance) => sum + balance, 0n)
}

describe('channels of one way that the payee ends', () => {
  noRejectionLeft()
  afterEach(closeAll)

  async function paidWorld (options: PartyOptions = {}): Promise<World & { channelId: string }> {
    const world = await makeWorld({ ...OPTIONS, ...options }, undefined, ONE_WAY)
    await world.alice.pay(1000n)
    await world.alice.settle()
    return { ...world, channelId: (await world.alice.channels())[0]!.channelId }
  }

  it('are ended by the payee in one transaction when the payer asks', async () => {
    const world = await paidWorld()
    const { alice, bob, chain, channelId } = world
    const before = chain.transactions.length
    const { channel, txId } = await alice.plugin.channels().close(channelId)
    expect([channel.status, txId]).to.deep.equal(['settled', `tx-${before}`])
    expect(chain.transactions.slice(before)).to.deep.equal(['closeAsPayee bob'])
    expect([won(world, alice), won(world, bob)]).to.deep.equal([-1000n, 1000n])
  })

  it('are ended by the payee without anybody\'s help', async () => {
    const world = await paidWorld()
    const { alice, bob, chain, channelId } = world
    await alice.plugin.disconnect()
    await bob.plugin.channels().close(channelId)
    expect(chain.transactions.at(-1)).to.equal('closeAsPayee bob')
    expect([won(world, alice), won(world, bob)]).to.deep.equal([-1000n, 1000n])
  })

  it('are ended at once, with the best claim, when the payer begins a challenge', async () => {
    const world = await paidWorld()
    const { bob, chain, channelId } = world
    await chain.provider('alice').close(channelId, 'by hand')
    while (won(world, bob) !== 1000n) await nextTurn()
    expect(chain.transactions.at(-1)).to.equal('closeAsPayee bob')
  })

  it('take no claim once the end may be on its way, also after a crash, and bring it then', async () => {
    const world = await makeWorld(OPTIONS, undefined, ONE_WAY)
    const { alice, bob, chain } = world
    await bob.pay(1000n)
    await bob.settle()
    const { channelId } = (await alice.channels())[0]!
    chain.fault = call => { if (call === 'closeAsPayee') throw new ChainError('no answer', false) }
    await alice.plugin.channels().close(channelId).catch(() => undefined)
    const tell = async (): Promise<string> => {
      const entry = { protocolName: 'payment-channel-claim', contentType: 1, data: Buffer.from(claimOf('bob', channelId, 2000n, 2000n).text) }
      return await bob.plugin.transport.sendMessage([entry]).then(() => 'taken', (error: unknown) => String(error))
    }
    expect(await tell()).to.match(/is being closed/)
    await alice.crash()
    await alice.plugin.connect()
    expect(await tell()).to.match(/is being closed/)
    chain.fault = () => undefined
    while (won(world, alice) !== 1000n) await nextTurn()
    expect(chain.channel(channelId).status).to.equal('settled')
  })

  it('are used again where the chain refuses the end for good', async () => {
    const world = await paidWorld()
    const { alice, bob, chain, channelId } = world
    chain.fault = call => { if (call === 'closeAsPayee') throw new ChainError('refused', true) }
    expect(await bob.plugin.channels().close(channelId).catch((error: unknown) => String(error))).to.match(/refused/)
    chain.fault = () => undefined
    await alice.pay(10n)
    await alice.settle()
    expect([bob.balance, alice.balance]).to.deep.equal([0n, 0n])
  })

  it('cannot be ended at once by who pays through them, nor asked for by who is paid', async () => {
    const { bob, channelId } = await paidWorld()
    const data = Buffer.from(JSON.stringify({ step: 'end', channelId }))
    const asked = bob.plugin.transport.sendMessage([{ protocolName: 'payment-channel', contentType: 2, data }])
    expect(await asked.then(() => 'agreed', (error: unknown) => String(error))).to.match(/only whom the channel pays/)
  })

  it('are not opened empty for an operator either', async () => {
    const { alice } = await makeWorld(OPTIONS, undefined, ONE_WAY)
    const channels = alice.plugin.channels()
    expect(String(await channels.open({}).catch((error: unknown) => error))).to.match(/cannot be opened empty/)
    expect(await channels.open({ initialDeposit: 5n })).to.deep.include({ status: 'open', deposit: 5n })
  })
})

describe('payouts that each side takes', () => {
  noRejectionLeft()
  afterEach(closeAll)

  it('are tried again when the chain does not pay now, and keep the account from being removed', async () => {
    const world = await makeWorld(OPTIONS, undefined, TAKEN)
    const { alice, bob, chain } = world
    await alice.pay(1000n)
    await alice.settle()
    chain.fault = call => { if (call === 'withdraw') throw new ChainError('the store is frozen', false) }
    const { channelId } = (await alice.channels())[0]!
    await alice.plugin.channels().close(channelId)
    expect([won(world, alice), won(world, bob)]).to.deep.equal([-10_000n, 0n])
    expect(bob.plugin.unsettled().join()).to.contain('not taken out').and.contain('1000')
    chain.fault = () => undefined
    await bob.crash()
    bob.plugin.connect().catch(() => undefined)
    while (won(world, bob) !== 1000n) await nextTurn()
    while (bob.plugin.unsettled().length > 0) await nextTurn()
  })
})
