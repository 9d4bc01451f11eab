/** After the same traffic the metrics say the same, as JSON and as Prometheus text. */
import { expect } from 'chai'
import { between, useArena, type Duel, type Side } from '../../support/differential/harness.js'
import { fulfil, preparePacket, preimage, rejectPacket } from '../../support/differential/packets.js'

interface Value { labels: Record<string, unknown>, value: number }
interface Metric { name: string, type: string, help: string, aggregator: string, values: Value[] }

/** What GET /stats answers; the order of series is nobody's promise. */
function statusOf (side: Side): Metric[] {
  return (side.stats().getStatus() as Metric[]).map(metric => ({
    ...metric, values: metric.values.toSorted((a, b) => key(a) < key(b) ? -1 : 1)
  }))
}

function key ({ labels }: Value): string {
  return JSON.stringify(Object.entries(labels).sort())
}

/** The lines of GET /metrics about what ilp-connector knows, with the labels of each in one order. Sluice has more of them. */
async function linesOf (side: Side): Promise<string[]> {
  const names = statusOf(side).map(({ name }) => name)
  const text = await side.stats().getRegistry().metrics()
  return text.split('\n').filter(line => names.some(name => line.replace(/^# (HELP|TYPE) /, '').match(/^\w+/)?.[0] === name)).map(line =>
    line.replace(/\{(.*)\}/, (_, labels: string) => `{${labels.split(',').sort().join()}}`)).sort()
}

describe('the same metrics', () => {
  const arena = useArena()

  async function traffic (duel: Duel): Promise<void> {
    let count = 0
    for (const amount of [0, 1, 5, 20, 40, 999]) {
      for (const destination of ['test.bob', 'test.connie.kid', 'test.nowhere', 'test.connie', 'peer.config']) {
        await duel.sendSame('alice', preparePacket({ destination, amount, fulfillment: preimage(`metric ${count++}`) }))
      }
    }
    await duel.sendSame('kid', Buffer.from([4]))
    await duel.same(side => side.plugin('bob').receiveMoney('17'))
    await duel.same(side => side.plugin('bob').receiveMoney('3'))
    await arena.tick(1)
  }

  it('before anything happened', async () => {
    const duel = await arena.start(between())
    await duel.same(statusOf)
    await duel.same(linesOf)
  })

  it('after traffic of all kinds', async () => {
    const duel = await arena.start(between(
      { rateLimit: { refillCount: 28 }, maxPacketAmount: '100', balance: { maximum: '150' } },
      { assetCode: 'Ä"\\\n', assetScale: 10, balance: { maximum: '1000', settleThreshold: '-50' } },
      { accounts: { kid: { relation: 'child', balance: { maximum: '1000' } } } }
    ), ({ amount, ...rest }) => Number(amount) === 5 ? rejectPacket({ code: 'T17' }) : fulfil({ amount, ...rest }))
    await traffic(duel)
    expect(await duel.same(statusOf)).to.satisfy((metrics: Metric[]) => metrics.every(({ name, values }) => name === 'ilp_connector_rate_limited_money' || values.length > 0))
    await duel.same(linesOf)
  })
})
