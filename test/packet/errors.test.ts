/** Whatever is thrown, the sender gets a reject that can be written. */
import { expect } from 'chai'
import fc from 'fast-check'
import * as oracle from 'ilp-packet'
import { AmountTooLargeError, UnreachableError, isErrorCode, rejectReasonOf, withDetails } from '../../src/packet/errors.js'
import { encodeReject, rejectOf } from '../../src/packet/reply.js'

describe('errors', () => {
  it('are the classes of ilp-packet, whose instances other modules recognise', () => {
    expect(new UnreachableError('x')).to.be.an.instanceof(oracle.Errors.UnreachableError)
  })

  it('say to the sender what they carry', () => {
    const { ilpErrorData } = new AmountTooLargeError('x', { receivedAmount: '5', maximumAmount: '4' })
    expect(rejectReasonOf(new AmountTooLargeError('too large', { receivedAmount: '5', maximumAmount: '4' })))
      .to.deep.equal({ code: 'F08', message: 'too large', data: ilpErrorData, isWhole: true, isExpected: true })
  })

  it('keep from the sender what was not made to be told, and leave it to the log', () => {
    const fault = { code: 'F00', message: 'internal error.', data: Buffer.alloc(0), isWhole: false, isExpected: false }
    expect(rejectReasonOf(new Error('own'))).to.deep.equal(fault)
    expect(rejectReasonOf('text')).to.deep.equal(fault)
    expect(rejectReasonOf(undefined)).to.deep.equal(fault)
    expect(rejectReasonOf(Object.assign(new Error('own'), { ilpErrorCode: 'no code', ilpErrorData: Buffer.from('own') }))).to.deep.equal(fault)
  })

  it('may have details that only the log says', () => {
    const error = withDetails(message => new UnreachableError(message), 'no way.', 'account=bob')
    expect(error).to.be.an.instanceof(UnreachableError).and.to.have.property('message', 'no way. account=bob')
    expect(rejectReasonOf(error))
      .to.deep.equal({ code: 'F02', message: 'no way.', data: Buffer.alloc(0), isWhole: false, isExpected: true })
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
