/** Two nodes settle on a real chain with keys that no configuration has: each comes from a wallet of its own. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { accounts, startChain, type Chain, type Deployed } from '../../../examples/evm-chain.js'
import { stringify } from 'yaml'
import { freePort } from '../../../examples/free-port.js'
import type { ConnectorConfig, PeerConfig } from '../../../src/index.js'
import { isObject } from '../../../src/lib/is-object.js'
import { askAdmin } from '../../support/admin.js'
import { Workplace } from '../../support/cli.js'
import { askNode, CHAIN, SECRET, settlingConfig, TOKENS } from '../../support/node/evm.js'
import { outcome, packet, World } from '../../support/node.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { eventually } from '../../support/waiting.js'

const PASSWORD = 'Correct-Horse-Battery-7'
const WORDS = { alice: `${'zoo '.repeat(11)}wrong`, hub: `${'abandon '.repeat(11)}about` }

describe('nodes with a wallet', function () {
  this.timeout(120_000)
  noRejectionLeft()
  const world = new World()
  const places: Workplace[] = []
  let chain: Chain
  let token: Deployed
  before(async () => { chain = await startChain() })
  after(() => chain.stop())
  beforeEach(async () => { ({ token } = await chain.createNetwork(6)) })
  afterEach(async () => {
    await world.end()
    for (const place of places.splice(0)) await place.remove()
  })

  /** A folder with a wallet, and its first address on the chain, which has coins and tokens. */
  async function walletOf (name: keyof typeof WORDS): Promise<{ place: Workplace, address: string }> {
    const place = await Workplace.make({ '.env': `WALLET_PASSWORD=${PASSWORD}\n` })
    places.push(place)
    expect((await place.run(['wallet', 'import'], { input: WORDS[name] })).code).to.equal(0)
    const { evm } = JSON.parse((await place.run(['wallet', 'show', '--json'])).out) as { evm: Array<{ address: string }> }
    const address = evm[0]?.address ?? ''
    await chain.rpc('anvil_setBalance', address, '0xde0b6b3a7640000')
    await token.send(accounts[0]!.address, 'mint', address, TOKENS)
    return { place, address }
  }

  async function configOf (btpServerPort: number, peers: PeerConfig[]): Promise<Partial<ConnectorConfig>> {
    const account = { address: '', privateKey: 'wallet:0' }
    const routes = peers.map(({ id }) => ({ prefix: `g.${id}`, nextHop: id }))
    return await settlingConfig(world, { chain, token, account }, { btpServerPort, peers, routes, logLevel: 'info' })
  }

  it('pay each other, and the chain pays out to the addresses that the wallets show', async () => {
    const [alice, hub] = [await walletOf('alice'), await walletOf('hub')]
    const [a, h] = [await freePort(), await freePort()]
    const peer = (id: string, port: number, evmAddress: string): PeerConfig => (
      { id, url: `ws://127.0.0.1:${port}`, authToken: SECRET, chain: CHAIN, evmAddress })
    const aliceConfig = await configOf(a, [peer('hub', h, hub.address)])
    await alice.place.write('config.yaml', stringify({ nodeId: 'alice', explorer: { enabled: false }, ...aliceConfig }))
    const child = alice.place.start(['start'])
    let log = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => { log += text.toString() })
    world.after(async () => {
      child.kill()
      await eventually('alice has ended', () => child.exitCode !== null || undefined)
    })
    world.setEnv('WALLET_FILE', join(hub.place.path, 'wallet.json'))
    world.setEnv('WALLET_PASSWORD', PASSWORD)
    const node = await world.start('hub', await configOf(h, [peer('alice', a, alice.address)]))
    await eventually('alice is there', () => log.includes('is running') || undefined)

    const pay = async (): Promise<true | undefined> =>
      outcome(await node.sendPacket(packet('g.alice', { amount: 300n, data: Buffer.from(String(Math.random())) }))) === 'fulfill' || undefined
    await eventually('hub can pay alice', pay)
    const admin = `http://127.0.0.1:${aliceConfig.adminApi?.port ?? 0}/admin`
    const channelId = await eventually('alice has a claim', async () => {
      const { channelId } = await node.getChannelState('alice').catch(() => ({ channelId: undefined }))
      if (channelId === undefined) return undefined
      const { status, body } = await askAdmin(admin, 'GET', `/channels/${channelId}/claims`)
      return status === 200 && isObject(body) && body.transferredAmount === '300' ? channelId : undefined
    })
    await eventually('it can be closed', async () => (await askNode(node, 'POST', `/channels/${channelId}/close`, {})).status === 200 || undefined)
    const balances = await Promise.all([hub, alice].map(({ address }) => token.read('balanceOf', address)))
    expect(balances).to.deep.equal([TOKENS - 300n, TOKENS + 300n])

    const everything = log + JSON.stringify(world.log.lines) + await readFile(join(alice.place.path, 'config.yaml'), 'utf8')
    for (const secret of [PASSWORD, /zoo|abandon/]) expect(everything).to.not.match(new RegExp(secret))
  })

  it('do not start, with one clear line, when the wallet does not open', async () => {
    const { place } = await walletOf('alice')
    const peers = [{ id: 'hub', url: 'ws://127.0.0.1:1', authToken: SECRET, chain: CHAIN, evmAddress: accounts[1]!.address }]
    await place.write('config.yaml', stringify({ nodeId: 'alice', explorer: { enabled: false }, ...await configOf(await freePort(), peers) }))
    const wallet = await readFile(join(place.path, 'wallet.json'), 'utf8')
    const faults: Array<[env: Record<string, string>, text: string, words: RegExp]> = [
      [{ WALLET_PASSWORD: 'wrong' }, wallet, /Cannot open the wallet wallet\.json: the password is wrong, or the file was changed/],
      [{ WALLET_PASSWORD: '' }, wallet, /There is no password for the wallet wallet\.json/],
      [{}, wallet.slice(0, 200), /wallet\.json is damaged, or not a wallet/],
      [{}, wallet.replace('"version": 1', '"version": 2'), /wallet\.json is a wallet of version 2/],
      [{ WALLET_FILE: 'nowhere.json' }, wallet, /There is no wallet at nowhere\.json/]
    ]
    for (const [env, text, words] of faults) {
      await writeFile(join(place.path, 'wallet.json'), text)
      const { code, err } = await place.run(['start'], { env })
      expect([code, words.test(err)], err).to.deep.equal([78, true])
      expect(err).to.match(/account hub/).and.to.not.match(/\n\s+at |Battery/)
    }
  })
})
