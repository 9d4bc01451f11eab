/**
 * What the pool and the blocks of the stand-in for Mina allow, rule by rule, each with its source: `network_pool/indexed_pool.ml`,
 * `network_pool/transaction_pool.ml`, `mina_lib/mina_lib.ml` and `user_command_input.ml` of the daemon,
 * `mina_base/transaction_status.ml` for what fails in a block, and o1js's own limits. What the ledger does is the code of the real one,
 * compiled into o1js.
 */
import { expect } from 'chai'
import { FEE, MINA, MinaWorld, newKeys, type Party, type Sending } from './parties.js'

describe('the rules of the stand-in for Mina', () => {
  let world: MinaWorld
  let payer: Party, payee: Party

  before(async () => { world = await MinaWorld.start() })
  beforeEach(async () => {
    await world.reset()
    ;({ payer, payee } = world)
  })
  after(() => world.stop())

  const pay = (sending: Sending = {}, amount = MINA, from = payer): Promise<string> => world.pay(from, payee.publicKey, amount, sending)
  const saidOf = (work: Promise<unknown>): Promise<string> => work.then(() => 'it was taken', (error: unknown) => String(error))
  const included = async (): Promise<string[]> => (await world.blocks()).flatMap(({ transactions: { userCommands, zkappCommands } }) =>
    [...userCommands, ...zkappCommands].map(({ hash }) => hash))

  const redeemOf = async (channel: Party, amount: bigint): Promise<string> => world.prover.prove({
    kind: 'redeem', sender: payee.publicKey, channel: await world.at(channel), claim: world.claim(channel, amount)
  }, 1)

  describe('the pool', () => {
    it('takes nonces without a gap, and counts them in inferredNonce (user_command_input.ml)', async () => {
      await pay({ nonce: 0 })
      await pay({ nonce: 1 })
      expect(await saidOf(pay({ nonce: 3 }))).to.contain('Input nonce 3 either different from inferred nonce 2 or below minimum_nonce 0')
      expect(await world.account(payer.publicKey)).to.include({ nonce: '0', inferredNonce: '2' })
      await world.chain.block()
      expect(await world.account(payer.publicKey)).to.include({ nonce: '2', inferredNonce: '2' })
      expect(await saidOf(pay({ nonce: 1 }))).to.contain('below minimum_nonce 2')
    })

    it('replaces a command of the same nonce for a higher fee, and only for that (indexed_pool.ml, Insufficient_replace_fee)', async () => {
      const first = await pay({ nonce: 0 })
      expect(await saidOf(pay({ nonce: 0 }, 2n * MINA))).to.contain("Couldn't send user command: [\"Insufficient_replace_fee\"]")
      expect(await saidOf(pay({ nonce: 0 }))).to.contain('["Duplicate"]')
      const second = await pay({ nonce: 0, fee: FEE + 1n }, 3n * MINA)
      await world.chain.block()
      expect(await included()).to.deep.equal([second]).and.not.contain(first)
      expect(await world.balance(payee.publicKey)).to.equal(103n * MINA)
    })

    it('takes no more than the account has for all its commands (indexed_pool.ml, Insufficient_funds)', async () => {
      await pay({}, 60n * MINA)
      expect(await saidOf(pay({}, 40n * MINA))).to.contain('["Insufficient_funds"]')
      await pay({}, 39n * MINA)
    })

    it('takes no fee below 0.001 MINA (minimum_user_command_fee)', async () => {
      expect(await saidOf(pay({ fee: 999_999n }))).to.contain('less than the minimum fee')
      const channel = newKeys()
      expect(await saidOf(world.send(world.opening(channel, MINA), payer, { also: [channel], fee: 999_999n }))).to.contain('Insufficient_fee')
      await pay({ fee: 1_000_000n })
    })

    it('takes nothing from accounts that are not there (Fee_payer_account_not_found)', async () => {
      const nobody = newKeys()
      expect(await saidOf(pay({ nonce: 0 }, MINA, nobody))).to.contain('is not in the ledger')
      const command = await world.prover.prove(world.opening(newKeys(), MINA), 1)
      const unknown: Sending = { edit: ({ feePayer }) => { feePayer.body.publicKey = nobody.publicKey } }
      expect(await saidOf(world.sendCommand(command, nobody, unknown))).to.match(/Fee_payer_account_not_found|Authorization kind/)
    })

    it('takes nothing that is over, and forgets what becomes so (indexed_pool.ml, Expired)', async () => {
      const { slot } = await world.chain.block()
      expect(await saidOf(pay({ validUntil: slot - 1 }))).to.contain('["Expired"]')
      await world.chain.conditions({ crowded: true })
      await pay({ validUntil: slot + 2 })
      await pay({})
      await world.chain.block(2)
      await world.chain.conditions({ crowded: false })
      await world.chain.block()
      expect(await included()).to.deep.equal([]) // the second one stands behind a gap
      expect(await world.account(payer.publicKey)).to.include({ nonce: '0', inferredNonce: '0' })
    })

    it('takes nothing from slot_tx_end on, nor does a block (transaction_pool.ml, After_slot_tx_end)', async () => {
      const { slot } = await world.chain.block()
      await world.chain.conditions({ slotTxEnd: slot + 2 })
      await pay()
      await world.chain.slot(slot + 2)
      expect(await included()).to.deep.equal([])
      expect(await saidOf(pay())).to.contain('["After_slot_tx_end"]')
    })

    it('drops the cheapest when it is full (transaction_pool.ml, pool_max_size)', async () => {
      await world.chain.conditions({ poolSize: 2 })
      await pay({ fee: 2n * FEE })
      const cheap = await pay({ fee: FEE }, MINA, payee)
      const other = newKeys()
      await world.chain.fund(other.privateKey, 10n * MINA)
      await pay({ fee: 3n * FEE }, MINA, other)
      await world.chain.block()
      expect(await included()).to.have.length(2).and.not.include(cheap)
    })

    it('takes no payment with a signature of another or for another amount (Invalid_signature)', async () => {
      const stranger = newKeys()
      expect(await saidOf(world.pay({ publicKey: payer.publicKey, privateKey: stranger.privateKey }, payee.publicKey, MINA))).to.contain('Invalid_signature')
    })

    it('takes no zkApp command without a signature that it needs (Verification_failed)', async () => {
      const channel = newKeys()
      const command = await world.prover.prove(world.opening(channel, MINA), 1)
      expect(await saidOf(world.sendCommand(command, payer))).to.contain('Authorization kind does not match the authorization')
      const impostor = { publicKey: channel.publicKey, privateKey: newKeys().privateKey }
      expect(await saidOf(world.sendCommand(command, payer, { also: [impostor] }))).to.match(/Invalid_signature|Authorization kind/)
    })

    it('takes at most what the network can prove: redeeming from three channels, not from seven (o1js, 69.45)', async () => {
      const channel = await world.open()
      const redeem = await redeemOf(channel, MINA)
      const said = await saidOf(world.sendCommand(redeem, payee, { edit: command => {
        command.accountUpdates = Array.from({ length: 7 }, () => command.accountUpdates).flat()
      } }))
      expect(said).to.contain('too expensive')
    })
  })

  describe('a block', () => {
    it('takes the best fees first, and at most 24 zkApp commands (Mina, zkapp_cmd_limit)', async () => {
      const channels = Array.from({ length: 25 }, newKeys)
      const template = newKeys()
      const one = await world.prover.prove(world.opening(template, 0n), 1)
      const start = await world.blocks()
      for (const [nonce, channel] of channels.entries()) {
        const json = one.replaceAll(template.publicKey, channel.publicKey)
        await world.sendCommand(json, payer, { nonce, also: [channel] })
      }
      const payment = await pay({ fee: 2n * FEE }, MINA, payee)
      await world.chain.block()
      const [block] = await world.blocks()
      expect(start).to.have.length(1)
      expect(block?.transactions.zkappCommands).to.have.length(24)
      expect(block?.transactions.userCommands.map(({ hash }) => hash)).to.deep.equal([payment])
      await world.chain.block()
      expect((await world.blocks())[0]?.transactions.zkappCommands).to.have.length(1)
    })

    it('keeps the fee of a command that fails in it, and says which update failed (transaction_status.ml)', async () => {
      const channel = await world.open()
      const twice = await redeemOf(channel, MINA)
      await world.sendCommand(twice, payee)
      await world.sendCommand(twice, payee)
      await world.chain.block()
      const [first, second] = (await world.blocks())[0]?.transactions.zkappCommands ?? []
      expect(first?.failureReason).to.equal(null)
      expect(second?.failureReason).to.deep.equal([
        { index: '1', failures: ['Account_app_state_4_precondition_unsatisfied'] }, { index: '2', failures: ['Cancelled'] }
      ])
      expect(await world.balance(payee.publicKey)).to.equal(101n * MINA - 2n * FEE)
    })

    it('pays the creation of an account out of a first payment to it (account_creation_fee)', async () => {
      const fresh = newKeys()
      await world.pay(payer, fresh.publicKey, 3n * MINA)
      await world.chain.block()
      expect(await world.balance(fresh.publicKey)).to.equal(2n * MINA)
      expect(await world.balance(payer.publicKey)).to.equal(97n * MINA - FEE)
    })

    it('may come many slots after the last one', async () => {
      const { slot } = await world.chain.block()
      await world.chain.conditions({ slotsPerBlock: 7 })
      expect((await world.chain.block(3)).slot).to.equal(slot + 21)
      expect(await saidOf(world.chain.slot(slot))).to.contain(`slot ${slot} is over`)
    })
  })

  describe('in place of proofs', () => {
    it('runs the contract: an edited, a forged and a lent redeem are refused as a wrong proof is', async () => {
      const channel = await world.open()
      const redeem = await redeemOf(channel, 3n * MINA)
      const more: Sending = { edit: ({ accountUpdates }) => {
        for (const { body: { balanceChange } } of accountUpdates) if (balanceChange.magnitude === `${3n * MINA}`) balanceChange.magnitude = `${9n * MINA}`
      } }
      expect(await saidOf(world.sendCommand(redeem, payee, more))).to.contain('Invalid_proof')
      const other: Sending = { edit: ({ accountUpdates: [, paid] }) => { if (paid !== undefined) paid.body.publicKey = payer.publicKey } }
      expect(await saidOf(world.sendCommand(redeem, payer, other))).to.contain('Invalid_proof')
      const forged: Sending = { edit: ({ accountUpdates: [proven] }) => {
        if (proven !== undefined) proven.authorization.proof = Buffer.from('{"method":"settle","args":["3000000000"]}').toString('base64')
      } }
      expect(await saidOf(world.sendCommand(redeem, payee, forged))).to.contain('Invalid_proof')
      const unreadable: Sending = { edit: ({ accountUpdates: [proven] }) => { if (proven !== undefined) proven.authorization.proof = 'AAAA' } }
      expect(await saidOf(world.sendCommand(redeem, payee, unreadable))).to.contain('Invalid_proof')
    })

    it('refuses the code of others as stale', async () => {
      const channel = await world.open()
      const redeem = await redeemOf(channel, MINA)
      const stale: Sending = { edit: ({ accountUpdates: [proven] }) => { if (proven !== undefined) proven.body.authorizationKind.verificationKeyHash = '1' } }
      expect(await saidOf(world.sendCommand(redeem, payee, stale))).to.contain('Stale verification key detected')
    })
  })
})
