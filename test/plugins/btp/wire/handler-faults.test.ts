/** What a peer is told when the handler of its packets throws. */
import { expect } from 'chai'
import { HandlerFaults } from '../../../../plugins/btp/wire/handler-faults.js'
import { TestLog, closeAll, fakeTimers } from '../../../support/btp.js'

const textOf = (told: unknown): string => (told as Error).message

describe('the handler of packets throws', () => {
  afterEach(closeAll)

  it('what was made to be told, by its ILP code or by a name that BTP knows', () => {
    const log = new TestLog()
    const faults = new HandlerFaults(log)
    const named = Object.assign(new Error('later'), { name: 'UnreachableError' })
    expect(faults.toldOf(named)).to.equal(named)
    expect(textOf(faults.toldOf(Object.assign(new Error('busy'), { ilpErrorCode: 'T03' })))).to.equal('busy')
    expect(log.lines).to.deep.equal([])
  })

  it('anything else: the peer gets a fixed text, and the log one line in ten seconds', () => {
    const clock = fakeTimers('Date')
    const log = new TestLog()
    const faults = new HandlerFaults(log)
    for (const thrown of [new Error('no file /home/shop/key'), 'text', undefined, Object.create(null)]) {
      expect(textOf(faults.toldOf(thrown))).to.equal('the packet could not be handled')
    }
    clock.tick(10_000)
    faults.toldOf(new Error('once more'))
    expect(log.lines).to.deep.equal([
      'the handler of packets failed. error=no file /home/shop/key packetsSinceLastLine=1',
      'the handler of packets failed. error=once more packetsSinceLastLine=4'
    ])
  })
})
