/**
 * A peer that hides among many idle ones: it pays, waits until nobody looks closely any more, and closes the channel on the chain as if it
 * had paid less. What it had paid is taken out in time, also through an RPC node that helps it by keeping the close to itself.
 */
import { expect } from 'chai'
import { accounts, startChain, type Chain, type Deployed } from '../../../examples/evm-chain.js'
import type { ConnectorNode } from '../../../src/index.js'
import { recordOf } from '../../../plugins/evm/chain/rpc.js'
import { closeAll } from '../../support/btp.js'
import { idlePeers, openWith } from '../../support/evm/idle-peers.js'
import { RpcProxy, type Behaviour } from '../../support/evm/rpc-proxy.js'
import { claimText, HOUR, Mallory, peerOf, settlingConfig, TOKENS } from '../../support/node/evm.js'
import { World } from '../../support/node.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { eventually, until } from '../../support/waiting.js'

const IDLE = 59
const DEPOSIT = 2000
const [, bobKey, malloryKey] = accounts

const HELPERS: Record<string, Behaviour> = {
  'that works': (request, ask) => ask(request),
  'that keeps events to itself': (request, ask) => request.method === 'eth_getLogs' ? { result: [] } : ask(request),
  'that serves no events': (request, ask) =>
    request.method === 'eth_getLogs' ? { error: { code: -32601, message: 'the method eth_getLogs does not exist' } } : ask(request),
  'that serves no events, and tells of one channel at a time': (request, ask) => {
    const isProbe = request.method === 'eth_call' && recordOf(request.params[0]).to === undefined
    return request.method === 'eth_getLogs' || isProbe ? { error: { code: -32601, message: 'not here' } } : ask(request)
  }
}

describe('a peer among many idle ones', function () {
  this.timeout(180_000)
  noRejectionLeft()
  const world = new World()
  let chain: Chain
  let token: Deployed
  let network: Deployed
  let proxy: RpcProxy
  before(async () => { chain = await startChain() })
  after(() => chain.stop())
  beforeEach(async () => {
    ({ token, network } = await chain.createNetwork(6))
    for (const { address } of [bobKey!, malloryKey!]) await token.send(accounts[0]!.address, 'mint', address, TOKENS)
    await token.send(malloryKey!.address, 'approve', network.address, TOKENS)
    proxy = await new RpcProxy(chain.url).start()
  })
  afterEach(async () => {
    await closeAll()
    await world.end()
    await proxy.stop()
  })

  /** With channels with all, and Mallory connected. */
  async function start (): Promise<{ bob: ConnectorNode, mallory: Mallory, channelId: string }> {
    await openWith(chain, { token, network }, bobKey!.address, IDLE)
    const opened = await network.send(malloryKey!.address, 'openChannel', bobKey!.address, HOUR)
    const channelId = opened.error === undefined ? String(opened.events[0]?.args[0]) : opened.error
    await network.send(malloryKey!.address, 'setTotalDeposit', channelId, malloryKey!.address, DEPOSIT)
    const bob = await world.make('bob', await settlingConfig(world,
      { chain, token, account: bobKey!, rpcUrl: proxy.url, options: { requireClaims: true } },
      { peers: [...idlePeers(IDLE), peerOf('mallory', malloryKey!, 9)] }))
    bob.setPacketHandler(() => ({ accept: true }))
    const listening = (): number => world.log.lines.filter(({ message }) => message === 'btp_server_started').length
    const before = listening()
    const starting = bob.start() // waits a while for its peers
    await until(() => listening() > before)
    const mallory = await Mallory.dial(bob)
    await starting
    await eventually('all channels are known', async () => (await bob.channelManager.list()).length === IDLE + 1)
    return { bob, mallory, channelId }
  }

  /** Nobody asks for a single channel any more. */
  async function atRest (): Promise<void> {
    await eventually('nobody looks closely any more', async () => {
      const before = proxy.methods.length
      for (let block = 0; block < 10; block++) {
        await chain.mine()
        await new Promise(resolve => { setTimeout(resolve, 50) })
      }
      return proxy.methods.length - before < IDLE
    })
  }

  for (const [what, behaviour] of Object.entries(HELPERS)) {
    it(`does not get back what it has paid, with an RPC node ${what}`, async () => {
      const { mallory, channelId } = await start()
      const before = await token.read('balanceOf', bobKey!.address)
      const claim = (nonce: number, amount: number): Promise<string> =>
        claimText(malloryKey!, network.address, { channelId, nonce, amount })
      expect(await mallory.pay('g.bob', 100n, await claim(1, 100))).to.equal('fulfill')
      expect(await mallory.pay('g.bob', 600n, await claim(2, 700))).to.equal('fulfill')
      await atRest()
      proxy.behaviour = behaviour
      expect((await network.send(malloryKey!.address, 'closeChannel', channelId)).error).to.equal(undefined)
      await eventually('the best claim is redeemed', async () => {
        await chain.mine()
        return await token.read('balanceOf', bobKey!.address) - before === 700n
      })
      expect(Number((await network.readAll('channels', channelId))[1]), 'during the challenge').to.equal(2)
      expect(await mallory.pay('g.bob', 10n, await claim(3, 710))).to.match(/^F06 Payment channel is not open/)
      await chain.pass(HOUR + 1)
      await eventually('it is settled', async () => {
        await chain.mine()
        return Number((await network.readAll('channels', channelId))[1]) === 3
      })
      expect(await token.read('balanceOf', bobKey!.address) - before).to.equal(700n)
    })
  }
})
