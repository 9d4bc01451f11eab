/** What the contracts promise whatever the token and the participants do. */
import { expect } from 'chai'
import type { Deployed, Outcome } from '../../../examples/evm-chain.js'
import { alice, bob, DAY, eventsOf, FUNDS, owner, setUp, stranger } from '../../support/evm/parties.js'
import { proofOf, signProof, signTerms } from '../../support/evm/signatures.js'

const MILLION = 1_000_000n * 10n ** 18n

describe('contracts', () => {
  const parties = setUp()

  describe('with a token that', () => {
    it('takes a fee, books what arrives', async () => {
      await parties.token.send(owner.address, 'setFeePercent', 10)
      const id = await parties.open()
      expect(eventsOf(await parties.network.send(alice.address, 'setTotalDeposit', id, alice.address, 1000))).to.deep.equal([['ChannelNewDeposit', id, alice.address, 900n]])
      expect((await parties.claim(bob, alice, id, 1, 901)).error).to.equal('InsufficientChannelBalance')
      await parties.claim(bob, alice, id, 1, 900)
      expect(await parties.gains()).to.deep.equal([-1000n, 810n, 0n])
    })

    it('returns false or reverts, takes no deposit', async () => {
      const id = await parties.open()
      await parties.token.send(owner.address, 'setAnswersFalse', true)
      expect((await parties.network.send(alice.address, 'setTotalDeposit', id, alice.address, 100)).error).to.equal('SafeERC20FailedOperation')
      await parties.token.send(owner.address, 'setAnswersFalse', false)
      await parties.token.send(owner.address, 'setRefuses', parties.network.address, true)
      expect((await parties.network.send(alice.address, 'setTotalDeposit', id, alice.address, 100)).error).to.equal('refused')
    })

    it('claims to have moved what it has not, books nothing', async () => {
      const id = await parties.open()
      await parties.token.send(owner.address, 'setLies', true)
      expect(eventsOf(await parties.network.send(alice.address, 'setTotalDeposit', id, alice.address, 100))).to.deep.equal([['ChannelNewDeposit', id, alice.address, 0n]])
    })

    it('returns nothing at all, works', async () => {
      const silent = await parties.chain.deploy('SilentToken')
      await parties.chain.registry.send(owner.address, 'createTokenNetwork', silent.address)
      const quiet = await parties.chain.networkOf(silent)
      await parties.fund(silent, alice.address)
      const id = await parties.open(alice.address, bob.address, quiet)
      expect(await quiet.read('maxChannelDeposit')).to.equal(MILLION)
      await quiet.send(alice.address, 'setTotalDeposit', id, alice.address, 100)
      const proof = proofOf(id, 1, 60)
      await quiet.send(bob.address, 'claimFromChannel', id, proof, await signProof(alice.privateKey, quiet.address, proof))
      expect(await silent.read('balanceOf', bob.address)).to.equal(60n)
    })

    for (const [how, refuse] of [
      ['refuses one side', (side: string) => parties.token.send(owner.address, 'setRefuses', side, true)],
      ['fails for the moment', () => parties.token.send(owner.address, 'setAnswersFalse', true)]
    ] as const) {
      it(`${how}, keeps that side's payout for it and pays the other`, async () => {
        const id = await parties.openWith(1000, 500)
        await refuse(bob.address)
        expect(eventsOf(await parties.claim(bob, alice, id, 1, 300))).to.deep.equal([['ChannelClaimed', id, bob.address, 300n, 300n], ['PayoutDeferred', bob.address, 300n]])
        const closed = eventsOf(await parties.closeTogether(id, 300, 0))
        expect(closed.slice(0, 1)).to.deep.equal([['ChannelSettled', id, 700n, 500n]])
        expect(closed).to.deep.include(['PayoutDeferred', bob.address, 500n])
        expect(await parties.network.read('withdrawable', bob.address)).to.equal(800n)

        await parties.token.send(owner.address, 'setAnswersFalse', false)
        if (await parties.network.read('withdrawable', alice.address) > 0n) await parties.network.send(alice.address, 'withdraw', alice.address)
        expect(eventsOf(await parties.network.send(bob.address, 'withdraw', stranger.address))).to.deep.equal([['Withdrawn', bob.address, stranger.address, 800n]])
        expect((await parties.network.send(bob.address, 'withdraw', stranger.address)).error).to.equal('NothingToWithdraw')
        expect(await parties.token.read('balanceOf', stranger.address)).to.equal(FUNDS + 800n)
        expect(await parties.gains()).to.deep.equal([-300n, -500n, 0n])
      })
    }

    it('still fails at the withdrawal, keeps the payout', async () => {
      const id = await parties.openWith(1000, 0)
      await parties.token.send(owner.address, 'setAnswersFalse', true)
      await parties.claim(bob, alice, id, 1, 300)
      expect((await parties.network.send(bob.address, 'withdraw', bob.address)).error).to.equal('SafeERC20FailedOperation')
      expect(await parties.network.read('withdrawable', bob.address)).to.equal(300n)
    })
  })

  describe('with a participant that is a contract told of tokens', () => {
    let attacker: Deployed
    let id: string

    beforeEach(async () => {
      attacker = await parties.chain.deploy('Attacker')
      await parties.token.send(owner.address, 'mint', attacker.address, FUNDS)
      await run(parties.token, 'approve', parties.network.address, FUNDS)
      await parties.token.send(owner.address, 'setHook', attacker.address, true)
      id = await parties.open(alice.address, attacker.address)
      await parties.network.send(alice.address, 'setTotalDeposit', id, alice.address, 1000)
    })

    function run (on: Deployed, method: string, ...args: unknown[]): Promise<Outcome> {
      return attacker.send(bob.address, 'run', on.address, on.iface.encodeFunctionData(method, args))
    }

    async function claimOf (nonce: number, amount: number): Promise<['claimFromChannel', ...unknown[]]> {
      const proof = proofOf(id, nonce, amount)
      return ['claimFromChannel', id, proof, await signProof(alice.privateKey, parties.network.address, proof)]
    }

    for (const [when, enter] of [
      ['paid', async (nonce: number) => run(parties.network, ...await claimOf(nonce, nonce * 10))],
      ['charged', (nonce: number) => run(parties.network, 'setTotalDeposit', id, attacker.address, nonce * 10)]
    ] as const) {
      it(`lets it enter nothing again while it is ${when}`, async () => {
        const terms = { channelId: id, transferredAmount1: 0n, transferredAmount2: 0n, deadline: 2n ** 64n }
        const signature = await signTerms(alice.privateKey, parties.network.address, terms)
        const calls: Array<[string, ...unknown[]]> = [
          await claimOf(90, 900),
          ['withdraw', attacker.address],
          ['openChannel', bob.address, DAY],
          ['setTotalDeposit', id, attacker.address, 500],
          ['closeChannel', id],
          ['forceCloseExpiredChannel', id],
          ['settleChannel', id],
          ['cooperativeClose', id, 0, 0, 2n ** 64n, signature, signature]
        ]
        for (const [index, [method, ...args]] of calls.entries()) {
          await attacker.send(bob.address, 'prepare', parties.network.address, parties.network.iface.encodeFunctionData(method, args))
          const [attacked] = eventsOf(await enter(index + 1))
          expect(attacked?.slice(0, 2), method).to.deep.equal(['Attacked', false])
          expect(parties.network.iface.parseError(String(attacked![2]))?.name, method).to.equal('ReentrancyGuardReentrantCall')
        }
        expect(await parties.network.read('withdrawable', attacker.address)).to.equal(0n)
        const moved = await parties.token.read('balanceOf', attacker.address) - FUNDS
        expect(moved).to.equal(when === 'paid' ? 80n : -80n)
        expect(await parties.token.read('balanceOf', parties.network.address)).to.equal(1000n - moved)
      })
    }

    it('lets nobody call the payout', async () => {
      for (const { address } of [alice, stranger, owner]) {
        expect((await parties.network.send(address, 'transferOut', address, 5)).error).to.equal('InvalidParticipant')
      }
    })

    it('lets it burn the gas of its own payout and nobody else\'s', async () => {
      await run(parties.network, 'setTotalDeposit', id, attacker.address, 40)
      await attacker.send(bob.address, 'setBurns', true)
      await run(parties.network, ...await claimOf(1, 100))
      await parties.network.send(alice.address, 'closeChannel', id)
      await parties.chain.pass(DAY)
      const { events, receipt } = await parties.network.send(stranger.address, 'settleChannel', id) as Exclude<Outcome, { error: string }>
      expect(events.map(event => event.name)).to.deep.equal(['ChannelSettled', 'PayoutDeferred'])
      expect(receipt.gasUsed < 400_000n).to.equal(true)
      expect(await parties.token.read('balanceOf', alice.address)).to.equal(FUNDS - 100n)
      expect(await parties.network.read('withdrawable', attacker.address)).to.equal(140n)
    })

    it('makes no payout wait by giving too little gas', async () => {
      const plain = await parties.openWith(1000, 0)
      const proof = proofOf(plain, 1, 100)
      const data = parties.network.iface.encodeFunctionData('claimFromChannel', [plain, proof, await signProof(alice.privateKey, parties.network.address, proof)])
      for (let gas = 60_000; gas <= 300_000; gas += 10_000) {
        const snapshot = await parties.chain.rpc('evm_snapshot')
        await parties.chain.rpc('eth_sendTransaction', { from: bob.address, to: parties.network.address, data, gas: `0x${gas.toString(16)}` }).catch(() => undefined)
        expect(await parties.network.read('withdrawable', bob.address), `with ${gas} gas`).to.equal(0n)
        await parties.chain.rpc('evm_revert', snapshot)
      }
    })
  })
})
