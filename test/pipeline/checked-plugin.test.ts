/** Whatever a plugin does with a packet it was handed, the sender gets an answer or an error with an ILP code. */
import { expect } from 'chai'
import { Errors } from 'ilp-packet'
import { rejectReasonOf, withDetails } from '../../src/packet/errors.js'
import { sendThrough } from '../../src/pipeline/checked-plugin.js'
import { rejecting, throwing } from '../support/failures.js'
import { FULFILL, prepare, reject } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'

const NOTHING = Buffer.alloc(0)

/** What is thrown without an ILP code is for the log alone. */
function hiding (text: string): object {
  return { code: 'F02', message: 'failed to send packet.', data: NOTHING, hidden: `failed to send packet: ${text}` }
}

async function reasonOf (answer: () => unknown): Promise<unknown> {
  try {
    await sendThrough(new TestPlugin(answer), prepare())
  } catch (thrown) {
    expect(thrown).to.be.an.instanceof(Error)
    const { code, message, data, isWhole } = rejectReasonOf(thrown)
    return { code, message, data, ...(!isWhole && { hidden: (thrown as Error).message }) }
  }
  throw new Error('it resolved')
}

describe('a packet handed to a plugin', () => {
  it('is answered with the very Buffer that the plugin gave', async () => {
    expect(await sendThrough(new TestPlugin(() => Promise.resolve(FULFILL)), prepare())).to.equal(FULFILL)
    expect(await sendThrough(new TestPlugin(() => FULFILL), prepare())).to.equal(FULFILL)
  })

  it('goes to the method that the plugin has at that moment', async () => {
    const plugin = new TestPlugin()
    const other = reject('F99')
    plugin.sendData = () => Promise.resolve(other)
    expect(await sendThrough(plugin, prepare())).to.equal(other)
  })

  it('is not answered with what is neither Fulfill nor Reject', async () => {
    for (const answer of [Buffer.alloc(0), Buffer.from('other'), prepare()]) {
      const message = `next hop answered with no fulfill and no reject. type=${String(answer[0])}`
      expect(await reasonOf(() => answer)).to.deep.equal({ code: 'F01', message, data: NOTHING })
    }
  })

  const data = Buffer.from('data')
  for (const [what, answer, reason] of [
    ['an error', throwing(new Error('broken')), hiding('broken')],
    ['an error later', rejecting(new Error('broken')), hiding('broken')],
    ['an ILP error', rejecting(new Errors.RateLimitedError('slow')), { code: 'T05', message: 'failed to send packet: slow', data: NOTHING }],
    ['an ILP error with details', rejecting(withDetails(message => new Errors.RateLimitedError(message), 'slow.', 'host=10.0.0.7')),
      { code: 'T05', message: 'failed to send packet: slow.', data: NOTHING, hidden: 'failed to send packet: slow. host=10.0.0.7' }],
    ['an error with data', rejecting(Object.assign(new Error('x'), { ilpErrorCode: 'T99', ilpErrorData: data })),
      { code: 'T99', message: 'failed to send packet: x', data }],
    ['an error with an impossible code', rejecting(Object.assign(new Error('x'), { ilpErrorCode: 'TIMEOUT', ilpErrorData: 'text' })),
      hiding('x')],
    ['undefined', throwing(undefined), hiding('non-error thrown: undefined')],
    ['text', rejecting('no'), hiding('non-error thrown: no')],
    ['a symbol', rejecting(Symbol('s')), hiding('non-error thrown: Symbol(s)')],
    ['an object without a message', rejecting({ message: 5 }), hiding('non-error thrown: an object')]
  ] as Array<[string, () => unknown, unknown]>) {
    it(`fails with an ILP code when the plugin throws ${what}`, async () => {
      expect(await reasonOf(answer)).to.deep.equal(reason)
    })
  }

  for (const answer of [undefined, null, 'text', 0, {}, new Uint8Array(FULFILL), [FULFILL]]) {
    it(`fails when the plugin answers with ${Object.prototype.toString.call(answer)}`, async () => {
      expect(await reasonOf(() => answer)).to.include({ code: 'F02' }).and.to.have.property('message').that.includes('other than a Buffer')
    })
  }
})
