/**
 * Two connectors of version 0.1, with payment channels of contracts of that time, are upgraded. Balances and channels go on, nothing is
 * credited or paid twice, and records that cannot be of the configuration are left alone.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { startChain, type Chain } from '../../../examples/evm-chain.js'
import type { ChannelDetails } from '../../../src/contracts/channels.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { ROOT } from '../../support/node.js'
import { Duo, neverHappens, type Connector, type Setting } from '../../support/money.js'
import { eventually } from '../../support/waiting.js'

interface Fixture { token: string, network: string, registry: string, chain: string, sides: Array<Record<string, string>> }

describe('connectors of version 0.1 that are upgraded', function () {
  this.timeout(60_000)
  noRejectionLeft()
  let fixture: Fixture
  let chain: Chain
  let snapshot: unknown
  const duos: Duo[] = []
  before(async () => {
    fixture = JSON.parse(await readFile(join(ROOT, 'test/support/money/version-0.1.json'), 'utf8')) as Fixture
    chain = await startChain()
    expect(chain.registry.address).to.equal(fixture.registry)
    const state = gzipSync(gunzipSync(Buffer.from(fixture.chain, 'base64')))
    expect(await chain.rpc('anvil_loadState', `0x${state.toString('hex')}`)).to.equal(true)
    await chain.mine()
  })
  beforeEach(async () => { snapshot = await chain.rpc('evm_snapshot') })
  afterEach(async () => {
    for (const duo of duos.splice(0)) await duo.stop()
    await chain.rpc('evm_revert', snapshot)
  })
  after(() => chain.stop())

  function disks (): Array<Map<string, string>> {
    return fixture.sides.map(side => new Map(Object.entries(side)))
  }

  async function upgraded (settings: Partial<Setting> = {}): Promise<Duo> {
    const token = chain.at(fixture.token, ['function balanceOf(address) view returns (uint256)'])
    const { abi } = await import('../../../plugins/evm/artifacts/TokenNetwork.js')
    const duo = new Duo(chain, {}, {}, settings)
    duos.push(duo)
    return await duo.startWith({ token, network: chain.at(fixture.network, abi) }, disks())
  }

  function old (node: Connector, name = 'paychan:'): string[] {
    return [...node.entries.keys()].filter(key => key.includes(`plugin:4:peer:${name}`) && !key.includes('paychan:earlier:'))
  }

  async function channelOf ({ second }: Duo): Promise<ChannelDetails> {
    return await eventually('the channel is there', async () => (await second.channels().catch(() => []))[0])
  }

  it('go on with their balances and the channel, and settle what they owed', async () => {
    const duo = await upgraded()
    const { first, second } = duo
    await neverHappens('something is credited again', () => first.balance !== -400n || second.balance !== 400n, 700)
    const [channel] = await second.channels()
    expect(channel).to.include({ theirTransferred: 5000n, transferred: 3000n, status: 'open' })
    expect([old(first), old(second)], 'the old records').to.deep.equal([[], []])
    expect(await first.pay(1600n)).to.equal('fulfill')
    expect(await second.pay(3500n)).to.equal('fulfill')
    await eventually('what is due is settled', () => first.balance === -second.balance && first.book()?.settlement === undefined)
    await duo.leave(second)
    const owed = second.balance
    expect(await duo.won(2), 'what was paid with claims of both versions').to.equal(5000n + 400n + 1600n - 3000n - 3500n - owed)
    expect(await duo.won(1) + await duo.won(2)).to.equal(0n)
  })

  it('go on when one of them is restarted or renamed after the upgrade', async () => {
    const duo = await upgraded()
    await eventually('the records have moved', () => old(duo.second).length === 0)
    for (const account of ['peer', 'renamed']) {
      await duo.restart(1, { account })
      expect((await channelOf(duo)).theirTransferred).to.equal(5000n)
    }
    expect(duo.second.balance, 'the new name owes nothing, and is credited nothing').to.equal(0n)
  })

  const others: Array<[string, Partial<Setting>]> = [
    ['key', { key: 3 }], ['peer address', { peerKey: 3 }]
  ]
  for (const [what, settings] of others) {
    it(`refuse to settle with another ${what}, change nothing, and go on when it is put back`, async () => {
      const duo = await upgraded(settings)
      const trouble = await eventually('settlement is refused', () => duo.second.plugin.channels().trouble)
      expect(trouble).to.match(/records of payment channels from before 0.2.*Put the earlier configuration back/)
      expect(old(duo.second)).to.have.lengthOf(3)
      expect(await duo.first.tell(await duo.claim(1, `0x${'11'.repeat(32)}`, 1n, 1n))).not.to.equal('taken')
      const error: unknown = await duo.second.app.removePlugin('peer').then(() => undefined, (reason: unknown) => reason)
      expect(error, 'it is not removed either').to.include({ httpErrorCode: 409 })
      await duo.restart(1, { key: 2, peerKey: 1 })
      expect((await channelOf(duo)).theirTransferred).to.equal(5000n)
      expect(duo.second.balance).to.equal(400n)
    })
  }
})
