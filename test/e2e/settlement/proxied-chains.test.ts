// The nodes of each chain that has the option are asked through a proxy: by their names, which only the proxy resolves, and not at all
// without it. Real clients and SDKs, a real SOCKS5 proxy, and stand-ins of nodes behind names that no resolver knows.
import dns from 'node:dns'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Socket, type AddressInfo } from 'node:net'
import { expect } from 'chai'
import sinon from 'sinon'
import { WebSocketServer } from 'ws'
import evm from '../../../plugins/evm/chain-kind.js'
import { MinaNode } from '../../../plugins/mina/chain/node.js'
import { Connection as SolanaConnection } from '../../../plugins/solana/chain/connection.js'
import { ChainSocket } from '../../../plugins/solana/chain/socket.js'
import solana from '../../../plugins/solana/chain-kind.js'
import { encodeBase58 } from '../../../plugins/solana/formats.js'
import { Connection as XrpConnection } from '../../../plugins/xrp/ledger/connection.js'
import { afterTest, closeAll } from '../../support/btp.js'
import { RpcProxy } from '../../support/evm/rpc-proxy.js'
import { memoryLog } from '../../support/evm/life.js'
import { rejectionError } from '../../support/failures.js'
import { TestSocksProxy } from '../../support/socks-proxy.js'
import { eventually } from '../../support/waiting.js'
import { Parties } from '../../support/xrp/parties.js'

const RPC = 'rpc-of-the-test.example'
const FEED = 'feed-of-the-test.example'
const HIDDEN = 'node-of-the-test.onion'
const [ADDRESS, PROGRAM] = [1, 2].map(byte => encodeBase58(Buffer.alloc(32, byte))) as [string, string]
/** For events that nobody waits for. */
const SILENT = { ledgerClosed: () => undefined, transaction: () => undefined, lost: () => undefined }
const CLOCK = { owner: ADDRESS, lamports: 1, data: [Buffer.alloc(40).toString('base64'), 'base64'] }

