/**
 * The contract of Mina channels against everybody: what its parties and strangers may do, and what nobody may. Here without proofs, so the
 * methods and the real ledger's rules are tested; `npm run test:mina` does the same with proofs, in a quarter of an hour.
 */
import { expect } from 'chai'
import { AccountUpdate, Bool, Field, Mina, Permissions, UInt32, UInt64, VerificationKey } from 'o1js'
import { PERMISSIONS, domainOf, pack } from '../../../../plugins/mina/contract/channel.js'
import { FINISHED_REDEEMED } from '../../../../plugins/mina/contract/terms.js'
import {
  CHALLENGE_SLOTS, ContractWorld, FEE, MINA, NETWORK, claimOn, refusal, type Account, type OpeningOptions, type TestChannel
} from '../../../support/mina/contract-world.js'

/** With proofs, when it names a folder for the compiled circuits. */
const { MINA_PROOFS } = process.env
const PROOFS_MS = 1_800_000

const FAR = UInt32.from(1e6)
const uint64 = (amount: bigint): UInt64 => UInt64.from(amount)
const until = (world: ContractWorld): UInt32 => UInt32.from(world.slot + 20)
const nothing = Promise.resolve()

describe('the contract of Mina channels', function () {
  if (MINA_PROOFS !== undefined) this.timeout(PROOFS_MS)
  let world: ContractWorld
  let payer: Account, payee: Account, stranger: Account

  before(async () => {
    world = await ContractWorld.start(MINA_PROOFS)
    ;({ payer, payee, stranger } = world)
  })

  const redeem = (channel: TestChannel, amount: bigint, by?: Parameters<typeof claimOn>[2]) => (): Promise<void> =>
    channel.app.redeem(...claimOn(channel, amount, by))
  const finish = (channel: TestChannel, amount: bigint, rest: bigint, by?: Parameters<typeof claimOn>[2]) => (): Promise<void> =>
    channel.app.finish(...claimOn(channel, amount, by), uint64(rest), until(world))

  describe('redeem', () => {
    let channel: TestChannel

    before(async () => { channel = await world.open(10n * MINA) })

    it('finds the state as the terms say', () => {
      const terms = pack(payer.isOdd, payee.isOdd, UInt32.from(CHALLENGE_SLOTS))
      const state = Mina.getAccount(channel.account).zkapp?.appState.map(String)
      expect(state).to.deep.equal([payer.x, payee.x, terms, channel.domain, 0, 0, 0, 0].map(String))
    })

    it('pays what a claim says that mina-signer signed', async () => {
      expect(await world.gain(payee, true, () => world.send(payee, redeem(channel, 3n * MINA)))).to.equal(3n * MINA)
    })

    for (const [what, work, reason] of [
      ['the same claim again (row 1)', () => redeem(channel, 3n * MINA), 'nothing to redeem'],
      ['a lower claim (row 1)', () => redeem(channel, 2n * MINA), 'nothing to redeem'],
      ['a claim that the payee signed (row 1)', () => redeem(channel, 4n * MINA, { key: payee.key }), 'not signed by the payer'],
      ['a claim for another network (rows 2, 10)', () => redeem(channel, 4n * MINA, { domain: domainOf('mina:mainnet', channel.account) }), 'not signed by the payer'],
      ['a claim for another channel (row 2)', () => redeem(channel, 4n * MINA, { address: payer }), 'not signed by the payer'],
      ['an amount that was raised (row 1)', () => () => channel.app.redeem(uint64(5n * MINA), ...rest(claimOn(channel, 4n * MINA))), 'not signed by the payer'],
      ['a claim above the deposit (row 3)', () => redeem(channel, 11n * MINA), 'Overflow']
    ] as Array<[string, () => () => Promise<void>, string]>) {
      it(`refuses ${what}`, async () => {
        expect(await refusal(() => world.send(payee, work()))).to.contain(reason)
      })
    }

    it('refuses the payer, who would get in the way of the payee with old claims (row 4)', async () => {
      expect(await refusal(() => world.send(payer, redeem(channel, 4n * MINA)))).to.match(/signature/i)
    })

    it('does not mind what others pay in between the proof and the block (row 5)', async () => {
      const command = await world.build(payee, redeem(channel, 4n * MINA))
      await world.put(payer, channel, 1n)
      await world.put(stranger, channel, 1n)
      expect(await world.gain(payee, true, () => command.sign([payee.key]).send())).to.equal(MINA)
    })

    it('takes a higher fee without a new proof (row 16)', async () => {
      const command = await world.build(payee, redeem(channel, 4n * MINA + MINA / 2n))
      void command.sign([payee.key])
      void command.setFee(uint64(5n * FEE))
      command.transaction.feePayer.lazyAuthorization = { kind: 'lazy-signature' }
      const before = world.balance(payee)
      await command.sign([payee.key]).send()
      expect(world.balance(payee) - before).to.equal(MINA / 2n - 5n * FEE)
    })

    it('lets a stranger pay the fee, if the payee has signed (row 16)', async () => {
      const command = await world.build(stranger, redeem(channel, 5n * MINA))
      expect(await world.gain(payee, false, () => command.sign([stranger.key, payee.key]).send())).to.equal(MINA / 2n)
    })

    it('serves three channels in one transaction', async () => {
      const three = [await world.open(MINA), await world.open(MINA), await world.open(MINA)]
      const gain = await world.gain(payee, true, () => world.send(payee, async () => {
        for (const one of three) await redeem(one, MINA)()
      }))
      expect(gain).to.equal(3n * MINA)
    })
  })

  describe("the account's key", () => {
    let channel: TestChannel
    let self: Account

    before(async () => {
      channel = await world.open(10n * MINA)
      self = channel.account
    })

    /** Signed for the whole transaction, so that only the permission in question can stop it. */
    function signed (): AccountUpdate {
      const update = AccountUpdate.createSigned(self)
      update.body.useFullCommitment = Bool(true)
      update.body.incrementNonce = Bool(false)
      update.body.preconditions.account.nonce.isSome = Bool(false)
      update.body.preconditions.account.nonce.value = { lower: UInt32.zero, upper: UInt32.MAXINT() }
      return update
    }
    const vesting = {
      initialMinimumBalance: uint64(MINA), cliffTime: FAR, cliffAmount: uint64(MINA),
      vestingPeriod: UInt32.one, vestingIncrement: UInt64.zero
    }

    for (const [what, work, reason] of [
      ['send money', () => signed().send({ to: payer, amount: MINA }), 'balance'],
      ['set the state', () => { AccountUpdate.setValue(signed().body.update.appState[4]!, Field(0)) }, 'app_?state'],
      ['set permissions', () => { signed().account.permissions.set(Permissions.initial()) }, 'permissions'],
      ['set the delegate', () => { signed().account.delegate.set(payer) }, 'delegate'],
      ['set a vesting schedule', () => { signed().account.timing.set(vesting) }, 'timing'],
      ['dispatch actions', () => {
        const update = signed()
        update.body.actions = AccountUpdate.Actions.pushEvent(update.body.actions, [Field(1)])
      }, 'action']
    ] as Array<[string, () => void, string]>) {
      it(`cannot ${what} (row 8)`, async () => {
        const said = await refusal(() => world.send(payer, () => {
          work()
          return nothing
        }, self.key))
        expect(said).to.match(new RegExp(`not_permitted_${reason}|permission.*${reason}|${reason}.*permission`, 'is'))
      })
    }

    it('cannot set other code (row 8)', async () => {
      const other = await VerificationKey.dummy()
      const said = await refusal(() => world.send(payer, () => {
        signed().account.verificationKey.set(other)
        return nothing
      }, self.key))
      expect(said).to.match(/verification_?key/i)
    })

    it('cannot pay fees with it (row 8)', async () => {
      expect(await refusal(() => world.send(self, () => nothing))).to.match(/not_permitted_(nonce|balance)/)
    })

    it('cannot open it again (row 8)', async () => {
      const again = { payer, payee: stranger, challengeSlots: 1, domain: channel.domain }
      expect(await refusal(() => world.send(payer, () => channel.app.open(again), self.key))).to.match(/not_permitted|permission/i)
    })

    it('is not needed for others to be refused: a stranger cannot set the state', async () => {
      const said = await refusal(() => world.send(stranger, () => {
        AccountUpdate.setValue(AccountUpdate.create(self).body.update.appState[4]!, Field(0))
        return nothing
      }))
      expect(said).to.match(/app_?state|editState/i)
    })

    it('is not needed to make it emit events, so events mean nothing (row 18, known)', async () => {
      await world.send(stranger, () => {
        const update = AccountUpdate.create(self)
        update.body.events = AccountUpdate.Events.pushEvent(update.body.events, [Field(7)])
        return nothing
      })
    })
  })

  describe('the challenge', () => {
    it('goes from the payer to the end, and leaves the payee all of it (row 14)', async () => {
      const channel = await world.open(10n * MINA)
      const start = world.slot
      const last = UInt32.from(start + 20)
      const settle = (amount: bigint) => (): Promise<void> => channel.app.settle(uint64(amount))
      expect(await refusal(() => world.send(payee, () => channel.app.startClose(last))), 'the payee starts it').to.match(/signature/i)
      expect(await refusal(() => world.send(payer, settle(10n * MINA))), 'settled while open').to.contain('open')
      await world.send(payer, () => channel.app.startClose(last))
      expect(channel.app.closesAt.get().toBigint()).to.equal(BigInt(start + 20 + CHALLENGE_SLOTS))
      expect(await refusal(() => world.send(payer, () => channel.app.startClose(UInt32.from(start + 30)))), 'started twice').to.match(/precondition/i)

      world.chain.setGlobalSlot(start + 20 + CHALLENGE_SLOTS - 1)
      expect(await refusal(() => world.send(payer, settle(10n * MINA))), 'one slot early').to.match(/valid_while|global_slot|protocol_state/i)
      expect(await world.gain(payee, true, () => world.send(payee, redeem(channel, 6n * MINA)))).to.equal(6n * MINA)

      world.chain.setGlobalSlot(start + 20 + CHALLENGE_SLOTS)
      expect(await refusal(() => world.send(stranger, settle(2n * MINA))), 'in crumbs').to.match(/balance_precondition/i)
      const command = await world.build(stranger, settle(4n * MINA))
      await world.put(payee, channel, 5n)
      expect(await world.gain(payer, false, () => command.sign([stranger.key]).send())).to.equal(4n * MINA)
      expect(await world.gain(payer, false, () => world.send(stranger, settle(5n)))).to.equal(5n)
      expect(await refusal(() => world.send(payee, redeem(channel, 7n * MINA))), 'a claim after the end').to.contain('Overflow')
    })
  })

  describe('finish', () => {
    it('is for the payee, in its time, with a claim of the payer', async () => {
      const channel = await world.open(10n * MINA)
      expect(await refusal(() => world.send(payer, finish(channel, 4n * MINA, 6n * MINA)))).to.match(/signature/i)
      const late = UInt32.from(world.slot - 1)
      const afterItsTime = (): Promise<void> => channel.app.finish(...claimOn(channel, 4n * MINA), uint64(6n * MINA), late)
      expect(await refusal(() => world.send(payee, afterItsTime))).to.match(/valid_while|global_slot|protocol_state/i)
      const ofAStranger = finish(channel, 4n * MINA, 6n * MINA, { key: stranger.key })
      expect(await refusal(() => world.send(payee, ofAStranger))).to.contain('not signed by the payer')
    })

    it('needs no signature for what was redeemed already', async () => {
      const channel = await world.open(10n * MINA)
      await world.send(payee, redeem(channel, 4n * MINA))
      const unsigned = finish(channel, 4n * MINA, 6n * MINA, { key: stranger.key })
      expect(await world.gain(payer, false, () => world.send(payee, unsigned))).to.equal(6n * MINA)
    })

    it('ends both ways in one transaction, which cannot be changed, lent or repeated (rows 16, 28)', async () => {
      const there = await world.open(10n * MINA)
      const back = await world.open(5n * MINA, { payer: payee, payee: payer })
      const joint = async (): Promise<void> => {
        await finish(there, 4n * MINA, 6n * MINA)()
        await finish(back, MINA, 4n * MINA)()
      }
      expect(await refusal(() => world.send(payer, joint)), 'signed by one').to.match(/signature/i)
      expect(await refusal(async () => {
        const command = await world.build(payer, joint)
        void command.sign([payee.key]).setFee(uint64(2n * FEE))
        await command.sign([payer.key]).send()
      }), 'another fee after the peer has signed').to.match(/signature/i)
      expect(await refusal(async () => {
        const command = (await world.build(payer, joint)).sign([payer.key, payee.key])
        await world.put(payer, there, 1n)
        await command.send()
      }), 'after its fee payer has sent something else').to.match(/nonce/i)

      const command = (await world.build(payer, joint)).sign([payer.key, payee.key])
      const before = world.balance(payee)
      expect(await world.gain(payer, true, () => command.send())).to.equal(6n * MINA + MINA)
      expect(world.balance(payee) - before).to.equal(4n * MINA + 4n * MINA)
      expect(await refusal(() => command.send()), 'again').to.match(/nonce/i)
      const leftover = (): Promise<void> => there.app.settle(uint64(world.balance(there.account)))
      expect(await world.gain(payer, false, () => world.send(stranger, leftover)), 'what was put in meanwhile').to.equal(1n)
    })

    it('says for good what was paid, and leaves nothing for later claims (row 7)', async () => {
      const channel = await world.open(10n * MINA)
      await world.send(payee, finish(channel, 4n * MINA, 6n * MINA))
      expect(channel.app.final.get().toBigInt()).to.equal(4n * MINA)
      expect(channel.app.redeemed.get().toBigInt()).to.equal(FINISHED_REDEEMED)
      const again = (): Promise<void> => channel.app.finish(UInt64.MAXINT(), ...rest(claimOn(channel, MINA)), uint64(0n), FAR)
      expect(await refusal(() => world.send(payee, again))).to.contain('finished already')
      await world.put(payer, channel, MINA)
      expect(await refusal(() => world.send(payee, redeem(channel, 5n * MINA)))).to.contain('nothing to redeem')
    })
  })

  describe('trouble', () => {
    it('of a payer whose account refuses money stops finish, and not redeem (row 15)', async () => {
      const mean = world.chain.testAccounts[3]
      const channel = await world.open(5n * MINA, { payer: mean })
      await world.send(mean, () => {
        AccountUpdate.createSigned(mean).account.permissions.set({ ...Permissions.initial(), receive: Permissions.impossible() })
        return nothing
      })
      expect(await refusal(() => world.send(payee, finish(channel, 2n * MINA, 3n * MINA)))).to.match(/balance|receive/i)
      expect(await world.gain(payee, true, () => world.send(payee, redeem(channel, 2n * MINA)))).to.equal(2n * MINA)
    })

    it('of one who has paid the new address first: the channel is opened without the fee for its creation (row 17)', async () => {
      const early = Mina.TestPublicKey.random()
      const { app } = await world.open(0n)
      const open = (): Promise<void> => new (app.constructor as new (key: Account) => typeof app)(early).open({
        payer, payee, challengeSlots: CHALLENGE_SLOTS, domain: domainOf(NETWORK, early)
      })
      await world.send(payee, () => {
        AccountUpdate.fundNewAccount(payee).send({ to: early, amount: 1 })
        return nothing
      })
      const said = await refusal(() => world.send(payer, async () => {
        AccountUpdate.fundNewAccount(payer)
        await open()
      }, early.key))
      expect(said).to.match(/fee_excess|excess/i)
      await world.send(payer, open, early.key)
    })

    for (const [what, amount, options, reason] of [
      ['a vesting schedule is not paid from', 7n * MINA, {
        before: 6n * MINA,
        more: app => {
          app.account.timing.set({
            initialMinimumBalance: uint64(5n * MINA), cliffTime: FAR, cliffAmount: uint64(5n * MINA),
            vestingPeriod: UInt32.one, vestingIncrement: UInt64.zero
          })
        }
      }, 'minimum_balance'],
      ['forged state does not pay', 2n * MINA, { more: app => { app.redeemed.set(uint64(4n * MINA)) } }, 'nothing to redeem']
    ] as Array<[string, bigint, OpeningOptions, string]>) {
      it(`of a channel that is opened with it: ${what}, so the payee has to look (row 9, known)`, async () => {
        const channel = await world.open(5n * MINA, options)
        expect(await refusal(() => world.send(payee, redeem(channel, amount)))).to.match(new RegExp(reason, 'i'))
      })
    }

    it('of a permission of an older version, which real ledgers take for a signature: the payee has to look (row 9, known)', async () => {
      const channel = await world.open(0n, {
        more: app => {
          const setVerificationKey = Permissions.VerificationKey.impossibleDuringCurrentVersion()
          setVerificationKey.txnVersion = UInt32.one
          app.account.permissions.set({ ...PERMISSIONS, setVerificationKey })
        }
      })
      expect(Mina.getAccount(channel.account).permissions.setVerificationKey.txnVersion.toBigint()).to.equal(1n)
    })
  })
})

function rest ([, nonce, signature]: ReturnType<typeof claimOn>): [Field, ReturnType<typeof claimOn>[2]] {
  return [nonce, signature]
}
