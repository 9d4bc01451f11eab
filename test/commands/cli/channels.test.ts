/** `connector channels`: what it shows of a node's channels, what it asks the node to do, and what it says when that cannot be done. */
import { expect } from 'chai'
import { FakeChannels } from '../../support/admin-node/channels.js'
import { NodeFixture } from '../../support/admin-node.js'
import { Workplace, type Result } from '../../support/cli.js'

describe('connector channels', () => {
  let place: Workplace
  let api: NodeFixture
  let channels: FakeChannels
  beforeEach(async () => {
    place = await Workplace.make()
    api = await new NodeFixture({ apiKey: 'hunter2' }).start()
    api.node.channels = channels = new FakeChannels()
  })
  afterEach(async () => {
    await api.stop()
    await place.remove()
  })

  const run = (...args: string[]): Promise<Result> =>
    place.run(['channels', ...args, '--url', `localhost:${api.admin}`], { env: { ADMIN_API_KEY: 'hunter2' } })

  it('lists them, and how each peer stands', async () => {
    const { code, out } = await run('list')
    expect(code).to.equal(0)
    expect(out).to.include('0x01').and.include(`peer-b on evm:8453: settled, deposit ${2n ** 70n} smallest units of USDC`).and.include('peer-b: SETTLEMENT_PENDING')
    expect(JSON.parse((await run('--json')).out)).to.have.keys('channels', 'peers')
    channels.trouble = 'connection refused'
    expect((await run('list')).out).to.include('There are no channels.').and.include('cannot be reached (connection refused)')
  })

  it('opens, fills, closes, redeems and pays out', async () => {
    expect((await run('open', 'peer-b', 'evm:8453', '1000')).out).to.include('Channel 0x01 is open.').and.include('deposit: 1000')
    expect((await run('deposit', 'peer-b', '5')).out).to.include('Channel 0x01 is open.').and.include(`newDeposit: ${2n ** 70n + 5n}`)
    expect((await run('close', '0x01', '--challenge')).out).to.include('Channel 0x01 is closing.').and.include('txHash: 0xc1')
    expect((await run('redeem', '0x01')).out).to.include('txHash: 0x4e')
    expect((await run('settle', '0x01')).out).to.include('Channel 0x01 is settled.')
    expect(JSON.parse((await run('show', '0x01')).out)).to.include({ channelId: '0x01', status: 'settled' })
    expect(channels.calls.map(([call]) => call)).to.deep.equal(['open', 'deposit', 'close', 'redeem', 'settle'])
  })

  const failures: Array<[what: string, args: string[], text: string]> = [
    ['what the node refuses', ['close', '0x02'], 'Channel not found'],
    ['an amount that is none', ['deposit', '0x01', 'x'], 'amount must be a positive integer string'],
    ['an action that there is not', ['opne'], 'Unknown action: opne'],
    ['operands that are missing', ['open', 'peer-b'], 'open takes <peer> <chain> <deposit>']
  ]
  for (const [what, args, text] of failures) {
    it(`says ${what}`, async () => {
      const { code, err } = await run(...args)
      expect(code).to.equal(1)
      expect(err).to.include(text)
    })
  }

  it('says that nothing is settled, and that nobody is there', async () => {
    api.node.channels = undefined
    expect(await run('list')).to.include({ code: 1, err: 'Settlement infrastructure not enabled\nError code: SLUICE_NO_CHAIN\n' })
    const nobody = await place.run(['channels', 'list', '--url', 'localhost:9'])
    expect(nobody.code).to.equal(1)
    expect(nobody.err).to.include('Cannot reach http://localhost:9/')
  })
})