describe('the nodes of chains behind a SOCKS proxy', function () {
  this.timeout(30_000)
  let node: RpcProxy
  let feed: WebSocketServer
  let subscribed: unknown[]
  let proxy: TestSocksProxy
  let lookups: sinon.SinonSpy[]
  let connects: sinon.SinonSpy

  beforeEach(async () => {
    node = await new RpcProxy('http://127.0.0.1:1').start()
    feed = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(feed, 'listening')
    subscribed = []
    feed.on('connection', client => client.on('message', (data: Buffer) => {
      const { id, method, params } = JSON.parse(data.toString()) as { id: number, method: string, params: unknown[] }
      subscribed.push(params[0])
      client.send(JSON.stringify({ id, result: id }))
      client.send(JSON.stringify({ method, params: { subscription: id, result: {} } }))
    }))
    proxy = await TestSocksProxy.start({ [RPC]: Number(new URL(node.url).port), [FEED]: (feed.address() as AddressInfo).port })
    afterTest(() => node.stop())
    afterTest(async () => {
      for (const client of feed.clients) client.terminate()
      await new Promise(resolve => { feed.close(resolve) })
    })
    afterTest(() => proxy.stop())
    lookups = ['lookup', 'resolve', 'resolve4', 'resolve6'].map(name => sinon.spy(dns, name as 'lookup'))
    connects = sinon.spy(Socket.prototype, 'connect')
  })
  afterEach(closeAll)
  afterEach(() => { sinon.restore() })

  /** What the process has looked up, and where it has connected to besides the proxy, and what is behind that (the proxy runs here). */
  function leaks (...behind: number[]): unknown[] {
    const allowed = new Set([proxyPort, ...behind, Number(new URL(node.url).port), (feed.address() as AddressInfo | null)?.port])
    const names = lookups.flatMap(({ args }) => args.map(([name]) => name as string)).filter(name => !/^[\d.:]+$/.test(name))
    return [...names, ...connects.args.map(([first]) => optionsOf(first)).filter(({ host, port }) => host !== '127.0.0.1' || !allowed.has(Number(port)))]
  }
  let proxyPort: number
  beforeEach(() => { proxyPort = proxy.port })

  function solanaChain (): SolanaConnection {
    node.behaviour = ({ method }) => ({ result: method === 'getGenesisHash' ? ADDRESS : { context: { slot: 7 }, value: [null, CLOCK] } })
    const chain = new SolanaConnection({
      rpcUrl: `http://${RPC}/`, wsUrl: `ws://${FEED}/`, socksProxy: proxy.url, chainId: 'solana:devnet', genesis: ADDRESS, programId: PROGRAM, everyMs: 60_000,
      gatherMs: 1, rpsLimit: 1000, allowUnverifiedProgram: true, log: memoryLog()
    }, () => undefined)
    chain.join()
    afterTest(() => chain.leave())
    return chain
  }

  it('are reached through it on Solana: questions, and subscriptions', async () => {
    const chain = solanaChain()
    chain.watch.mention(ADDRESS)
    expect((await chain.read(ADDRESS, 'finalized')).account).to.equal(undefined)
    await eventually('it is subscribed', () => subscribed.length > 0)
    expect(subscribed[0]).to.deep.equal({ mentions: [ADDRESS] })
    expect([...new Set(proxy.asked.map(({ addressType, host, user }) => `${addressType} ${host} ${user ?? '-'}`))].sort())
      .to.deep.equal([`3 ${FEED} -`, `3 ${RPC} -`])
    expect(leaks()).to.deep.equal([])
  })

  it('are not reached on Solana in any other way while it is away', async () => {
    const { url } = proxy
    await proxy.stop()
    const chain = new SolanaConnection({
      rpcUrl: `${node.url}/`, wsUrl: `ws://127.0.0.1:${(feed.address() as AddressInfo).port}/`, socksProxy: url, chainId: 'solana:devnet', genesis: ADDRESS,
      programId: PROGRAM, everyMs: 60_000, gatherMs: 1, rpsLimit: 1000, allowUnverifiedProgram: true, log: memoryLog()
    }, () => undefined)
    chain.join()
    chain.watch.mention(ADDRESS)
    expect((await rejectionError(chain.read(ADDRESS, 'finalized'))).message).to.include('did not connect us')
    await chain.leave()
    expect([feed.clients.size, node.methods.length]).to.deep.equal([0, 0])
    expect(connects.args.map(([first]) => Number(optionsOf(first).port)).filter(port => port !== proxyPort)).to.deep.equal([])
  })

  it('leave nothing open on Solana that was being dialled', async () => {
    proxy.manners = 'silent-after-request'
    const socket = new ChainSocket({ url: `ws://${FEED}/`, socksProxy: proxy.url }, { changed: () => undefined, logs: () => undefined })
    socket.want({ account: ADDRESS })
    await eventually('the proxy is asked', () => proxy.asked.length === 1)
    socket.close()
    await eventually('the connection is closed', () => proxy.connections === 0)
  })

  it('are reached through it on the XRP Ledger, and in no other way', async () => {
    const parties = new Parties()
    await parties.start()
    afterTest(() => parties.stop())
    const port = Number(new URL(parties.rippled.url).port)
    const ofLedger = await TestSocksProxy.start({ [FEED]: port })
    afterTest(() => ofLedger.stop())
    const ofProxy = ofLedger.port
    const provider = await parties.connected(parties.alice, { rpcUrl: `ws://${FEED}/`, socksProxy: ofLedger.url.replace('://', '://chain:circuit@') })
    expect(provider.address).to.equal(parties.alice.address)
    expect(ofLedger.asked[0]).to.include({ addressType: 3, host: FEED, port: 80, user: 'chain', password: 'circuit' })
    expect(leaks(port, ofProxy)).to.deep.equal([])
    await ofLedger.stop()
    connects.resetHistory()
    const direct = new XrpConnection({ url: parties.rippled.url, socksProxy: `socks5h://127.0.0.1:${ofProxy}` }, SILENT, () => Promise.resolve())
    expect((await rejectionError(direct.request({ command: 'ping' }))).message).to.include('did not connect us')
    await direct.close()
    expect(connects.args.map(([first]) => Number(optionsOf(first).port)).filter(to => to !== ofProxy)).to.deep.equal([])
  })

  it('are left alone on the XRP Ledger after a loss, until somebody asks again', async () => {
    const parties = new Parties()
    await parties.start()
    afterTest(() => parties.stop())
    const ofLedger = await TestSocksProxy.start({ [FEED]: Number(new URL(parties.rippled.url).port) })
    afterTest(() => ofLedger.stop())
    const lost = sinon.spy()
    const connection = new XrpConnection({ url: `ws://${FEED}/`, socksProxy: ofLedger.url }, { ...SILENT, lost }, () => Promise.resolve())
    await connection.request({ command: 'ping' })
    ofLedger.cut()
    await eventually('that is noticed', () => lost.called)
    await new Promise(resolve => { setTimeout(resolve, 300) }) // the SDK would be there again after 100 ms
    expect([ofLedger.asked.length, ofLedger.connections]).to.deep.equal([1, 0])
    await connection.request({ command: 'ping' })
    expect(ofLedger.asked.length).to.equal(2)
    await connection.close()
    await eventually('nothing is left', () => ofLedger.connections === 0)
  })

  it('are not named in errors of the XRP Ledger where they are hidden services, and leave nothing open that was being dialled', async () => {
    proxy.manners = 'refuses'
    const connection = new XrpConnection({ url: `ws://${HIDDEN}/`, socksProxy: proxy.url }, SILENT, () => Promise.resolve())
    expect((await rejectionError(connection.request({ command: 'ping' }))).message).to.include('<redacted> cannot be used now').and.not.include(HIDDEN)
    proxy.manners = 'silent-after-request'
    const waiting = rejectionError(connection.request({ command: 'ping' }))
    await eventually('the proxy is asked', () => proxy.asked.length === 2)
    await connection.close()
    await waiting
    await eventually('the connection is closed', () => proxy.connections === 0)
  })

  it('are refused without a proxy where they are hidden services', () => {
    expect(() => new XrpConnection({ url: `ws://${HIDDEN}/` }, SILENT, () => Promise.resolve())).to.throw('hidden service').with.property('message').that.does.not.include(HIDDEN)
    expect(() => new ChainSocket({ url: `ws://${HIDDEN}/` }, { changed: () => undefined, logs: () => undefined })).to.throw('hidden service')
    expect(lookups.flatMap(({ args }) => args)).to.deep.equal([])
  })

  it('are reached through it on Mina, and in no other way', async () => {
    let requests = 0
    const graphql = createServer((_request, response) => {
      requests++
      response.end(JSON.stringify({ data: { pooledZkappCommands: [{ zkappCommand: { feePayer: { body: { fee: '7' } } } }] } }))
    })
    await new Promise<void>(resolve => { graphql.listen(0, '127.0.0.1', resolve) })
    afterTest(() => new Promise(resolve => {
      graphql.close(resolve)
      graphql.closeAllConnections()
    }))
    const { port } = graphql.address() as AddressInfo
    const ofMina = await TestSocksProxy.start({ [RPC]: port })
    const [url, ofProxy] = [ofMina.url, ofMina.port]
    expect(await new MinaNode({ url: `http://${RPC}/graphql`, socksProxy: url }).pooledFees()).to.deep.equal([7n])
    expect(ofMina.asked[0]).to.include({ addressType: 3, host: RPC })
    expect(leaks(port, ofProxy)).to.deep.equal([])
    await ofMina.stop()
    connects.resetHistory()
    expect((await rejectionError(new MinaNode({ url: `http://127.0.0.1:${port}/graphql`, socksProxy: url }).pooledFees())).message).to.include('did not connect us')
    expect([requests, connects.args.map(([first]) => Number(optionsOf(first).port)).filter(to => to !== ofProxy)]).to.deep.equal([1, []])
  })

  it('are reached through it by what sends money of a treasury', async () => {
    node.behaviour = ({ method }) => ({ result: method === 'eth_chainId' ? '0x539' : method === 'getGenesisHash' ? ADDRESS : '0x7' })
    const onEvm = await evm.treasury!.open({ rpcUrl: `http://${RPC}/`, socksProxy: proxy.url, keyId: `0x${'11'.repeat(32)}` })
    expect(await onEvm.coin.balanceOf(onEvm.coin.owner)).to.equal(7n)
    onEvm.close()
    const onSolana = await solana.treasury!.open({ rpcUrl: `http://${RPC}/`, socksProxy: proxy.url, keyId: encodeBase58(Buffer.alloc(32, 3)) })
    expect(onSolana.chainId).to.equal('solana:localnet')
    onSolana.close()
    expect(new Set(proxy.asked.map(({ host }) => host))).to.deep.equal(new Set([RPC]))
    expect(leaks()).to.deep.equal([])
  })
})

function optionsOf (first: unknown): { host?: string, port?: number } {
  const [options] = Array.isArray(first) ? first as unknown[] : [first]
  return Object(options) as { host?: string, port?: number }
}
