/** What version 0.1 kept of channels is taken over: claims, payments and money that was told go on, once each. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { ROOT } from '../../../support/node.js'
import { closeAll, portOf, SECRET } from '../../../support/btp.js'
import { makeWorld, type Party, type PartyOptions, type World } from '../../../support/channels/world.js'
import { nextTurn } from '../../../support/waiting.js'

interface Side { balance: string, credited: Record<string, string>, entries: Record<string, string> }
interface Channel {
  id: string
  sides: Record<string, Record<'deposit' | 'claimed' | 'nonce', string>>
  addresses: [string, string]
  challengeSecs: number
}
interface Story { channels: Channel[], tokens: Record<string, string>, alice: Side, bob: Side }

const STORIES = JSON.parse(readFileSync(join(ROOT, 'test/support/channels/version-0.1.json'), 'utf8')) as Record<string, Story>
const OPTIONS = { initialDeposit: '10000', settlementTimeoutSecs: 3600, pollingIntervalMs: 100 }

describe('records of version 0.1', () => {
  noRejectionLeft()
  afterEach(closeAll)

  /** Two that are not connected yet, with what is on disk; Bob listens where Alice dials. */
  async function upgraded (name: string, more: { changed?: (text: string) => string, options?: PartyOptions } = {}): Promise<World> {
    const { changed = (text: string) => text, options = OPTIONS } = more
    const story = JSON.parse(changed(JSON.stringify(STORIES[name]))) as Story
    const world = await makeWorld(options)
    const { chain, alice, bob } = world
    const port = await portOf(bob.plugin, Promise.resolve())
    await alice.crash()
    await bob.crash({ listener: { port, secret: SECRET } })
    chain.channels.clear()
    for (const [owner, tokens] of Object.entries(story.tokens)) chain.balances.set(owner, BigInt(tokens))
    for (const { id, sides, addresses, challengeSecs } of story.channels) {
      const own = Object.fromEntries(Object.entries(sides).map(([address, { deposit, claimed, nonce }]) =>
        [address, { taken: 0n, deposit: BigInt(deposit), claimed: BigInt(claimed), nonce: BigInt(nonce) }]))
      chain.channels.set(id, { id, sides: own, addresses, status: 'open', challengeSecs, openedMs: 0, closedMs: 0, closer: '' })
    }
    for (const party of [alice, bob]) {
      const { balance, credited, entries } = story[party.name as 'alice' | 'bob']
      party.store.entries.clear()
      for (const [key, value] of Object.entries(entries)) party.store.entries.set(key, value)
      party.balance = BigInt(balance)
      for (const [id, amount] of Object.entries(credited)) party.credited.set(id, BigInt(amount))
    }
    return world
  }

  async function connect ({ alice, bob }: World): Promise<void> {
    await Promise.all([bob.plugin.connect(), alice.plugin.connect()])
  }

  async function paidBy (payee: Party): Promise<bigint> {
    return (await payee.channels()).reduce((sum, { theirTransferred }) => sum + theirTransferred, 0n)
  }

  it('of settled accounts go on: the next settlements pay what is owed', async () => {
    const world = await upgraded('settled')
    await connect(world)
    const { alice, bob } = world
    await alice.settle('new')
    expect(await bob.pay(50n)).to.equal('fulfilled')
    await bob.settle('new')
    expect([alice.balance, bob.balance, await paidBy(bob), await paidBy(alice)]).to.deep.equal([0n, 0n, 1030n, 750n])
  })

  it('of a payment that the peer never got: it is paid under its id, once', async () => {
    const world = await upgraded('undelivered')
    await connect(world)
    const { alice, bob } = world
    await alice.settle('second', 5, 1000n)
    await alice.settle('first', 5, 500n).catch(() => undefined)
    while (bob.balance !== 0n) await nextTurn()
    expect(await paidBy(bob), 'both, once').to.equal(1500n)
  })

  for (const isKnown of [true, false]) {
    it(`of money that was told last: credited ${isKnown ? 'no second time' : 'once, where the books had not taken it'}`, async () => {
      const world = await upgraded('told')
      const { bob } = world
      const [last] = [...bob.credited.keys()].slice(-1)
      if (!isKnown) {
        bob.balance += bob.credited.get(last!)!
        bob.credited.delete(last!)
      }
      await connect(world)
      expect(await world.alice.pay(10n)).to.equal('fulfilled')
      await world.alice.settle('new')
      while (bob.balance !== 0n) await nextTurn()
      expect(await paidBy(bob)).to.equal(1260n)
    })
  }

  it('of claims that went with packets: the next ones add what they cost', async () => {
    const world = await upgraded('packets', { options: { ...OPTIONS, claims: 'packet', requireClaims: true } })
    await connect(world)
    const { alice, bob } = world
    while (await alice.pay(300n) !== 'fulfilled') await nextTurn()
    expect(await paidBy(bob), 'what was rejected before counts as used on both disks').to.equal(1600n)
    expect(await alice.pay(200n)).to.equal('fulfilled')
    expect(await paidBy(bob)).to.equal(1800n)
  })

  it('of a channel whose end is being agreed on wait until that is over, with everything as it was', async () => {
    const world = await upgraded('frozen', { changed: text => text.replace(/(frozenUntilMs\\":)[1-9]\d*/g, `$1${Date.now() + 600_000}`) })
    const { bob } = world
    const before = new Map(bob.store.entries)
    await connect(world).catch(() => undefined)
    expect(bob.plugin.channels().trouble).to.match(/the end of a channel is being agreed on until .*: start again then/)
    expect(Object.fromEntries(bob.store.entries)).to.deep.equal(Object.fromEntries(before))
  })

  it('of a channel whose end was being agreed on go on when that is over', async () => {
    const world = await upgraded('frozen', { changed: text => text.replace(/(frozenUntilMs\\":)[1-9]\d*/g, `$1${Date.now() - 1000}`) })
    await connect(world)
    expect(await world.alice.pay(40n)).to.equal('fulfilled')
    await world.alice.settle('new')
    expect(await paidBy(world.bob)).to.equal(1040n)
  })
})
