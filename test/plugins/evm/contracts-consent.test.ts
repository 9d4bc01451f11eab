/** The end of a channel with the consent of one side: whoever brings it to the chain, nobody loses what it was paid. */
import { expect } from 'chai'
import { alice, bob, DAY, eventsOf, FUNDS, owner, setUp, stranger } from '../../support/evm/parties.js'
import { proofOf, signConsent, signProof } from '../../support/evm/signatures.js'

describe('contracts', () => {
  const parties = setUp()

  describe('closeWithConsent', () => {
    it('pays the net of both directions in one transaction, and tells what each has paid in all', async () => {
      for (const [by, from, [deposit1, deposit2]] of [[alice, bob, [250, 1000]], [bob, alice, [1000, 250]]] as const) {
        const id = await parties.openWith(deposit1, deposit2)
        const before = await parties.gains()
        const outcome = await parties.closeWithConsent(by, from, id, { least: 100, claim: { nonce: 4, amount: 700 } })
        const [payout1, payout2] = by === alice ? [850n, 400n] : [400n, 850n]
        expect(eventsOf(outcome)).to.deep.equal([['ChannelSettled', id, payout1, payout2]])
        const after = await parties.gains()
        expect([after[0] - before[0], after[1] - before[1], after[2]]).to.deep.equal([payout1, payout2, 0n])
        expect(await parties.network.read('claimedAmounts', id, by.address)).to.equal(700n)
        expect(await parties.network.read('claimedAmounts', id, from.address)).to.equal(100n)
        expect((await parties.network.readAll('participants', id, from.address)).toArray()).to.deep.equal([1000n, 4n, 700n])
        expect((await parties.network.readAll('channels', id)).state).to.equal(3n)
      }
    })

    it('needs no proof: then nothing counts beyond what was redeemed', async () => {
      const id = await parties.openWith(1000, 250)
      await parties.claim(alice, bob, id, 1, 40)
      expect(eventsOf(await parties.closeWithConsent(alice, bob, id, { least: 300 }))).to.deep.equal([['ChannelSettled', id, 700n, 510n]])
      expect(await parties.gains()).to.deep.equal([-260n, 260n, 0n])
    })

    it('works while the challenge runs and after it, until the channel is settled', async () => {
      const id = await parties.openWith(1000, 250)
      await parties.network.send(bob.address, 'closeChannel', id)
      expect(await parties.closeWithConsent(alice, bob, id, { least: 5 })).to.not.have.property('error')
      expect((await parties.closeWithConsent(alice, bob, id, { least: 5 })).error).to.equal('InvalidChannelState')
      expect((await parties.claim(bob, alice, id, 9, 900)).error).to.equal('InvalidChannelState')
      expect((await parties.network.send(bob.address, 'settleChannel', id)).error).to.equal('InvalidChannelState')
      expect((await parties.closeWithConsent(alice, bob, `0x${'11'.repeat(32)}`, { least: 5 })).error).to.equal('InvalidChannelState')
      const other = await parties.openWith(1000, 250)
      await parties.network.send(alice.address, 'closeChannel', other)
      await parties.chain.pass(2 * DAY)
      expect(await parties.closeWithConsent(bob, alice, other, { least: 5, claim: { nonce: 1, amount: 50 } })).to.not.have.property('error')
    })

    it('is not stopped by a proof that was redeemed before, or by an older one, and counts it once', async () => {
      for (const [nonce, amount] of [[3, 300], [2, 200], [4, 250], [2, 900]] as const) {
        const claim = { nonce, amount }
        const id = await parties.openWith(1000, 500)
        const before = await parties.gains()
        await parties.claim(bob, alice, id, 3, 300)
        expect(eventsOf(await parties.closeWithConsent(bob, alice, id, { least: 0, claim }))).to.deep.equal([['ChannelSettled', id, 700n, 500n]])
        const [gained1, gained2] = await parties.gains()
        expect([gained1 - before[0], gained2 - before[1]], JSON.stringify(claim)).to.deep.equal([700n, 800n])
        expect(await parties.network.read('claimedAmounts', id, bob.address)).to.equal(300n)
      }
    })

    it('takes back nothing that was redeemed, by either side, before or after the consent', async () => {
      const id = await parties.openWith(1000, 500)
      await parties.claim(bob, alice, id, 1, 400)
      await parties.claim(alice, bob, id, 1, 150)
      expect(eventsOf(await parties.closeWithConsent(alice, bob, id, { least: 100 }))).to.deep.equal([['ChannelSettled', id, 600n, 350n]])
      expect(await parties.gains()).to.deep.equal([-250n, 250n, 0n])
      expect(await parties.network.read('claimedAmounts', id, bob.address)).to.equal(400n)
      expect(await parties.network.read('claimedAmounts', id, alice.address)).to.equal(150n)
    })

    it('pays a side no more than the other has put in', async () => {
      const id = await parties.openWith(1000, 500)
      expect((await parties.closeWithConsent(alice, bob, id, { least: 1001 })).error).to.equal('InsufficientChannelBalance')
      expect((await parties.closeWithConsent(alice, bob, id, { least: 0, claim: { nonce: 1, amount: 501 } })).error).to.equal('InsufficientChannelBalance')
      expect(await parties.closeWithConsent(alice, bob, id, { least: 1000, claim: { nonce: 1, amount: 500 } })).to.not.have.property('error')
      expect(await parties.gains()).to.deep.equal([-500n, 500n, 0n])
    })

    it('does not use the deposit of a third', async () => {
      await parties.openWith(5000, 5000)
      const id = await parties.openWith(10, 10)
      for (const options of [{ least: 11 }, { least: 0, claim: { nonce: 1, amount: 11 } }]) {
        expect((await parties.closeWithConsent(alice, bob, id, options)).error).to.equal('InsufficientChannelBalance')
      }
    })

    it('counts deposits that came after the consent', async () => {
      const id = await parties.openWith(1000, 0)
      const validUntil = BigInt(await parties.chain.now() + DAY)
      const consent = await signConsent(
        bob.privateKey, parties.network.address, { channelId: id, participant: bob.address, least: 200n, validUntil })
      await parties.network.send(bob.address, 'setTotalDeposit', id, bob.address, 70)
      await parties.network.send(alice.address, 'closeWithConsent', id, proofOf(id, 0, 0), '0x', 200, validUntil, consent)
      expect(await parties.gains()).to.deep.equal([-200n, 200n, 0n])
    })

    it('is void after its last second', async () => {
      const id = await parties.openWith(1000, 250)
      const until = await parties.chain.now() + 100
      await parties.chain.rpc('evm_setNextBlockTimestamp', until)
      await parties.chain.mine()
      expect((await parties.closeWithConsent(alice, bob, id, { least: 5, validUntil: until - 1 })).error).to.equal('CloseConsentExpired')
      await parties.chain.rpc('anvil_setBlockTimestampInterval', 0) // the next block has the time of this one
      expect(await parties.closeWithConsent(alice, bob, id, { least: 5, validUntil: until })).to.not.have.property('error')
      await parties.chain.rpc('anvil_removeBlockTimestampInterval')
    })

    it('takes only what the other participant signed, for this channel of this network on this chain, from a participant', async () => {
      const id = await parties.openWith(1000, 250)
      const otherId = await parties.openWith(1000, 250)
      const { address } = parties.network
      const elsewhere = (await parties.chain.createNetwork()).network.address
      const validUntil = BigInt(await parties.chain.now() + DAY)
      const granted = { channelId: id, participant: bob.address, least: 100n, validUntil }
      const proof = proofOf(id, 2, 60)
      const close = async (
        consent: string, { by = alice, least = 100n, until = validUntil, signature = '0x', shown = proof } = {}
      ): Promise<string | undefined> => (await parties.network.send(by.address, 'closeWithConsent', id, shown, signature, least, until, consent)).error

      const good = await signConsent(bob.privateKey, address, granted)
      for (const bad of [
        signConsent(bob.privateKey, address, { ...granted, channelId: otherId }),
        signConsent(bob.privateKey, address, { ...granted, participant: alice.address }),
        signConsent(bob.privateKey, elsewhere, granted), signConsent(bob.privateKey, address, granted, 8453),
        signConsent(alice.privateKey, address, granted), signConsent(alice.privateKey, address, { ...granted, participant: alice.address }),
        signConsent(stranger.privateKey, address, granted), signProof(bob.privateKey, address, proof), '0x', `0x${'00'.repeat(65)}`
      ]) expect(await close(await bad)).to.equal('InvalidSignature')
      for (const changed of [{ least: 99n }, { least: 101n }, { until: validUntil + 1n }]) expect(await close(good, changed)).to.equal('InvalidSignature')
      expect(await close(good, { by: bob }), 'who consented').to.equal('InvalidSignature')
      expect(await close(good, { by: stranger }), 'a stranger').to.equal('InvalidParticipant')

      for (const signature of [
        signProof(alice.privateKey, address, proof), signProof(stranger.privateKey, address, proof),
        signProof(bob.privateKey, elsewhere, proof), signProof(bob.privateKey, address, proof, 8453),
        signProof(bob.privateKey, address, proofOf(id, 2, 61)), good, '0x00'
      ]) expect(await close(good, { signature: await signature })).to.equal('InvalidSignature')
      const foreign = proofOf(otherId, 2, 60)
      expect(await close(good, { signature: await signProof(bob.privateKey, address, foreign), shown: foreign })).to.equal('InvalidBalanceProof')

      expect(await close(good, { signature: await signProof(bob.privateKey, address, proof) })).to.equal(undefined)
      expect(await close(good)).to.equal('InvalidChannelState')
      expect(await parties.network.read('claimedAmounts', id, alice.address)).to.equal(60n)
    })

    it('keeps a payout that the token refuses, and pays the other', async () => {
      const id = await parties.openWith(1000, 500)
      await parties.token.send(owner.address, 'setRefuses', bob.address, true)
      const events = eventsOf(await parties.closeWithConsent(alice, bob, id, { least: 300, claim: { nonce: 1, amount: 100 } }))
      expect(events).to.deep.equal([['ChannelSettled', id, 800n, 700n], ['PayoutDeferred', bob.address, 700n]])
      expect(await parties.gains()).to.deep.equal([-200n, -500n, 700n])
      await parties.token.send(owner.address, 'setRefuses', bob.address, false)
      await parties.network.send(bob.address, 'withdraw', bob.address)
      expect(await parties.gains()).to.deep.equal([-200n, 200n, 0n])
    })

    it('lets a participant that is a contract enter nothing again while it is paid', async () => {
      const attacker = await parties.chain.deploy('Attacker')
      const id = await parties.open(alice.address, attacker.address)
      await parties.network.send(alice.address, 'setTotalDeposit', id, alice.address, 1000)
      await parties.network.send(alice.address, 'setTotalDeposit', id, attacker.address, 50)
      await parties.token.send(owner.address, 'setHook', attacker.address, true)
      const validUntil = BigInt(await parties.chain.now() + DAY)
      const consent = await signConsent(
        alice.privateKey, parties.network.address, { channelId: id, participant: alice.address, least: 0n, validUntil })
      const proof = proofOf(id, 1, 400)
      const call = parties.network.iface.encodeFunctionData(
        'closeWithConsent', [id, proof, await signProof(alice.privateKey, parties.network.address, proof), 0, validUntil, consent])
      await attacker.send(bob.address, 'prepare', parties.network.address, call)
      expect(await attacker.send(bob.address, 'run', parties.network.address, call)).to.not.have.property('error')
      expect(await parties.token.read('balanceOf', attacker.address)).to.equal(450n)
      expect(await parties.token.read('balanceOf', alice.address)).to.equal(FUNDS - 1050n + 600n)
    })

    it('makes no payout wait by giving too little gas', async () => {
      const id = await parties.openWith(1000, 500)
      const validUntil = BigInt(await parties.chain.now() + DAY)
      const consent = await signConsent(
        bob.privateKey, parties.network.address, { channelId: id, participant: bob.address, least: 100n, validUntil })
      const data = parties.network.iface.encodeFunctionData('closeWithConsent', [id, proofOf(id, 0, 0), '0x', 100, validUntil, consent])
      for (let gas = 60_000; gas <= 400_000; gas += 20_000) {
        const snapshot = await parties.chain.rpc('evm_snapshot')
        const transaction = { from: alice.address, to: parties.network.address, data, gas: `0x${gas.toString(16)}` }
        await parties.chain.rpc('eth_sendTransaction', transaction).catch(() => undefined)
        expect(await parties.network.read('withdrawable', bob.address), `with ${gas} gas`).to.equal(0n)
        await parties.chain.rpc('evm_revert', snapshot)
      }
    })
  })
})
