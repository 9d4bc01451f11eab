/** After a power cut a payer may have forgotten claims that the peer has. It goes on with the next packet, and nothing is paid twice. */
import { expect } from 'chai'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { closeAll } from '../../../support/btp.js'
import { CHANNEL_PROTOCOL } from '../../../../plugins/lib/channels/messages.js'
import { claimOf } from '../../../support/channels/fake-codec.js'
import { expectAgreement, makeWorld } from '../../../support/channels/world.js'
import type { World } from '../../../support/channels/world.js'
import { nextTurn } from '../../../support/waiting.js'

const WITH_PACKETS = { claims: 'packet', requireClaims: true, initialDeposit: '100000' }
const PACKETS = 50
const AMOUNT = 100n

/** Alice can pay. */
async function readyWorld (options: Record<string, unknown> = WITH_PACKETS): Promise<World> {
  const world = await makeWorld(options, { ...options, requireClaims: false })
  const { alice } = world
  if (options.claims === 'packet') while (!(await alice.channels()).some(({ spendable }) => spendable > 0n)) await nextTurn()
  return world
}

/** Many packets are at Bob, who has all their claims, when the power of Alice's machine is cut. Bob fulfills them for nobody. */
async function cutInTheMiddle ({ alice, bob }: World): Promise<void> {
  let arrived = 0
  let answer: (() => void) | undefined
  const answering = new Promise<void>(resolve => { answer = resolve })
  bob.respond = async () => {
    arrived++
    await answering
    return 'fulfill' as const
  }
  const paying = Promise.all(Array.from({ length: PACKETS }, () => alice.pay(AMOUNT)))
  while (arrived < PACKETS) await nextTurn()
  await alice.cutPower()
  answer?.()
  await paying
  bob.respond = () => 'fulfill'
}

describe('a payer after a power cut', () => {
  noRejectionLeft()
  afterEach(closeAll)

  it('has forgotten claims, and pays with the next packet all the same', async () => {
    const world = await readyWorld()
    const { alice, bob } = world
    expect(await alice.pay(AMOUNT)).to.equal('fulfilled')
    await cutInTheMiddle(world)
    const had = (await bob.channels())[0]!.theirTransferred
    expect(had, 'what was under way was paid for').to.equal(AMOUNT * BigInt(PACKETS + 1))
    await alice.plugin.connect()
    expect(await Promise.all([alice.pay(5n), alice.pay(6n), alice.pay(7n)])).to.deep.equal(['fulfilled', 'fulfilled', 'fulfilled'])
    await alice.settle()
    const now = (await bob.channels())[0]!.theirTransferred
    expect(now - had, 'no more than the packets').to.equal(18n)
    expect(bob.balance, 'nobody owes anybody').to.equal(0n)
  })

  it('has forgotten claims, and settles what it owes all the same', async () => {
    const world = await readyWorld()
    const { alice, bob } = world
    expect(await alice.pay(AMOUNT)).to.equal('fulfilled')
    await cutInTheMiddle(world)
    alice.balance -= 500n // from a time without claims
    bob.balance += 500n
    await alice.plugin.connect()
    await alice.settle()
    expect(alice.balance).to.equal(0n)
  })

  for (const [books, areForgotten] of [['its books have not', false], ['its books have, too', true]] as const) {
    it(`has forgotten the claim of a rejected packet, and ${books}: what it paid is used once`, async () => {
      const world = await readyWorld()
      const { alice, bob } = world
      expect(await alice.pay(AMOUNT)).to.equal('fulfilled')
      const forget = alice.page.copy()
      bob.respond = () => 'reject'
      expect(await alice.pay(10n)).to.match(/^F02/)
      bob.respond = () => 'fulfill'
      await alice.cutPower()
      if (areForgotten) forget()
      await alice.plugin.connect()
      while ((await alice.plugin.channels().states()).headroom !== 10n) await nextTurn() // until it has learnt of the claim
      expect(await Promise.all([alice.pay(4n), alice.pay(20n)])).to.deep.equal(['fulfilled', 'fulfilled'])
      await alice.settle()
      expect((await bob.channels())[0]!.theirTransferred, 'no more than the packets').to.equal(AMOUNT + 24n)
      expect([alice.balance, bob.balance], 'nobody owes anybody').to.deep.equal([0n, 0n])
      await expectAgreement(world)
    })
  }

  it('believes a peer nothing that it has not signed itself', async () => {
    const world = await readyWorld()
    const { alice, bob } = world
    expect(await alice.pay(AMOUNT)).to.equal('fulfilled')
    const { channelId } = (await bob.channels())[0]!
    bob.plugin.transport.deregisterProtocolHandler(CHANNEL_PROTOCOL)
    bob.plugin.transport.registerProtocolHandler(CHANNEL_PROTOCOL, () => Promise.resolve([{
      protocolName: CHANNEL_PROTOCOL,
      contentType: 2,
      data: Buffer.from(JSON.stringify({
        unused: '0', claims: [claimOf('bob', channelId, 9_000_000n, 90_000n).text, claimOf('alice', 'channel-77', 9_000_000n, 90_000n).text, 'x', 7]
      }))
    }]))
    await alice.crash()
    await alice.plugin.connect()
    expect(await alice.pay(AMOUNT)).to.equal('fulfilled')
    expect((await bob.channels())[0]!.theirTransferred).to.equal(2n * AMOUNT)
    await alice.settle()
    await expectAgreement(world)
  })
})
