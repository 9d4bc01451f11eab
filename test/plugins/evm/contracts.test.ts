/** What the contracts promise to whoever puts money into them: every function's rules, on a real EVM. */
import { spawnSync } from 'node:child_process'
import { expect } from 'chai'
import { Signature, solidityPackedKeccak256, ZeroAddress } from 'ethers'
import { alice, bob, DAY, eventsOf, FUNDS, owner, setUp, stranger } from '../../support/evm/parties.js'
import { proofOf, signProof, signTerms } from '../../support/evm/signatures.js'

const YEAR = 365 * DAY
const MILLION = 1_000_000n * 10n ** 18n

describe('contracts', () => {
  const parties = setUp()

  it('stand in the repository as their sources give them', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/compile-contracts.mjs', '--check'], { encoding: 'utf8' })
    expect(stderr).to.equal('')
    expect(status).to.equal(0)
  })

  describe('the registry', () => {
    it('creates one network for a token, and finds it from both ends', async () => {
      const found = (await parties.chain.registry.readAll('token_network_to_token', parties.network.address))[0] as string
      expect(found).to.equal((await parties.network.readAll('token'))[0])
      expect((await parties.chain.registry.readAll('token_to_token_networks', found))[0]).to.equal((await parties.chain.registry.readAll('getTokenNetwork', found))[0])
      expect((await parties.chain.registry.send(stranger.address, 'createTokenNetwork', parties.token.address)).error).to.equal('TokenNetworkAlreadyExists')
    })

    it('tells of a new network', async () => {
      const other = await parties.chain.deploy('TestToken', 18)
      const [event] = eventsOf(await parties.chain.registry.send(stranger.address, 'createTokenNetwork', other.address))
      const { address } = await parties.chain.networkOf(other)
      expect(event).to.deep.equal(['TokenNetworkCreated', (await parties.chain.at(address, parties.network.iface.format()).readAll('token'))[0], address])
    })

    it('refuses what is no contract', async () => {
      for (const address of [ZeroAddress, stranger.address]) {
        expect((await parties.chain.registry.send(stranger.address, 'createTokenNetwork', address)).error).to.equal('InvalidTokenAddress')
      }
    })

    it('bounds deposits to a million whole tokens and lifetimes to a year', async () => {
      expect(await parties.network.read('maxChannelDeposit')).to.equal(MILLION)
      expect(await parties.network.read('maxChannelLifetime')).to.equal(BigInt(YEAR))
      for (const [decimals, bound] of [[6, 10n ** 12n], [0, 10n ** 6n], [77, MILLION]] as const) {
        const small = await parties.chain.createNetwork(decimals)
        expect(await small.network.read('maxChannelDeposit'), `of ${decimals} decimals`).to.equal(bound)
      }
    })

    it('creates networks only of whitelisted tokens once there is a whitelist', async () => {
      const other = await parties.chain.deploy('TestToken', 18)
      const tokenAddress = other.address
      expect(eventsOf(await parties.chain.registry.send(owner.address, 'enableWhitelist'))).to.deep.equal([['WhitelistEnabled']])
      expect((await parties.chain.registry.send(stranger.address, 'createTokenNetwork', tokenAddress)).error).to.equal('TokenNotWhitelisted')
      expect(eventsOf(await parties.chain.registry.send(owner.address, 'addTokenToWhitelist', tokenAddress))[0]![0]).to.equal('TokenWhitelisted')
      expect(eventsOf(await parties.chain.registry.send(owner.address, 'removeTokenFromWhitelist', tokenAddress))[0]![0]).to.equal('TokenRemovedFromWhitelist')
      expect((await parties.chain.registry.send(stranger.address, 'createTokenNetwork', tokenAddress)).error).to.equal('TokenNotWhitelisted')
      expect(eventsOf(await parties.chain.registry.send(owner.address, 'disableWhitelist'))).to.deep.equal([['WhitelistDisabled']])
      expect(await parties.chain.registry.send(stranger.address, 'createTokenNetwork', tokenAddress)).to.not.have.property('error')
    })

    it('creates none while it is paused', async () => {
      const other = await parties.chain.deploy('TestToken', 18)
      await parties.chain.registry.send(owner.address, 'pause')
      expect((await parties.chain.registry.send(stranger.address, 'createTokenNetwork', other.address)).error).to.equal('EnforcedPause')
      await parties.chain.registry.send(owner.address, 'unpause')
      expect(await parties.chain.registry.send(stranger.address, 'createTokenNetwork', other.address)).to.not.have.property('error')
    })

    it('obeys nobody but its owner', async () => {
      for (const method of ['pause', 'unpause', 'enableWhitelist', 'disableWhitelist']) {
        expect((await parties.chain.registry.send(stranger.address, method)).error, method).to.equal('OwnableUnauthorizedAccount')
      }
      for (const method of ['addTokenToWhitelist', 'removeTokenFromWhitelist']) {
        expect((await parties.chain.registry.send(stranger.address, method, parties.token.address)).error).to.equal('OwnableUnauthorizedAccount')
      }
    })

    it('gives its owner no power over networks', () => {
      for (const name of ['owner', 'pause', 'emergencyWithdraw', 'transferOwnership']) expect(parties.network.iface.getFunction(name), name).to.equal(null)
    })
  })

  describe('openChannel', () => {
    it('opens under an id of both addresses and the counter, whoever of the two calls', async () => {
      for (const [by, peer] of [[alice, bob], [bob, alice]] as const) {
        const counter = await parties.network.read('channelCounter')
        const [event] = eventsOf(await parties.network.send(by.address, 'openChannel', peer.address, DAY))
        const id = solidityPackedKeccak256(['address', 'address', 'uint256'], [alice.address, bob.address, counter])
        expect(event).to.deep.equal(['ChannelOpened', id, alice.address, bob.address, BigInt(DAY)])
        expect((await parties.network.readAll('channels', id)).toArray()).to.deep.equal(
          [BigInt(DAY), 1n, 0n, BigInt(await parties.chain.now()), alice.address, bob.address])
      }
    })

    it('refuses a channel with nobody or oneself', async () => {
      for (const peer of [ZeroAddress, alice.address]) {
        expect((await parties.network.send(alice.address, 'openChannel', peer, DAY)).error).to.equal('InvalidParticipant')
      }
    })

    it('refuses a challenge under an hour, and one that would never end', async () => {
      for (const timeout of [0, 3599, YEAR + 1, 2n ** 256n - 1n]) {
        expect((await parties.network.send(alice.address, 'openChannel', bob.address, timeout)).error).to.equal('InvalidSettlementTimeout')
      }
      for (const timeout of [3600, YEAR]) expect(await parties.network.send(alice.address, 'openChannel', bob.address, timeout)).to.not.have.property('error')
    })
  })

  describe('setTotalDeposit', () => {
    it('takes the difference to the total from the caller, for either participant', async () => {
      const id = await parties.open()
      expect(eventsOf(await parties.network.send(alice.address, 'setTotalDeposit', id, alice.address, 100))).to.deep.equal([['ChannelNewDeposit', id, alice.address, 100n]])
      expect(eventsOf(await parties.network.send(stranger.address, 'setTotalDeposit', id, alice.address, 150))).to.deep.equal([['ChannelNewDeposit', id, alice.address, 150n]])
      await parties.network.send(alice.address, 'setTotalDeposit', id, bob.address, 30)
      expect(await parties.gains()).to.deep.equal([-130n, 0n, 180n])
      expect((await parties.network.readAll('participants', id, alice.address)).toArray()).to.deep.equal([150n, 0n, 0n])
    })

    it('refuses a smaller total, one above the bound, other participants and other states', async () => {
      const id = await parties.openWith(100, 0)
      await parties.token.send(alice.address, 'mint', alice.address, MILLION)
      expect((await parties.network.send(alice.address, 'setTotalDeposit', id, alice.address, 99)).error).to.equal('InsufficientDeposit')
      expect((await parties.network.send(alice.address, 'setTotalDeposit', id, alice.address, MILLION + 1n)).error).to.equal('DepositLimitExceeded')
      expect((await parties.network.send(alice.address, 'setTotalDeposit', id, stranger.address, 5)).error).to.equal('InvalidParticipant')
      expect((await parties.network.send(alice.address, 'setTotalDeposit', `0x${'11'.repeat(32)}`, alice.address, 5)).error).to.equal('InvalidChannelState')
      await parties.network.send(alice.address, 'closeChannel', id)
      expect((await parties.network.send(alice.address, 'setTotalDeposit', id, alice.address, 200)).error).to.equal('InvalidChannelState')
    })

    it('takes the bound itself', async () => {
      const id = await parties.open()
      await parties.token.send(alice.address, 'mint', alice.address, MILLION)
      await parties.token.send(alice.address, 'approve', parties.network.address, MILLION)
      expect(await parties.network.send(alice.address, 'setTotalDeposit', id, alice.address, MILLION)).to.not.have.property('error')
    })

    it('needs the tokens and the allowance', async () => {
      const id = await parties.open()
      expect((await parties.network.send(alice.address, 'setTotalDeposit', id, alice.address, FUNDS + 1n)).error).to.be.a('string')
      expect(await parties.gains()).to.deep.equal([0n, 0n, 0n])
    })
  })

  describe('claimFromChannel', () => {
    it('pays what a proof adds, and leaves the channel open', async () => {
      const id = await parties.openWith(1000, 0)
      expect(eventsOf(await parties.claim(bob, alice, id, 1, 300))).to.deep.equal([['ChannelClaimed', id, bob.address, 300n, 300n]])
      expect(eventsOf(await parties.claim(bob, alice, id, 7, 450))).to.deep.equal([['ChannelClaimed', id, bob.address, 150n, 450n]])
      expect(await parties.gains()).to.deep.equal([-1000n, 450n, 550n])
      expect((await parties.network.readAll('participants', id, alice.address)).toArray()).to.deep.equal([1000n, 7n, 450n])
      expect(await parties.network.read('claimedAmounts', id, bob.address)).to.equal(450n)
      expect((await parties.network.readAll('channels', id)).state).to.equal(1n)
    })

    it('pays up to the whole deposit and nothing above', async () => {
      const id = await parties.openWith(1000, 500)
      expect((await parties.claim(bob, alice, id, 1, 1001)).error).to.equal('InsufficientChannelBalance')
      expect(await parties.claim(bob, alice, id, 1, 1000)).to.not.have.property('error')
    })

    it('pays a proof once', async () => {
      const id = await parties.openWith(1000, 0)
      await parties.claim(bob, alice, id, 3, 300)
      expect((await parties.claim(bob, alice, id, 3, 300)).error).to.equal('InvalidNonce')
      expect((await parties.claim(bob, alice, id, 3, 400)).error).to.equal('InvalidNonce')
      expect((await parties.claim(bob, alice, id, 2, 400)).error).to.equal('InvalidNonce')
      expect((await parties.claim(bob, alice, id, 4, 300)).error).to.equal('NothingToClaim')
      expect((await parties.claim(bob, alice, id, 4, 200)).error).to.equal('NothingToClaim')
      expect((await parties.claim(bob, alice, await parties.openWith(0, 0), 0, 0)).error).to.equal('InvalidNonce')
    })

    it('takes only what the other participant signed, for this channel of this network on this chain', async () => {
      const id = await parties.openWith(1000, 1000)
      const otherId = await parties.openWith(1000, 1000)
      const proof = proofOf(id, 1, 100)
      const redeem = async (signature: string | Promise<string>, of = proof): Promise<string | undefined> =>
        (await parties.network.send(bob.address, 'claimFromChannel', id, of, await signature)).error
      const good = await signProof(alice.privateKey, parties.network.address, proof)
      const other = await parties.chain.createNetwork()
      const { r, s, v } = Signature.from(good)
      const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
      const highS = `${r}${(order - BigInt(s)).toString(16).padStart(64, '0')}${(v === 27 ? 28 : 27).toString(16)}`
      for (const bad of [
        signProof(bob.privateKey, parties.network.address, proof),
        signProof(stranger.privateKey, parties.network.address, proof),
        signProof(alice.privateKey, parties.network.address, proofOf(otherId, 1, 100)),
        signProof(alice.privateKey, other.network.address, proof),
        signProof(alice.privateKey, parties.network.address, proof, 8453),
        '0x', `${good}00`, good.slice(0, -2), `0x${'00'.repeat(65)}`, highS
      ]) expect(await redeem(bad)).to.equal('InvalidSignature')
      const foreign = proofOf(otherId, 1, 100)
      expect(await redeem(signProof(alice.privateKey, parties.network.address, foreign), foreign)).to.equal('InvalidBalanceProof')
      for (const changed of [{ nonce: 2n }, { transferredAmount: 101n }, { lockedAmount: 1n }, { locksRoot: `0x${'01'.repeat(32)}` }]) {
        expect(await redeem(good, { ...proof, ...changed }), Object.keys(changed)[0]).to.equal('InvalidSignature')
      }
      expect(await redeem(good)).to.equal(undefined)
    })

    it('pays only participants', async () => {
      const id = await parties.openWith(1000, 0)
      expect((await parties.claim(stranger, alice, id, 1, 100)).error).to.equal('InvalidParticipant')
    })

    it('pays during the challenge, and after it until somebody settles', async () => {
      const id = await parties.openWith(1000, 0)
      await parties.network.send(alice.address, 'closeChannel', id)
      expect(await parties.claim(bob, alice, id, 1, 100)).to.not.have.property('error')
      await parties.chain.pass(DAY)
      expect(await parties.claim(bob, alice, id, 2, 200)).to.not.have.property('error')
      await parties.network.send(stranger.address, 'settleChannel', id)
      expect((await parties.claim(bob, alice, id, 3, 300)).error).to.equal('InvalidChannelState')
      expect(await parties.gains()).to.deep.equal([-200n, 200n, 0n])
    })
  })

  describe('closing by challenge', () => {
    it('is begun by a participant, once', async () => {
      const id = await parties.openWith(1000, 0)
      expect((await parties.network.send(stranger.address, 'closeChannel', id)).error).to.equal('InvalidParticipant')
      expect(eventsOf(await parties.network.send(bob.address, 'closeChannel', id))).to.deep.equal([['ChannelClosed', id, bob.address]])
      const { state, closedAt } = await parties.network.readAll('channels', id)
      expect([state, closedAt]).to.deep.equal([2n, BigInt(await parties.chain.now())])
      expect((await parties.network.send(alice.address, 'closeChannel', id)).error).to.equal('InvalidChannelState')
    })

    it('is begun by anybody after a year', async () => {
      const id = await parties.openWith(1000, 0)
      expect((await parties.network.send(stranger.address, 'forceCloseExpiredChannel', id)).error).to.equal('ChannelNotExpired')
      await parties.chain.pass(YEAR)
      const [event] = eventsOf(await parties.network.send(stranger.address, 'forceCloseExpiredChannel', id))
      expect(event).to.deep.equal(['ChannelClosedByExpiry', id, BigInt(await parties.chain.now())])
      expect((await parties.network.send(stranger.address, 'settleChannel', id)).error).to.equal('SettlementTimeoutNotExpired')
    })

    it('gives each side the best proof it shows, and the rest back', async () => {
      const id = await parties.openWith(1000, 500)
      await parties.claim(bob, alice, id, 1, 100)
      await parties.network.send(alice.address, 'closeChannel', id)
      await parties.claim(bob, alice, id, 9, 700)
      await parties.claim(alice, bob, id, 4, 500)
      expect((await parties.network.send(alice.address, 'settleChannel', id)).error).to.equal('SettlementTimeoutNotExpired')
      await parties.chain.pass(DAY)
      expect(eventsOf(await parties.network.send(stranger.address, 'settleChannel', id))).to.deep.equal([['ChannelSettled', id, 300n, 0n]])
      expect(await parties.gains()).to.deep.equal([-200n, 200n, 0n])
      expect((await parties.network.send(alice.address, 'settleChannel', id)).error).to.equal('InvalidChannelState')
    })

    it('is not settled before it is closed', async () => {
      expect((await parties.network.send(alice.address, 'settleChannel', await parties.openWith(1000, 0))).error).to.equal('InvalidChannelState')
    })
  })

  describe('cooperativeClose', () => {
    it('pays the net of both directions in one transaction', async () => {
      const id = await parties.openWith(1000, 250)
      expect(eventsOf(await parties.closeTogether(id, 1000, 250))).to.deep.equal([['ChannelSettled', id, 250n, 1000n]])
      expect(await parties.gains()).to.deep.equal([-750n, 750n, 0n])
      expect((await parties.network.readAll('channels', id)).state).to.equal(3n)
    })

    it('reaches beyond one deposit, by what came back', async () => {
      const id = await parties.openWith(1000, 0)
      await parties.closeTogether(id, 3000, 2250)
      expect(await parties.gains()).to.deep.equal([-750n, 750n, 0n])
    })

    it('comes to the same, whatever was redeemed or deposited since the signing', async () => {
      for (const meanwhile of [
        async (id: string) => { await parties.claim(bob, alice, id, 1, 400) },
        async (id: string) => { await parties.claim(alice, bob, id, 1, 250) },
        async (id: string) => { await parties.network.send(bob.address, 'setTotalDeposit', id, bob.address, 900) },
        async (id: string) => { await parties.network.send(alice.address, 'closeChannel', id) }
      ]) {
        const id = await parties.openWith(1000, 250)
        const before = await parties.gains()
        await meanwhile(id)
        expect(await parties.closeTogether(id, 1000, 250)).to.not.have.property('error')
        const [gained1, gained2] = await parties.gains()
        expect([gained1 - before[0], gained2 - before[1]]).to.deep.equal([250n, 1000n])
      }
    })

    it('refuses to pay a side less than nothing', async () => {
      const id = await parties.openWith(1000, 250)
      expect((await parties.closeTogether(id, 1001, 0)).error).to.equal('InsufficientChannelBalance')
      expect((await parties.closeTogether(id, 0, 251)).error).to.equal('InsufficientChannelBalance')
      await parties.claim(bob, alice, id, 1, 400)
      expect((await parties.closeTogether(id, 150, 0)).error, 'the deposit pays back what was redeemed too much').to.equal(undefined)
      const poor = await parties.openWith(1000, 0)
      await parties.claim(bob, alice, poor, 1, 400)
      expect((await parties.closeTogether(poor, 100, 0)).error).to.equal('InsufficientChannelBalance')
    })

    it('needs both signatures over these terms, before the deadline', async () => {
      const id = await parties.openWith(1000, 250)
      const deadline = BigInt(await parties.chain.now() + DAY)
      const terms = { channelId: id, transferredAmount1: 1000n, transferredAmount2: 250n, deadline }
      const one = await signTerms(alice.privateKey, parties.network.address, terms)
      const two = await signTerms(bob.privateKey, parties.network.address, terms)
      const close = async (first: string, second: string, changed: Partial<typeof terms> = {}): Promise<string | undefined> => {
        const { transferredAmount1, transferredAmount2, deadline: until } = { ...terms, ...changed }
        return (await parties.network.send(alice.address, 'cooperativeClose', id, transferredAmount1, transferredAmount2, until, first, second)).error
      }
      for (const [first, second] of [[one, one], [two, two], [two, one], [one, '0x'], ['0x', two]] as const) {
        expect(await close(first, second)).to.equal('InvalidSignature')
      }
      for (const changed of [{ transferredAmount1: 999n }, { transferredAmount2: 249n }, { deadline: deadline + 1n }]) {
        expect(await close(one, two, changed)).to.equal('InvalidSignature')
      }
      expect((await parties.closeTogether(id, 0, 0, await parties.chain.now() - 1)).error).to.equal('CooperativeCloseExpired')
      expect(await close(one, two)).to.equal(undefined)
      expect(await close(one, two)).to.equal('InvalidChannelState')
    })
  })

})
