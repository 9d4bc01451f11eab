/** What a node asks of a server of the ledger while nobody pays: the same for a thousand peers as for one, because they share one desk. */
import { expect } from 'chai'
import type { XrpProvider } from '../../../plugins/xrp/provider.js'
import { Hostile } from '../../support/xrp/hostile.js'
import { Parties } from '../../support/xrp/parties.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { eventually } from '../../support/waiting.js'

const PEERS = Number(process.env.CHAIN_PEERS ?? 200)
/** What the real ledger closes in a minute; and what a node may ask in it. */
const LEDGERS_PER_MINUTE = 20
const MOST_PER_MINUTE = 120
const MINUTES = 3

describe('accounts of one address on the XRP Ledger whose peers are idle', function () {
  this.timeout(300_000)
  noRejectionLeft()
  const parties = new Parties()
  let payer: Hostile
  let channel: string
  before(async () => {
    await parties.start()
    payer = new Hostile(parties, parties.bob)
    channel = await payer.open(parties.alice.address)
  })
  after(async () => {
    await payer.stop()
    await parties.stop()
  })

  /** Requests in each of a few minutes of the ledger, in which each account looks once at the channel of its peer. */
  async function perMinute (providers: readonly XrpProvider[]): Promise<number[]> {
    const { rippled: { server, network } } = parties
    const counts: number[] = []
    for (let minute = 0; minute <= MINUTES; minute++) {
      const [before, until] = [server.asked, network.lastClosed.index + LEDGERS_PER_MINUTE]
      for (const provider of providers) await provider.getChannelState(channel, 'confirmed', 'watched')
      await eventually('a minute has passed', () => network.lastClosed.index >= until, 60_000)
      counts.push(server.asked - before)
    }
    return counts.slice(1) // the first is that of the start
  }

  it(`ask as little as one, and at most ${MOST_PER_MINUTE} times a minute: ${PEERS} of them`, async () => {
    const one = await perMinute([await parties.connected(parties.alice)])
    const others: XrpProvider[] = []
    for (let i = 0; i < PEERS; i++) {
      const provider = await parties.connected(parties.alice)
      provider.subscribe(parties.bob.address, () => undefined)
      others.push(provider)
    }
    const many = await perMinute(others)
    expect(Math.max(...many), `requests in each minute: ${many.join(', ')}; of one: ${one.join(', ')}`).to.be.at.most(MOST_PER_MINUTE)
    expect(Math.max(...many)).to.be.at.most(Math.max(...one) + LEDGERS_PER_MINUTE)
  })
})
