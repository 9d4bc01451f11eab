/** A ledger's balances follow from what was posted and from nothing else, whatever happens in which order. Part of the ledger suite. */
import { expect } from 'chai'
import fc from 'fast-check'
import type { Hold, Ledger, Limits } from '../../src/contracts/ledger.js'
import { UNIT } from './ledger-support.js'

const RUNS = Number(process.env.PROPERTY_RUNS ?? 100)

type Step =
  | { act: 'hold', account: string, amount: bigint }
  | { act: 'end', how: 'post' | 'void' | 'reverse', pick: number }
  | { act: 'credit', account: string, amount: bigint }
  | { act: 'adjust', account: string, amount: bigint }

export function generatedPromises (ledger: () => Ledger): void {
  const account = fc.constantFrom('alice', 'bob')
  const how = fc.constantFrom('post' as const, 'void' as const, 'reverse' as const)
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 3, arbitrary: fc.record({ act: fc.constant('hold' as const), account, amount: fc.bigInt(-60n, 60n).filter(n => n !== 0n) }) },
    { weight: 3, arbitrary: fc.record({ act: fc.constant('end' as const), how, pick: fc.nat(20) }) },
    fc.record({ act: fc.constant('credit' as const), account, amount: fc.bigInt(1n, 60n) }),
    fc.record({ act: fc.constant('adjust' as const), account, amount: fc.bigInt(-60n, 60n) })
  )

  it('keeps its books like a plain sum, within the limits', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
      const before = { alice: ledger().balanceOf('alice')?.balance ?? 0n, bob: ledger().balanceOf('bob')!.balance }
      const limits: Record<string, Limits> = { alice: { minimum: before.alice - 100n, maximum: before.alice + 100n }, bob: {} }
      await ledger().openAccount('alice', limits.alice!, UNIT)
      const sums = await runSteps(ledger(), steps, before, limits)
      await ledger().committed()
      for (const id of ['alice', 'bob'] as const) expect(ledger().balanceOf(id)).to.include({ balance: sums[id], incomingHolds: 0n, outgoingHolds: 0n, settling: 0n })
    }), { numRuns: RUNS })
  })
}

async function runSteps (
  ledger: Ledger, steps: Step[], before: Record<string, bigint>, limits: Record<string, Limits>
): Promise<Record<string, bigint>> {
  const sums = { ...before }
  const open: Hold[] = []
  const posted: Hold[] = []
  const take = (holds: Hold[], pick: number): Hold | undefined => holds.splice(pick % Math.max(holds.length, 1), 1)[0]
  const change = (id: string, amount: bigint): void => { sums[id] = sums[id]! + amount }
  for (const step of steps) {
    if (step.act === 'hold') {
      const hold = await attempt(() => ledger.hold(step.account, step.amount))
      if (hold !== undefined) open.push(hold)
      const { balance, incomingHolds, outgoingHolds } = ledger.balanceOf(step.account)!
      const { minimum, maximum } = limits[step.account]!
      if (hold !== undefined && maximum !== undefined && step.amount > 0n) expect(balance + incomingHolds <= maximum).to.equal(true)
      if (hold !== undefined && minimum !== undefined && step.amount < 0n) expect(balance + outgoingHolds >= minimum).to.equal(true)
    } else if (step.act === 'credit') {
      ledger.credit(step.account, step.amount)
      change(step.account, -step.amount)
    } else if (step.act === 'adjust') {
      if (await attempt(() => ledger.adjust(step.account, step.amount)) !== undefined) change(step.account, step.amount)
    } else {
      const hold = take(step.how === 'reverse' ? posted : open, step.pick)
      if (hold === undefined) continue
      ledger[step.how](hold)
      if (step.how === 'post') posted.push(hold)
      if (step.how !== 'void') change(hold.accountId, step.how === 'post' ? hold.amount : -hold.amount)
    }
  }
  for (const hold of open) ledger.void(hold)
  return sums
}

async function attempt<T> (action: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await action()
  } catch (error) {
    expect(error).to.have.property('ilpErrorCode', 'T04')
    return undefined
  }
}
