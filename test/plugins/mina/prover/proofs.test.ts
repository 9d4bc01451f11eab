/**
 * One way with real proofs: what the prover makes is taken by a chain that verifies it, and what somebody has edited afterwards is not. The
 * circuits are compiled here, and have the code that the release says, or the prover would refuse. Compiled circuits stay in
 * `node_modules/.cache`.
 */
import { join } from 'node:path'
import { expect } from 'chai'
import { PACKAGE_ROOT } from '../../../support/package-root.js'
import { FEE, MINA, MinaWorld, type Party } from '../../../support/mina/parties.js'
import type { ProverJob } from '../../../../plugins/mina/prover/jobs.js'
import type { Update } from '../../../support/mina/types.js'

const NO_KEY = '3392518251768960475377392625298437850623664973002200885669375116181514017494'

describe('proofs for Mina', function () {
  this.timeout(900_000)
  let world: MinaWorld
  let channel: Party

  before(async () => {
    world = await MinaWorld.start({ proofs: true, cacheDir: join(PACKAGE_ROOT, 'node_modules/.cache/sluice-mina') })
    channel = await world.open()
  })
  after(() => world.stop())

  it('are taken for a redeem, as they were made and signed by the payee, and not when somebody has edited the command (row 16b)', async () => {
    const { payer, payee, chain } = world
    const claim = world.claim(channel, 3n * MINA)
    const job: ProverJob = { kind: 'redeem', sender: payee.publicKey, channel: await world.at(channel), claim }
    const proven = await world.prover.prove(job, 1)
    const edits: Record<string, (updates: Update[]) => void> = {
      'the payee need not sign': ([, paid]) => {
        if (paid === undefined) return
        const authorizationKind = { isSigned: false, isProved: false, verificationKeyHash: NO_KEY }
        Object.assign(paid.body, { authorizationKind, useFullCommitment: false })
        paid.authorization = { proof: null, signature: null }
      },
      'the money goes to somebody else': ([, paid]) => { if (paid !== undefined) paid.body.publicKey = payer.publicKey },
      'more money': updates => {
        for (const { body: { balanceChange } } of updates) if (balanceChange.magnitude === `${3n * MINA}`) balanceChange.magnitude = `${9n * MINA}`
      }
    }
    for (const [what, edit] of Object.entries(edits)) {
      const said = await world.sendCommand(proven, payer, { also: [payee], edit: ({ accountUpdates }) => { edit(accountUpdates) } })
        .then(() => 'it was taken', String)
      expect(said, what).to.contain('Invalid_proof')
    }
    const unsigned = await world.sendCommand(proven, payer).then(() => 'it was taken', String)
    expect(unsigned, 'not signed by the payee').to.contain('(expected Signature) (got None_given)')
    await world.sendCommand(proven, payee)
    await chain.block()
    expect(await world.balance(payee.publicKey)).to.equal(103n * MINA - FEE)
  })

  it('are taken for finish', async () => {
    const { payer, payee, chain } = world
    const before = await world.balance(payer.publicKey)
    const { slot } = await chain.block()
    const claim = world.claim(channel, 4n * MINA)
    await world.send({ kind: 'finish', sender: payee.publicKey, channel: await world.at(channel), claim, rest: 6n * MINA, until: slot + 40 }, payee)
    await chain.block()
    expect(await world.balance(payer.publicKey)).to.equal(before + 6n * MINA)
    expect((await world.at(channel)).state[6]).to.equal(`${4n * MINA}`)
  })
})
