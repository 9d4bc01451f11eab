/** A chain with several nodes: where one is away, lags or lies, the next one is asked, and what is under way is done once. */
import { expect } from 'chai'
import sinon from 'sinon'
import type { AptosProvider } from '../../../../plugins/aptos/provider.js'
import { AptosParties, HOUR } from '../../../support/aptos/parties.js'
import type { AptosNode } from '../../../support/aptos/node.js'

const DEPOSIT = 1000n

describe('a chain of Aptos with several nodes', function () {
  this.timeout(30_000)
  let parties: AptosParties
  let second: AptosNode
  let payer: AptosProvider

  beforeEach(async () => {
    parties = new AptosParties()
    await parties.start()
    second = await parties.chain.anotherNode()
    payer = await parties.connected(parties.alice, { rpcUrl: [parties.chain.url, second.url], timeoutMs: 100 })
  })
  afterEach(async () => {
    sinon.restore()
    await parties.stop()
  })

  const sent = (): number => parties.chain.chain.transactionsOf(parties.alice.address).length

  /** A channel that is opened, filled and read: each once. */
  async function expectDone (): Promise<void> {
    const { channelId } = await payer.openChannel(parties.bob.address, HOUR, 'open')
    await payer.deposit(channelId, DEPOSIT, 'deposit')
    expect((await payer.getChannelState(channelId))?.ours.deposit).to.equal(DEPOSIT)
    expect([parties.chain.inStore(channelId), sent()]).to.deep.equal([DEPOSIT, 2])
  }

  for (const does of ['loseRequest', 'loseAnswer', 'hang', 429, 500] as const) {
    it(`goes on with the next one where the first one is away: ${does}`, async () => {
      parties.chain.faults.add({ does })
      await expectDone()
      expect(second.requests.length).to.be.greaterThan(0)
    })

    it(`does nothing twice where the first one takes a transaction, and is away then: ${does}`, async () => {
      const { node, faults } = parties.chain
      const fail = setInterval(() => {
        if (node.requests.some(({ request }) => request === 'POST /transactions')) faults.add({ does })
      }, 1)
      await expectDone().finally(() => { clearInterval(fail) })
    })
  }

  it('leaves one whose blocks are old, and that would never show what became of a transaction', async () => {
    parties.chain.node.standStill()
    const honest = await parties.connected(parties.bob, { rpcUrl: second.url })
    await honest.openChannel(parties.stranger.address, HOUR, 'another')
    parties.pass(HOUR)
    await expectDone()
  })

  for (const [what, lie] of [
    ['is of another network', node => { node.faults.chainId = 1 }],
    ['shows another module', node => { node.faults.bytecode = Buffer.from('another module') }]
  ] as ReadonlyArray<[string, (node: AptosNode) => void]>) {
    it(`goes on with the next one where the first one ${what}, before it was asked and later`, async () => {
      lie(parties.chain.node)
      parties.chain.faults.add({ does: 'loseRequest', times: 1 }) // so that it is looked at again
      await expectDone()
      const early = parties.provider(parties.bob, { rpcUrl: [parties.chain.url, second.url] })
      while (await early.connect().then(() => false, () => true)) { /* it is tried again, as the plugin does */ }
      expect((await early.findChannels(parties.alice.address)).length).to.equal(1)
    })
  }
})
