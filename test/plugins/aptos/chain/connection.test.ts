/**
 * How far the chain has come is what a node says. One answer that is wrong about it may not keep a node from all that come later, and none
 * may make what is to come look as if it had passed. Row 24 of the table of attacks in docs/settlement-aptos.md.
 */
import { expect } from 'chai'
import sinon from 'sinon'
import type { AptosProvider } from '../../../../plugins/aptos/provider.js'
import { AptosParties, HOUR } from '../../../support/aptos/parties.js'
import { memoryLog } from '../../../support/evm/life.js'
import { rejectionError } from '../../../support/failures.js'

const DEPOSIT = 1000n
const FAR = 10n ** 19n
const MINUTE_MS = 60_000

describe('how far a node of Aptos says that the chain has come', function () {
  this.timeout(30_000)
  let parties: AptosParties
  let payer: AptosProvider
  let log: ReturnType<typeof memoryLog>
  let channelId: string

  beforeEach(async () => {
    parties = new AptosParties()
    await parties.start()
    log = memoryLog()
    payer = await parties.connected(parties.alice, { log, lookMs: 60_000 })
    ;({ channelId } = await payer.openChannel(parties.bob.address, HOUR, 'open'))
    await payer.deposit(channelId, DEPOSIT, 'deposit')
  })
  afterEach(async () => {
    sinon.restore()
    await parties.stop()
  })

  const inMicroseconds = (ms: number): bigint => BigInt(ms) * 1000n
  const read = async (): Promise<bigint | undefined> => (await payer.getChannelState(channelId))?.ours.deposit

  it('one answer with a version that no chain reaches makes no later one look old', async () => {
    parties.chain.faults.head = { version: FAR }
    await payer.getChannelState(channelId)
    parties.chain.faults.clear()
    await payer.deposit(channelId, 1500n, 'more')
    expect(await read()).to.equal(1500n)
  })

  it('news with such a version are given up again, with an alarm, once the node has shown the chain further by its clock and never by its version', async () => {
    const bob = await parties.connected(parties.bob)
    parties.chain.faults.head = { version: FAR }
    await bob.close(channelId, 'close').catch(() => undefined)
    await payer.getChannelState(channelId) // is closing: news
    parties.chain.faults.clear()
    expect((await rejectionError(payer.getChannelState(channelId))).message).to.match(/is behind\. version=/)
    const clock = sinon.stub(performance, 'now')
    clock.callsFake(() => clock.wrappedMethod.call(performance) + 3 * MINUTE_MS)
    expect(await read()).to.equal(DEPOSIT)
    expect(log.lines.filter(line => /has lied/.test(line))).to.have.lengthOf(1)
  })

  it('a node that lags is not believed instead, however long it does', async () => {
    parties.chain.faults.behind = 1000
    expect((await rejectionError(payer.getChannelState(channelId))).message).to.match(/is behind\. version=/)
    const clock = sinon.stub(performance, 'now')
    clock.callsFake(() => clock.wrappedMethod.call(performance) + 60 * MINUTE_MS)
    expect((await rejectionError(payer.getChannelState(channelId))).message).to.match(/is behind\. version=/)
  })

  it('an answer from the future is none', async () => {
    parties.chain.faults.head = { timestamp: inMicroseconds(Date.now() + 11 * MINUTE_MS) }
    expect((await rejectionError(payer.getChannelState(channelId))).message).to.match(/ahead of the clock of this computer/)
    expect((await rejectionError(payer.deposit(channelId, 1500n, 'more'))).message).to.match(/ahead of the clock of this computer/)
    parties.chain.faults.clear()
    await payer.deposit(channelId, 1500n, 'again')
    expect(parties.chain.inStore(channelId)).to.equal(1500n)
  })

  it('an answer that is a little ahead makes nothing look as if it were over', async () => {
    parties.chain.faults.head = { timestamp: inMicroseconds(Date.now() + 9 * MINUTE_MS) }
    const { readAtMs } = (await payer.getChannelState(channelId))!
    expect(readAtMs).to.be.at.most(Date.now())
    parties.chain.faults.clear()
    await payer.checkFresh(channelId)
  })
})
