/** A packet as an application sees it: conditions, codes, ids, and data that is base64 or nothing. */
import { expect } from 'chai'
import {
  REJECT_CODE_MAP, computeConditionFromData, computeFulfillmentFromData, createPaymentHandlerAdapter,
  generatePaymentId, mapRejectCode, validateResponseData
} from '../../src/index.js'
import { TestLogger } from '../support/node.js'

describe('the payment contract', () => {
  it('agrees with the published vectors', () => {
    const { condition, fulfillment } = computeConditionFromData(Buffer.from('hello'))
    expect(fulfillment.toString('hex')).to.equal('2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824')
    expect(condition.toString('hex')).to.equal('9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50')
    expect(computeFulfillmentFromData(Buffer.alloc(0))).to.have.lengthOf(32)
  })

  it('knows the codes', () => {
    expect(Object.entries(REJECT_CODE_MAP).every(([code, ilp]) => mapRejectCode(code) === ilp)).to.equal(true)
    expect(['R00', 'F03', 'F123', 'toString', ''].map(mapRejectCode)).to.deep.equal(['R00', 'F03', 'F99', 'F99', 'F99'])
  })

  it('makes a new id each time', () => {
    const ids = new Set(Array.from({ length: 1000 }, generatePaymentId))
    expect(ids.size).to.equal(1000)
    for (const id of ids) expect(id).to.match(/^[A-Za-z0-9_-]{22}$/)
  })

  it('takes canonical base64 of up to 32 KiB and nothing else', () => {
    const log = new TestLogger()
    const largest = Buffer.alloc(32_768, 1).toString('base64')
    for (const good of ['', 'AQ==', largest]) expect(validateResponseData(good, log)).to.equal(good)
    expect(log.lines).to.deep.equal([])
    for (const bad of ['AR==', 'A', 'A===', '_-8=', 'AQ==\n', Buffer.alloc(32_769).toString('base64'), 5, {}]) expect(validateResponseData(bad, log)).to.equal(undefined)
    expect(log.lines).to.have.lengthOf(8)
    expect(validateResponseData(undefined, log)).to.equal(undefined)
    expect(log.lines).to.have.lengthOf(8)
  })

  it('asks no handler about a packet that has expired', async () => {
    const deliver = createPaymentHandlerAdapter(() => { throw new Error('asked') }, new TestLogger())
    const request = { destination: 'g.x', amount: '1', executionCondition: '', data: '', sourcePeer: 'a', expiresAt: new Date(Date.now() - 1).toISOString() }
    expect(await deliver(request, 'a')).to.deep.equal({ reject: { code: 'R00', message: 'Payment has expired' } })
  })
})
