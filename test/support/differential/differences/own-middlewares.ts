/** Differences that a user's own middleware can see. */
import { expect } from 'chai'
import { modulePath, type Arena, type Name, type Options } from '../harness.js'
import type { InsertingOptions } from '../modules/inserting-middleware.js'
import type { Differences } from './difference.js'

interface Steps { steps: Record<string, string[]> }

/** The steps of alice's pipelines, without the middleware that looks at them. */
async function stepsOf (arena: Arena, alice: Options['accounts'][string]): Promise<Record<Name, Steps['steps']>> {
  const calls: Record<Name, unknown[]> = { reference: [], sluice: [] }
  await arena.start(side => ({
    accounts: { alice }, middlewares: { mine: { type: modulePath('inserting-middleware.js'), options: { calls: calls[side] } satisfies InsertingOptions } }
  }))
  const of = (side: Name): Steps['steps'] => (calls[side] as Steps[]).find(call => 'steps' in call)!.steps
  return { reference: of('reference'), sluice: of('sluice') }
}

export const ownMiddlewares: Differences = {
  'deduplicate is the first outgoing step': async arena => {
    const { reference, sluice } = await stepsOf(arena, { balance: { maximum: '0' }, throughput: { outgoingAmount: '1' } })
    expect(reference.outgoingData).to.deep.equal(['throughput', 'balance', 'deduplicate', 'expire', 'validateFulfillment', 'stats', 'alert'])
    expect(sluice.outgoingData).to.deep.equal(['deduplicate', 'throughput', 'balance', 'expire', 'validateFulfillment', 'stats', 'alert'])
  },

  'balance has steps of its own for keeping the books': async arena => {
    const kept = await stepsOf(arena, { balance: { maximum: '0' } })
    expect([kept.reference.teardown, kept.sluice.teardown]).to.deep.equal([['deduplicate'], ['deduplicate', 'rateLimit', 'balance']])
    const unkept = await stepsOf(arena, {})
    expect(unkept.reference.incomingData).to.deep.equal(['errorHandler', 'rateLimit', 'echo', 'stats'])
    expect(unkept.sluice.incomingData).to.deep.equal(['errorHandler', 'rateLimit', 'committed', 'echo', 'stats'])
  },

  'Middleware errors say what is wrong': async arena => {
    const options: InsertingOptions = { insert: [{ into: 'outgoingMoney', where: { before: 'nothing' } }] }
    const duel = arena.prepare({ accounts: {}, middlewares: { mine: { type: modulePath('inserting-middleware.js'), options: { ...options } } } })
    await duel.listen()
    const results = await duel.each(side => side.app.addPlugin('alice', side.account('alice', {})))
    expect(results.reference).to.deep.equal({ thrown: 'failed to apply middleware. middlewareName=mine' })
    expect(results.sluice).to.deep.equal({
      thrown: 'failed to apply middleware. middlewareName=mine accountId=alice ' +
        'error=could not insert before middleware; not found. name=nothing present=stats'
    })
  }
}
