/** Whatever is thrown, the sender gets a reject that can be written. */
import { expect } from 'chai'
import fc from 'fast-check'
import * as oracle from 'ilp-packet'
import { AmountTooLargeError, UnreachableError, isErrorCode, rejectReasonOf } from '../../src/packet/errors.js'
import { encodeReject, rejectOf } from '../../src/packet/reply.js'

describe('errors', () => {
  it('are the classes of ilp-packet, whose instances other modules recognise', () => {
    expect(new UnreachableError('x')).to.be.an.instanceof(oracle.Errors.UnreachableError)
  })

  it('say to the sender what they carry', () => {
    const { ilpErrorData } = new AmountTooLargeError('x', { receivedAmount: '5', maximumAmount: '4' })
    expect(rejectReasonOf(new AmountTooLargeError('too large', { receivedAmount: '5', maximumAmount: '4' })))
      .to.deep.equal({ code: 'F08', message: 'too large', data: ilpErrorData })
    expect(rejectReasonOf(new Error('own'))).to.deep.equal({ code: 'F00', message: 'own', data: Buffer.alloc(0) })
    expect(rejectReasonOf('text')).to.deep.equal({ code: 'F00', message: 'Non-object thrown: text', data: Buffer.alloc(0) })
    expect(rejectReasonOf(undefined).message).to.equal('Non-object thrown: undefined')
  })

  it('always become a reject that can be written', () => {
    const thrown = fc.oneof(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }), fc.record({
      ilpErrorCode: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', 'T0', 'T000', 'T\u00e90', 'T00\n', 'R01'), fc.anything()),
      message: fc.anything(),
      ilpErrorData: fc.anything()
    }))
    fc.assert(fc.property(thrown, value => {
      const reason = rejectReasonOf(value)
      expect(rejectOf(encodeReject({ ...reason, triggeredBy: '' })).code).to.equal(reason.code)
    }))
  })

  it('have a code of three visible ASCII characters or none', () => {
    for (const code of ['F00', 'T99', 'X-1']) expect(isErrorCode(code), code).to.equal(true)
    for (const code of ['', 'F0', 'F000', 'F0\n', 'F0 ', 'F0\u00e9', 0, undefined, ['F00']]) expect(isErrorCode(code), String(code)).to.equal(false)
  })
})
