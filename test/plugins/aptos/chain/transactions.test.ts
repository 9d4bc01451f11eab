/**
 * Each operation is done once, whatever becomes of its transactions: lost, dropped, stuck, aborted, or signed before a crash. Row 23 is of
 * the table of attacks in docs/settlement-aptos.md.
 */
import { expect } from 'chai'
import type { AptosProvider } from '../../../../plugins/aptos/provider.js'
import { AptosParties, HOUR } from '../../../support/aptos/parties.js'
import { memoryStore } from '../../../support/evm/life.js'
import { rejectionError } from '../../../support/failures.js'

const DEPOSIT = 1000n

describe('transactions on Aptos', function () {
  this.timeout(30_000)
  let parties: AptosParties
  let payer: AptosProvider

  beforeEach(async () => {
    parties = new AptosParties()
    await parties.start()
    payer = await parties.connected(parties.alice)
  })
  afterEach(() => parties.stop())

  let operations = 0
  const once = (): string => `operation-${++operations}`
  const until = async (check: () => boolean): Promise<void> => {
    while (!check()) await new Promise(resolve => { setTimeout(resolve, 10) })
  }
  async function open (): Promise<string> {
    const { channelId } = await payer.openChannel(parties.bob.address, HOUR, once())
    await payer.deposit(channelId, DEPOSIT, once())
    return channelId
  }

  it('row 23: a transaction that a node has dropped comes again with the same sequence number when its time is over', async () => {
    const channelId = await open()
    parties.chain.fateOf = tx => tx.sender === parties.alice.address ? 'dropped' : undefined
    const filling = payer.deposit(channelId, 1500n, once())
    const sent = (): string[] =>
      parties.chain.node.requests.filter(({ request }) => request === 'POST /transactions').map(({ body }) => String(body))
    await until(() => sent().length >= 3)
    parties.chain.advance(2)
    await new Promise(resolve => { setTimeout(resolve, 200) })
    expect(new Set(sent().slice(2)).size, 'no other one while it may still come').to.equal(1)
    parties.chain.fateOf = () => undefined
    parties.chain.advance(120)
    await filling
    expect(parties.chain.inStore(channelId)).to.equal(1500n)
  })

  it('row 23: one that stays pending for ever is given up by the chain\'s clock', async () => {
    const channelId = await open()
    let isStuck = true
    parties.chain.fateOf = tx => isStuck && tx.sender === parties.alice.address ? 'pending' : undefined
    const filling = payer.deposit(channelId, 1500n, once())
    await until(() => parties.chain.node.requests.filter(({ request }) => request === 'POST /transactions').length >= 3)
    isStuck = false
    parties.chain.advance(120)
    await filling
    expect(parties.chain.inStore(channelId)).to.equal(1500n)
  })

  it('a node that takes what is sent and loses the answer makes nothing happen twice', async () => {
    const channelId = await open()
    const loseNextAnswer = (_key: string, value: string): void => {
      if (value.includes('"attempt":{')) parties.chain.faults.add({ request: 'POST /transactions', does: 'loseAnswer', times: 1 })
    }
    const provider = await parties.connected(parties.alice, { store: memoryStore(new Map(), loseNextAnswer) })
    await provider.deposit(channelId, 1500n, once())
    const { channelId: next } = await provider.openChannel(parties.bob.address, HOUR, once())
    expect(parties.chain.inStore(channelId)).to.equal(1500n)
    expect((await provider.findChannels(parties.bob.address)).map(state => state.channelId)).to.deep.equal([channelId, next])
  })

  it('what was signed and not sent before a crash is sent as it was', async () => {
    const entries = new Map<string, string>()
    const first = await parties.connected(parties.stranger, { store: memoryStore(entries) })
    parties.chain.faults.swallows = true
    first.openChannel(parties.bob.address, HOUR, 'open').catch(() => undefined)
    const kept = (): { hash: string } | undefined => {
      const text = [...entries].find(([key]) => key.startsWith('aptos:operations'))?.[1]
      return text === undefined ? undefined : (JSON.parse(text) as Array<{ attempt?: { hash: string } }>)[0]?.attempt
    }
    await until(() => kept() !== undefined)
    const { hash } = kept()!
    await first.disconnect()
    parties.chain.faults.clear()
    parties.chain.advance(2)
    const second = await parties.connected(parties.stranger, { store: memoryStore(entries) })
    const { txId } = await second.openChannel(parties.bob.address, HOUR, 'open')
    expect(txId).to.equal(hash)
    expect(await second.findChannels(parties.bob.address)).to.have.lengthOf(1)
  })

  it('a transaction that fails although its simulation was good is begun anew', async () => {
    const channelId = await open()
    let isHostile = true
    parties.chain.fateOf = tx => isHostile && tx.sender === parties.alice.address ? 'aborts' : undefined
    const filling = payer.deposit(channelId, 1500n, once())
    await until(() => parties.chain.chain.transactionsOf(parties.alice.address).some(({ outcome }) => !outcome.success))
    isHostile = false
    await filling
    expect(parties.chain.inStore(channelId)).to.equal(1500n)
  })

  describe('of one key, under two accounts with different nodes', () => {
    const sentBy = (): string[] => [...new Set([parties.chain.node, other].flatMap(({ requests }) =>
      requests.filter(({ request }) => request === 'POST /transactions').map(({ body }) => Buffer.from(body).toString('hex'))))]
    let other: Awaited<ReturnType<AptosParties['chain']['anotherNode']>>
    let second: AptosProvider
    beforeEach(async () => {
      other = await parties.chain.anotherNode()
      second = await parties.connected(parties.alice, { rpcUrl: other.url, store: memoryStore() })
      parties.chain.fateOf = tx => tx.sender === parties.alice.address ? 'pending' : undefined
    })

    it('waits for the other one: no two are signed for one sequence number', async () => {
      const opening = payer.openChannel(parties.bob.address, HOUR, once())
      await until(() => sentBy().length === 1)
      const next = second.openChannel(parties.stranger.address, HOUR, once())
      await new Promise(resolve => { setTimeout(resolve, 300) })
      expect(sentBy()).to.have.lengthOf(1)
      parties.chain.fateOf = () => undefined
      await Promise.all([opening, next])
      expect(sentBy()).to.have.lengthOf(2)
    })

    it('does not wait for one whose node is away, once its time is over', async () => {
      const opening = payer.openChannel(parties.bob.address, HOUR, once())
      await until(() => sentBy().length === 1)
      parties.chain.faults.add({ does: 'loseRequest' })
      const next = second.openChannel(parties.stranger.address, HOUR, once())
      parties.chain.fateOf = () => 'dropped'
      parties.chain.block()
      parties.chain.fateOf = () => undefined
      parties.pass(180)
      await next
      parties.chain.faults.clear()
      await opening
      expect(parties.chain.chain.transactionsOf(parties.alice.address).map(({ tx }) => tx.sequence)).to.deep.equal([0n, 1n])
    })
  })

  it('an address without APT opens nothing, and is told what to do', async () => {
    const poor = new AptosParties().alice
    parties.chain.fund(poor.address, 900_000n)
    const provider = await parties.connected(poor)
    const error = await rejectionError(provider.openChannel(parties.bob.address, HOUR, once()))
    expect(error.message).to.contain('too little APT to open a channel').and.contain(poor.address)
    expect(error).to.include({ isFinal: false })
  })
})
