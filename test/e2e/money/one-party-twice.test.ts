/** Two accounts with one party on the chain would both be credited what it pays once. There is no way to have them. */
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { accounts, CHAIN_ID } from '../../../examples/evm-chain.js'
import { ConnectorNode } from '../../../src/index.js'
import type { PeerConfig } from '../../../src/index.js'
import { describeError } from '../../../src/lib/describe-error.js'
import { Daemon, temporaryFolder } from '../../support/daemon.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { askNode, peerOf, settlingConfig } from '../../support/node/evm.js'
import { World } from '../../support/node.js'
import { onOneChain } from '../../support/money.js'
import { eventually } from '../../support/waiting.js'

const CLI = fileURLToPath(new URL('../../../src/commands/cli/main.js', import.meta.url))
const TWICE = /credited twice/
const MIXED = accounts[1]!.address
const LOWER = MIXED.toLowerCase()

describe('a second account with the same party', function () {
  this.timeout(60_000)
  noRejectionLeft()
  const world = new World()
  const { chain, start } = onOneChain()
  afterEach(() => world.end())

  for (const [how, peerAddress] of [['as it is written', MIXED], ['in other letters', LOWER]] as const) {
    it(`is refused while the connector runs, with the address ${how}, and a claim is credited once`, async () => {
      const duo = await start()
      const { first: mallory, second: us } = duo
      const info = us.info()
      const listener = { port: 0, host: '127.0.0.1', secret: 'token' }
      const adding = us.app.addPlugin('peer2', { ...info, options: { ...info.options, listener, peerAddress } })
      expect(await adding.then(() => undefined, describeError)).to.match(TWICE)
      const channelId = await duo.openBy(1, 2, 100_000n)
      await eventually('the claim is taken', async () => await mallory.tell(await duo.claim(1, channelId, 1n, 50_000n)) === 'taken')
      expect([us.balance, us.book('peer2')?.balance ?? 0n]).to.deep.equal([-50_000n, 0n])
      await duo.leave(us)
      expect(await duo.won(2), 'the chain has paid what the books say').to.equal(50_000n)
    })
  }

  it('is refused in the configuration of a connector', async () => {
    const duo = await start()
    const info = duo.second.info()
    await duo.second.app.shutdown()
    const options = { ...info.options, listener: undefined, server: 'btp+ws://:x@127.0.0.1:9', peerAddress: LOWER }
    const others = { peer2: { ...info, options } }
    expect(() => duo.make(1, new Map(duo.second.entries), { others })).to.throw(TWICE)
    duo.make(1, new Map(), { others: {} })
  })

  it('is allowed where our own settlement is with another contract, since nothing is paid twice there', async () => {
    const duo = await start()
    const { token } = await chain().createNetwork(9)
    const info = duo.second.info()
    const options = {
      ...info.options, listener: { port: 0, host: '127.0.0.1', secret: 'token' },
      chain: { ...(info.options as { chain: object }).chain, tokenAddress: token.address }
    }
    const adding = duo.second.app.addPlugin('peer2', { ...info, options })
    await eventually('it is there', () => duo.second.book('peer2') !== undefined)
    adding.catch(() => undefined)
  })

  describe('of a node', () => {
    const twins = (): [PeerConfig, PeerConfig] => [
      peerOf('bob', accounts[1]!, 9), { ...peerOf('bob2', accounts[1]!, 10), evmAddress: LOWER, chain: `evm:anvil:${CHAIN_ID}` }
    ]
    const config = async (peers: PeerConfig[]): Promise<object> => {
      const { token } = await chain().createNetwork(6)
      return await settlingConfig(world, { chain: chain(), token, account: accounts[2]! }, { peers })
    }

    it('is refused in its configuration, and by the command that checks one', async () => {
      const given = { nodeId: 'us', logLevel: 'error', ...await config(twins()) } as ConstructorParameters<typeof ConnectorNode>[0]
      expect(() => new ConnectorNode(given)).to.throw(TWICE)
      const file = join(await world.directory(), 'us.yaml')
      await writeFile(file, JSON.stringify(given))
      const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'validate', file], { encoding: 'utf8' })
      expect(status).to.equal(1)
      expect(stdout + stderr).to.match(TWICE)
    })

    it('is refused by registerPeer, updatePeer and the admin API, and changes nothing', async () => {
      const [bob, twin] = twins()
      const node = await world.start('us', await config([bob]))
      const refused = async (doing: Promise<unknown>): Promise<unknown> => await doing.then(() => 'taken', describeError)
      expect(await refused(node.registerPeer({ ...twin, routes: [{ prefix: 'g.bob2' }] }))).to.match(TWICE)
      const { status, body } = await askNode(node, 'POST', '/peers', { ...twin })
      expect([status, JSON.stringify(body)]).to.satisfy(([code, text]: [number, string]) => code === 409 && TWICE.test(text))
      expect(node.listPeers().map(({ id }) => id)).to.deep.equal(['bob'])
      expect(node.listRoutes()).to.deep.equal([])
      await node.registerPeer({ ...twin, evmAddress: accounts[3]!.address })
      expect(await refused(node.updatePeer('bob2', { evmAddress: LOWER }))).to.match(TWICE)
      expect(await refused(node.openChannel({ peerId: 'bob2', initialDeposit: '1', peerAddress: MIXED }))).not.to.equal('taken')
      await node.registerPeer({ id: 'carl', url: 'ws://127.0.0.1:12', authToken: 'x' })
      const settlement = { preference: 'evm', evmAddress: LOWER }
      expect((await askNode(node, 'PUT', '/peers/carl', { settlement })).status).to.equal(409)
      expect((await askNode(node, 'POST', '/peers', { id: 'carl', url: 'ws://127.0.0.1:12', authToken: 'x', settlement })).status).to.equal(409)
      await node.removePeer('carl')
      const shown = Object.fromEntries(node.listPeers().map(({ id, settlement }) => [id, settlement?.evmAddress]))
      expect(shown).to.deep.equal({ bob: MIXED, bob2: accounts[3]!.address })
    })

    it('does not come to be when a peer without a settlement gets its address with a channel', async () => {
      const [bob] = twins()
      const node = await world.start('us', await config([bob, { id: 'carl', url: 'ws://127.0.0.1:11', authToken: 'x' }]))
      const opening = node.openChannel({ peerId: 'carl', initialDeposit: '1', peerAddress: LOWER })
      expect(await opening.then(() => 'opened', describeError)).to.match(TWICE)
    })
  })

  it('is refused in the accounts of a daemon, before it listens', async () => {
    const duo = await start()
    const folder = await temporaryFolder()
    const account = (port: number): object => {
      const info = duo.second.info()
      return { ...info, options: { ...info.options, listener: undefined, server: `btp+ws://:x@127.0.0.1:${port}` } }
    }
    const daemon = new Daemon({
      CONNECTOR_ILP_ADDRESS: 'test.twins',
      CONNECTOR_ACCOUNTS: JSON.stringify({ one: account(9), two: account(10) }),
      CONNECTOR_BACKEND: 'one-to-one',
      CONNECTOR_STORE_PATH: folder.path
    })
    try {
      expect((await daemon.exited).code).not.to.equal(0)
      expect(daemon.errors).to.match(TWICE)
    } finally {
      await daemon.stop()
      await folder.remove()
    }
  })
})
