/** The admin API answers as that of ilp-connector does. What Sluice answers besides is left out of the comparison. */
import { expect } from 'chai'
import { administered, type Question } from '../../support/differential/admin-client.js'
import { between, modulePath, useArena, type Duel, type Name, type Options } from '../../support/differential/harness.js'
import { preparePacket, preimage, rejectPacket } from '../../support/differential/packets.js'

describe('the same admin API', () => {
  const arena = useArena()
  const named = { plugin: modulePath('named-plugin.cjs') }
  const options = (side: Name): Options => ({
    ...between({ balance: { maximum: '1000', minimum: '-1000' } }, {}, { spread: 0.002, accounts: { named, kid: { relation: 'child', assetScale: 8 } } }),
    ...side === 'sluice' && { adminApiAllowPaths: true }
  })

  async function traffic (duel: Duel): Promise<void> {
    for (const destination of ['test.bob', 'test.connie.kid', 'test.nowhere']) {
      await duel.sendSame('alice', preparePacket({ destination, fulfillment: preimage(destination) }))
    }
    await duel.each(side => { side.plugin('bob').respond = () => rejectPacket({ code: 'T04', message: 'exceeded maximum balance.' }) })
    await duel.sendSame('alice', preparePacket({ destination: 'test.bob.full' }))
  }

  it('answers the same questions', async () => {
    const { duel, ask } = await administered(arena, options)
    await traffic(duel)
    for (const path of ['/status', '/rates', '/stats', '/alerts', '/accounts/named', '/nothing', '/status/', '/accounts', '/alerts?x=1']) {
      const { reference, sluice } = await ask({ path })
      expect(parsed(sluice), path).to.deep.equal(parsed(reference))
    }
    const { reference, sluice } = await ask({ path: '/balance' })
    expect(parsed(reference)).to.deep.equal(['200', { accounts: { alice: { balance: '200', minimum: '-1000', maximum: '1000' } } }])
    expect(parsed(sluice)[1]).to.have.nested.property('accounts.alice').that.includes({ balance: '200', minimum: '-1000', maximum: '1000' })
  })

  it('takes the same orders', async () => {
    const { duel, ask } = await administered(arena, options)
    await traffic(duel)
    const orders: Question[] = [
      { method: 'POST', path: '/balance', body: { accountId: 'alice', amountDiff: '50' } },
      { method: 'POST', path: '/balance', body: { accountId: 'alice', amountDiff: '-60' } },
      { method: 'DELETE', path: `/alerts/${Date.now()}` },
      { method: 'DELETE', path: '/alerts/1' },
      { method: 'POST', path: '/addAccount', body: { id: 'new', options: { relation: 'child', assetCode: 'EUR', assetScale: 8, ...named } } },
      { method: 'HEAD', path: '/status' },
      { method: 'PUT', path: '/balance', body: {} }
    ]
    for (const order of orders) {
      const { reference, sluice } = await ask(order)
      expect(parsed(sluice), order.path).to.deep.equal(parsed(reference))
    }
    duel.expectSame()
  })

  it('answers alike where balances and alerts are disabled', async () => {
    const { ask } = await administered(arena, side => ({ ...options(side), disableMiddleware: ['balance', 'alert'] }))
    for (const path of ['/status', '/balance', '/alerts']) {
      const { reference, sluice } = await ask({ path })
      expect(parsed(sluice), path).to.deep.equal(parsed(reference))
    }
  })
})

const LABELS = ['account', 'asset', 'code', 'result', 'scale']

/** Status and content. What Sluice says after `Not Found` is a listed difference. */
function parsed (answer: string): [string, unknown] {
  const content = answer.slice(4).replace(/^(Not Found)\. .*/, '$1')
  return [answer.slice(0, 3), content.startsWith('{') || content.startsWith('[') ? JSON.parse(content, comparable) : content]
}

/** A plugin given as an object is shown otherwise, a listed difference; `ledger` is not known to ilp-connector. */
function comparable (key: string, value: unknown): unknown {
  if (key === 'ledger') return undefined
  if (key === 'values') return (value as object[]).map(series => JSON.stringify(series, Object.keys(series).concat(LABELS))).sort() // in any order
  return key === 'plugin' && value !== modulePath('named-plugin.cjs') ? 'instance' : value
}
