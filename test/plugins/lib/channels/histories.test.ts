/** Any history of payments, rejections, settlements, crashes and failures of the chain ends with books that agree to the unit. */
import { expect } from 'chai'
import fc from 'fast-check'
import { useFakeTimers } from 'sinon'
import { ChainError } from '../../../../plugins/lib/channels/types.js'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { closeAll } from '../../../support/btp.js'
import { ONE_WAY, PLAIN, TAKEN, TWO_WAY } from '../../../support/channels/fake-chain.js'
import { makeWorld } from '../../../support/channels/world.js'
import type { Party, World } from '../../../support/channels/world.js'
import { nextTurn } from '../../../support/waiting.js'

/** Then every challenge is over, and what was agreed on and not brought to the chain is void. */
const LATER_MS = 25 * 60 * 60_000
const RUNS = Number(process.env.HISTORIES ?? 25)

type Step =
  | { do: 'pay', who: 'alice' | 'bob', amounts: bigint[], rejects: boolean[] }
  | { do: 'settle', who: 'alice' | 'bob' }
  | { do: 'crash', afterWrites: number, how: 'crash' | 'cutPower' }
  | { do: 'close' }
  | { do: 'redeem' }
  | { do: 'chain', fails: number }

const who = fc.constantFrom('alice' as const, 'bob' as const)
const amounts = fc.array(fc.bigInt({ min: 1n, max: 500n }), { minLength: 1, maxLength: 8 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pay' as const), who, amounts, rejects: fc.array(fc.boolean(), { maxLength: 8 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), afterWrites: fc.nat(3), how: fc.constantFrom('crash' as const, 'cutPower' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('redeem' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('chain' as const), fails: fc.nat(4) }) }
)

const PAY: Step = { do: 'pay', who: 'alice', amounts: [1n], rejects: [] }
const CRASH: Step = { do: 'crash', afterWrites: 1, how: 'crash' }
/** The claim of a settlement may be being written when its channel ends: it was once taken for paid then. */
const ENDED_WHILE_WRITTEN: Step[] = [PAY, PAY, CRASH, PAY, PAY, CRASH, { do: 'close' }]
/** The claim of a packet never reaches the peer, and its channel ends: what it paid ahead is in the books, and pays for the next packet. */
const VOID_CLAIM: Step[] = [CRASH, { do: 'chain', fails: 4 }, { do: 'close' }, PAY]

/** Settlements that are open keep their id and amount, across crashes, as the connector keeps them. */
class History {
  readonly #open = new Map<Party, { id: string, amount: bigint }>()

  constructor (readonly world: World) {}

  async take (action: Step): Promise<void> {
    const { alice, bob, chain } = this.world
    switch (action.do) {
    case 'pay': {
      const [payer, payee] = action.who === 'alice' ? [alice, bob] : [bob, alice]
      let index = 0
      payee.respond = () => action.rejects[index++] === true ? 'reject' : 'fulfill'
      await Promise.all(action.amounts.map(amount => payer.pay(amount)))
      return
    }
    case 'settle': return await this.settle(this.world[action.who], 1).catch(() => undefined)
    case 'crash': { await this.crash(alice, action); return }
    case 'close': { await this.byHand((channels, channelId) => channels.close(channelId)); return }
    case 'redeem': { await this.byHand((channels, channelId) => channels.redeem(channelId)); return }
    case 'chain': {
      let left = action.fails
      chain.fault = () => { if (left-- > 0) throw new ChainError('no answer', false) }
    }
    }
  }

  async settle (party: Party, attempts: number): Promise<void> {
    const open = this.#open.get(party) ?? { id: `${party.name}-${++party.settlements}`, amount: -party.balance }
    if (open.amount <= 0n) return
    this.#open.set(party, open)
    await party.settle(open.id, attempts, open.amount)
    this.#open.delete(party)
  }

  /** As the connector does, which tries again until it is paid. */
  async settleUp (party: Party): Promise<void> {
    for (;;) {
      try {
        await this.settle(party, 1)
        return
      } catch {
        await nextTurn() // a channel may be over, and not known to be
      }
    }
  }

  /** Sends as much as claims have paid ahead. It costs nothing: also what no claim stands for any more pays for it. */
  async deliverPrepaid (): Promise<void> {
    for (const party of [this.world.alice, this.world.bob]) {
      const prepaid = await party.prepaid()
      if (prepaid > 0n) await party.pay(prepaid) // refused while there is no channel yet
    }
  }

  /** Alice ends at one of her next writes, in the middle of a settlement or of packets, and is back. */
  private async crash (alice: Party, { afterWrites, how }: { afterWrites: number, how: 'crash' | 'cutPower' }): Promise<void> {
    const { store } = alice
    const at = store.writes + afterWrites
    store.fault = write => { if (write > at) store.isFrozen = true }
    const paying = alice.balance < 0n ? this.settle(alice, 1).catch(() => undefined) : undefined
    for (let turn = 0; turn < 10; turn++) await nextTurn()
    await alice[how]()
    await paying
    await alice.plugin.connect()
  }

  private async byHand (work: (channels: ReturnType<Party['plugin']['channels']>, channelId: string) => Promise<unknown>): Promise<void> {
    const { bob } = this.world
    for (const { channelId, status } of await bob.channels()) {
      if (status === 'open') await work(bob.plugin.channels(), channelId).catch(() => undefined)
    }
  }
}

describe('histories of payments over channels', () => {
  noRejectionLeft()
  afterEach(closeAll)

  const PACKETS = { claims: 'packet', requireClaims: true, topUpBelow: '2000' }
  for (const [name, options, features] of [
    ['claims at settlement', { claims: 'settlement' }, TWO_WAY],
    ['claims with packets', PACKETS, TWO_WAY],
    ['claims with packets, not required', { claims: 'packet', topUpBelow: '2000' }, TWO_WAY],
    ['claims at settlement, channels of one way that the payee ends', { claims: 'settlement' }, ONE_WAY],
    ['claims with packets, channels of one way that the payee ends', PACKETS, ONE_WAY],
    ['claims at settlement, payouts that are taken', { claims: 'settlement' }, TAKEN],
    ['claims with packets, one way, nothing but the challenge', PACKETS, PLAIN]
  ] as const) {
    it(`leave books that agree: ${name}`, async function () {
      this.timeout(0)
      await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async steps => {
        const world = await makeWorld({ initialDeposit: '5000', pollingIntervalMs: 100, ...options }, undefined, features)
        const history = new History(world)
        for (const action of steps) await history.take(action)
        const { alice, bob, chain } = world
        chain.fault = () => undefined
        const clock = useFakeTimers({ now: Date.now() + LATER_MS, toFake: ['Date'], shouldAdvanceTime: true })
        try {
          for (const party of [alice, bob, alice, bob]) await history.settleUp(party) // what was open, and what came since
          await alice.crash() // the two find out what each has of the other's
          await alice.plugin.connect()
          for (const party of [alice, bob]) party.respond = () => 'fulfill'
          for (let turn = 0; turn < 20_000 && await difference(world) !== 0n; turn++) {
            if (options.claims === 'packet') await history.deliverPrepaid()
            await nextTurn()
          }
          await agreement(world)
          await closeAll()
        } finally {
          clock.restore()
        }
      }), { numRuns: RUNS, examples: [...Array.from({ length: 8 }, () => [ENDED_WHILE_WRITTEN] as [Step[]]), [VOID_CLAIM]] })
    })
  }
})

/** What one is owed and the other owes is the same, but for what claims have paid that no packet needed. */
async function difference ({ alice, bob }: World): Promise<bigint> {
  return alice.balance + bob.balance + await alice.prepaid() + await bob.prepaid()
}

async function agreement (world: World): Promise<void> {
  const { alice, bob, chain } = world
  expect(chain.supply()).to.equal(2_000_000n)
  expect(await difference(world)).to.equal(0n)
  const credited = ({ credited: steps }: Party): bigint => [...steps.values()].reduce((sum, amount) => sum + amount, 0n)
  for (const [payer, payee] of [[alice, bob], [bob, alice]] as const) {
    const said = (await payee.channels()).reduce((sum, { theirTransferred }) => sum + theirTransferred, 0n)
    if ((await payee.channels()).every(({ status }) => status === 'open')) expect(credited(payee), payer.name).to.equal(said)
  }
}
