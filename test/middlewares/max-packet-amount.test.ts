/** The largest amount that one packet of an account may carry. */
import { expect } from 'chai'
import { deserializeIlpReject } from 'ilp-packet'
import type sinon from 'sinon'
import type { AccountInfo } from '../../src/contracts/account.js'
import { stoppedClock } from '../support/clock.js'
import { account, startConnector, type TestConnector } from '../support/connector.js'
import { withoutLog } from '../support/log.js'
import { outcomeOf, prepare } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { noRejectionLeft } from '../support/unhandled.js'

describe('limits', () => {
  withoutLog()
  noRejectionLeft()
  let clock: sinon.SinonFakeTimers
  let alice: TestPlugin
  let bob: TestPlugin
  let connector: TestConnector | undefined

  beforeEach(() => {
    clock = stoppedClock()
    alice = new TestPlugin()
    bob = new TestPlugin()
  })
  afterEach(async () => {
    await connector?.app.shutdown()
    clock.restore()
  })

  async function start (info: Partial<AccountInfo>, bobInfo: Partial<AccountInfo> = {}): Promise<TestConnector> {
    return connector = await startConnector({ alice: account(alice, info), bob: account(bob, bobInfo) })
  }

  const send = async (amount: bigint | number = 1): Promise<string> => outcomeOf(await alice.receive(prepare({ amount })))

  describe('on the size of a packet', () => {
    it('let the maximum pass and tell what it is', async () => {
      await start({ maxPacketAmount: '18446744073709551614' })
      expect(await send(2n ** 64n - 2n)).to.equal('fulfill')
      const { code, message, data } = deserializeIlpReject(await alice.receive(prepare({ amount: 2n ** 64n - 1n })))
      expect({ code, message }).to.deep.equal({
        code: 'F08', message: 'packet size too large. maxAmount=18446744073709551614 actualAmount=18446744073709551615'
      })
      expect(data.toString('hex')).to.equal('fffffffffffffffffffffffffffffffe')
    })

    it('hold for what comes from the account, not for what goes to it', async () => {
      await start({}, { maxPacketAmount: '1' })
      expect(await send(100)).to.equal('fulfill')
    })
  })
})
