/**
 * A second node has to show everything that a large claim of the peer rests on, and not the deposit alone. Row 24 of the table of attacks
 * in docs/settlement-aptos.md.
 */
import { expect } from 'chai'
import sinon from 'sinon'
import type { AptosProvider } from '../../../../plugins/aptos/provider.js'
import { AptosParties, HOUR } from '../../../support/aptos/parties.js'
import type { AptosNode } from '../../../support/aptos/node.js'
import { memoryLog } from '../../../support/evm/life.js'

const DEPOSIT = 5000n
const ABOVE = 2000n
const STATES = 'channel::states'

interface Side { party: string, key: string, deposit: string }
interface State { asset: string, state: number, challenge_secs: string, chain_id: number, one: Side, two: Side, balance: string }

describe('a second node of Aptos', function () {
  this.timeout(30_000)
  let parties: AptosParties
  let second: AptosNode
  let payee: AptosProvider
  let log: ReturnType<typeof memoryLog>
  let channelId: string

  beforeEach(async () => {
    parties = new AptosParties()
    await parties.start()
    second = await parties.chain.anotherNode()
    const payer = await parties.connected(parties.alice)
    ;({ channelId } = await payer.openChannel(parties.bob.address, HOUR, 'open'))
    await payer.deposit(channelId, DEPOSIT, 'deposit')
    log = memoryLog()
    payee = await parties.connected(parties.bob, { verifyRpcUrl: second.url, verifyAbove: ABOVE, log })
  })
  afterEach(async () => {
    sinon.restore()
    await parties.stop()
  })

  const counts = async (): Promise<bigint | undefined> => (await payee.getChannelState(channelId))?.theirs.deposit
  const later = (ms: number): void => {
    const clock = sinon.stub(performance, 'now')
    clock.callsFake(() => clock.wrappedMethod.call(performance) + ms)
  }
  async function truth (): Promise<State> {
    const asked = { function: `${parties.place.moduleAddress}::${STATES}`, type_arguments: [], arguments: [[channelId]] }
    const response = await fetch(`${second.url}/view`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(asked) })
    return (await response.json() as [[State]])[0][0]
  }
  async function showing (change: (state: State) => void): Promise<void> {
    const state = await truth()
    change(state)
    second.faults.lies.set(STATES, [[state]])
  }

  it('that shows the same makes all of a deposit count', async () => {
    expect(await counts()).to.equal(DEPOSIT)
  })

  for (const [what, change] of [
    ['another asset', state => { state.asset = '0xbad' }],
    ['another key of the peer', state => { state.one.key = `0x${'5'.repeat(64)}` }],
    ['another peer', state => { state.one.party = '0xbad' }],
    ['another payee', state => { state.two.party = '0xbad' }],
    ['a challenge that runs', state => { state.state = 1 }],
    ['an end', state => { state.state = 2 }],
    ['another challenge', state => { state.challenge_secs = '3601' }],
    ['another network', state => { state.chain_id = 2 }],
    ['a smaller deposit', state => { state.one.deposit = '0' }],
    ['that the issuer has emptied it', state => { state.balance = '0' }]
  ] as const satisfies ReadonlyArray<[string, (state: State) => void]>) {
    it(`that shows ${what} makes none of it count above verifyAbove`, async () => {
      await showing(change)
      expect(await counts()).to.equal(ABOVE)
    })
  }

  it('that shows no such channel, or is of another network, makes none of it count', async () => {
    second.faults.lies.set(STATES, [[]])
    expect(await counts()).to.equal(ABOVE)
    second.faults.clear()
    second.faults.chainId = 2
    expect(await counts()).to.equal(ABOVE)
  })

  it('is asked again: what it has shown once does not count for ever', async () => {
    expect(await counts()).to.equal(DEPOSIT)
    await showing(state => { state.state = 1 })
    expect(await counts(), 'not with each question').to.equal(DEPOSIT)
    later(61_000)
    expect(await counts()).to.equal(ABOVE)
    expect(log.lines.join()).to.match(/two nodes show .* status/)
  })

  it('that shows a channel as open keeps it from being over at the word of the first', async () => {
    const state = await truth()
    parties.chain.faults.lies.set(STATES, [[{ ...state, state: 2 }]])
    const error = await payee.getChannelState(channelId).then(({ status } = expect.fail()) => status, (error: unknown) => error)
    expect(error).to.be.an('error').with.property('isFinal', false)
    expect(String(error)).to.match(/two nodes do not agree on whether the channel is over/)
    parties.chain.faults.clear()
    await showing(each => { each.state = 2 })
    expect((await payee.getChannelState(channelId))?.status).to.equal('open')
  })

  it('that is away does not take back what it has shown lately, and does not stand for it for long', async () => {
    expect(await counts()).to.equal(DEPOSIT)
    await second.stop()
    later(5 * 60_000)
    expect(await counts()).to.equal(DEPOSIT)
    sinon.restore()
    later(HOUR * 1000 / 4 + 60_000)
    expect(await counts()).to.equal(ABOVE)
  })
})
