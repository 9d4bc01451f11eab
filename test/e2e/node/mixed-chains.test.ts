/**
 * Chains of three: nodes of ours, agent connectors that speak the other dialect, and ilp-connector 23, in every order in which neighbours
 * understand each other. Whoever is where, packets arrive with every field as it was sent, and so do their answers.
 */
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { closeAll } from '../../support/btp.js'
import { KINDS, REFUSAL, isPossible, startChain } from '../../support/mixed-chain.js'
import type { Kind, Party, Payment } from '../../support/mixed-chain.js'
import { World } from '../../support/node.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { eventually } from '../../support/waiting.js'

/** Connectors take so much of a packet's time, or times that. */
const STEP_MS = 500
const TAKEN_MS_MAX = 3000

const payment = (destination: string, more: Partial<Payment> = {}): Payment =>
  ({ destination, amount: 1234n, data: randomBytes(20), expiresAt: new Date(Date.now() + 25_000), ...more })

const chains = KINDS.flatMap(a => KINDS.flatMap(b => KINDS.map((c): [Kind, Kind, Kind] => [a, b, c])))
  .filter(kinds => kinds.includes('sluice') && isPossible(kinds))

describe('a chain of', () => {
  noRejectionLeft()
  const world = new World()
  afterEach(async () => {
    await world.end()
    await closeAll()
  })

  async function pays (from: Party, to: Party, more: Partial<Payment> = {}): Promise<void> {
    const sent = payment(`g.${to.name}`, more)
    expect(await from.send(sent)).to.deep.equal({ data: sent.data.toString('hex') })
    const arrived = to.arrived.find(({ data }) => data.equals(sent.data))
    expect(arrived?.amount).to.equal(sent.amount)
    const taken = sent.expiresAt.getTime() - arrived!.expiresAt.getTime()
    expect([taken % STEP_MS, taken >= 0 && taken <= TAKEN_MS_MAX], `taken=${taken}`).to.deep.equal([0, true])
  }

  for (const kinds of chains) {
    for (const middleDials of [true, false]) {
      it(`${kinds.join(', ')}, where ${middleDials ? 'the middle dials both' : 'both dial the middle'}`, async () => {
        const [a, b, c] = await startChain(kinds, { world, middleDials, secret: 'hunter2' })
        for (const [from, to] of [[a, c], [c, a], [b, a], [b, c], [a, b], [c, b]] as const) await pays(from, to)
        await pays(a, c, { amount: 0n, data: Buffer.alloc(0) })
        await pays(c, a, { amount: 2n ** 63n, data: randomBytes(32_768) })
        for (const [from, to] of [[a, c], [c, a]] as const) {
          const refused = await from.send(payment(`g.${to.name}.no`))
          expect(refused).to.include({ code: 'T00', message: REFUSAL })
          // A node's id is not an address: ours passes the Reject on without it.
          expect(refused).to.have.property('triggeredBy').that.is.oneOf([`g.${to.name}`, to.name, ''])
          if (to.kind !== 'toon') expect(refused).to.include({ triggeredBy: `g.${to.name}` })
        }
        const many = Array.from({ length: 150 }, (_, i) => [pays(a, c, { amount: BigInt(i) }), pays(c, a, { data: randomBytes(i * 20) })])
        await Promise.all(many.flat())
      })
    }
  }

  for (const middleDials of [true, false]) {
    it(`toon, sluice, reference works on after connections were lost, where ${middleDials ? 'the middle dials both' : 'both dial the middle'}`, async () => {
      const [a, b, c] = await startChain(['toon', 'sluice', 'reference'], { world, middleDials, secret: 'hunter2' })
      for (let i = 0; i < 3; i++) {
        await a.reconnect()
        await eventually('all are connected again', () => [a, b, c].every(party => party.isConnected()))
        for (const [from, to] of [[a, c], [c, a]] as const) await pays(from, to)
      }
    })
  }

  it('toon, sluice, toon needs no secrets, where the middle dials both', async () => {
    const [a, , c] = await startChain(['toon', 'sluice', 'toon'], { world, middleDials: true, secret: '' })
    for (const [from, to] of [[a, c], [c, a]] as const) await pays(from, to)
  })
})
