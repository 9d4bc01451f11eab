/** The largest amount that one packet of an account may carry. */
import { expect } from 'chai'
import { deserializeIlpReject } from 'ilp-packet'
import type { AccountInfo } from '../../src/contracts/account.js'
import type { TestConnector } from '../support/connector.js'
import { withoutLog } from '../support/log.js'
import { outcomeOf, prepare } from '../support/packets.js'
import { twoAccounts } from '../support/two-accounts.js'
import { noRejectionLeft } from '../support/unhandled.js'

describe('limits', () => {
  withoutLog()
  noRejectionLeft()
  const line = twoAccounts()

  const start = (alice: Partial<AccountInfo>, bob: Partial<AccountInfo> = {}): Promise<TestConnector> => line.start({}, { alice, bob })

  const send = async (amount: bigint | number = 1): Promise<string> => outcomeOf(await line.alice.receive(prepare({ amount })))

  describe('on the size of a packet', () => {
    it('let the maximum pass and tell what it is', async () => {
      await start({ maxPacketAmount: '18446744073709551614' })
      expect(await send(2n ** 64n - 2n)).to.equal('fulfill')
      const { code, message, data } = deserializeIlpReject(await line.alice.receive(prepare({ amount: 2n ** 64n - 1n })))
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
