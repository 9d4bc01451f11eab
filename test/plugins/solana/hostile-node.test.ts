/**
 * Nodes of Solana that answer what no node should: refuse to say which cluster they are of, send accounts in another form, messages that
 * are not what they claim to be, or ask for all our SOL. Nothing of it is believed, and nothing of it stops the process.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import sinon from 'sinon'
import { WebSocketServer } from 'ws'
import { encodeBase58, u64 } from '../../../plugins/solana/formats.js'
import { BIRTH_SLOTS, stateOf, type ChannelAccount } from '../../../plugins/solana/chain/channel-account.js'
import { Connection } from '../../../plugins/solana/chain/connection.js'
import { endOf } from '../../../plugins/solana/chain/ended.js'
import { Fees } from '../../../plugins/solana/chain/fees.js'
import { Plans } from '../../../plugins/solana/chain/plans.js'
import { AccountReader } from '../../../plugins/solana/chain/reader.js'
import { ChainSocket } from '../../../plugins/solana/chain/socket.js'
import { TOKEN_PROGRAMS } from '../../../plugins/solana/chain/addresses.js'
import { rawKey } from '../../../plugins/solana/ed25519.js'
import { JsonRpc } from '../../../plugins/lib/rpc/json-rpc.js'
import { RpcProxy, type Behaviour } from '../../support/evm/rpc-proxy.js'
import { memoryLog } from '../../support/evm/life.js'
import { eventually } from '../../support/waiting.js'

const [ADDRESS, GENESIS, OTHER, MINT, PROGRAM] = [1, 2, 3, 4, 5].map(byte =>
  encodeBase58(Buffer.alloc(32, byte))) as [string, string, string, string, string]
const CLOCK = { owner: ADDRESS, lamports: 1, data: [Buffer.alloc(40).toString('base64'), 'base64'] }
/** Throws where it is turned into a text or a number. */
const TRAP = { toString: 1, valueOf: 1 }

const CHANNEL: ChannelAccount = {
  parties: [ADDRESS, OTHER], mint: MINT, deposits: [500n, 0n], transferred: [0n, 0n], nonces: [0n, 0n], challengeSecs: 3600n, status: 'open',
  closedAt: 0n, closedSlot: 0n, closedBy: 0, opener: 0, lane: 0, instance: 1n, withdrawn: [0n, 0n], openedAt: 1000n
}
const CHANNEL_AT = encodeBase58(Buffer.alloc(32, 6))

describe('a hostile node of Solana', () => {
  let node: RpcProxy
  const connections: Connection[] = []
  beforeEach(async () => { node = await new RpcProxy('http://127.0.0.1:1').start() })
  afterEach(async () => {
    for (const connection of connections.splice(0)) await connection.leave()
    await node.stop()
  })

  function connect (behaviour: Behaviour, genesis?: string): Connection {
    node.behaviour = behaviour
    const connection = new Connection({
      rpcUrl: node.url, chainId: 'solana:devnet', genesis, programId: PROGRAM, everyMs: 60_000, gatherMs: 1, rpsLimit: 1000,
      allowUnverifiedProgram: true, log: memoryLog()
    }, () => undefined)
    connection.join()
    connections.push(connection)
    return connection
  }

  const failure = (work: Promise<unknown>): Promise<string> => work.then(() => 'none', (error: unknown) => String(error))

  for (const [what, genesis] of [['known', GENESIS], ['not known', undefined]] as const) {
    it(`is not believed as long as it refuses to name its cluster, which is ${what}`, async () => {
      const connection = connect(({ method }) => method === 'getGenesisHash'
        ? { error: { code: -32601, message: 'not here' } } : { result: { context: { slot: 7 }, value: [null, CLOCK] } }, genesis)
      for (let i = 0; i < 3; i++) expect(await failure(connection.read(ADDRESS, 'finalized'))).to.contain('refuses getGenesisHash')
      node.behaviour = () => ({ result: TRAP })
      for (let i = 0; i < 3; i++) expect(await failure(connection.check())).to.contain('answers getGenesisHash with something else')
      node.behaviour = () => ({ result: GENESIS })
      expect([await failure(connection.check()), await connection.genesis()]).to.deep.equal(['none', GENESIS])
    })
  }

  it('does not make an account look missing by sending it in another form', async () => {
    const reader = new AccountReader(new JsonRpc({ url: node.url }), memoryLog(), 1)
    for (const account of [
      {}, 'gone', false, { ...CLOCK, owner: null }, { ...CLOCK, data: { parsed: {} } }, { ...CLOCK, data: ['', 'base58'] }, { ...CLOCK, lamports: '1' }
    ]) {
      node.behaviour = () => ({ result: { context: { slot: 7 }, value: [account, CLOCK] } })
      expect(await failure(reader.read(ADDRESS, 'finalized')), JSON.stringify(account)).to.contain('answers getMultipleAccounts with something else')
    }
    for (const slot of [1e300, 1.5, '7', TRAP]) {
      node.behaviour = () => ({ result: { context: { slot }, value: [null, CLOCK] } })
      expect(await failure(reader.read(ADDRESS, 'finalized'))).to.contain('something else')
    }
    node.behaviour = () => ({ result: { context: { slot: 7 }, value: [null, CLOCK] } })
    expect((await reader.read(ADDRESS, 'finalized')).account).to.equal(undefined)
  })

  it('is believed for some minutes when it names a slot that no chain reaches, and then no longer', async () => {
    const log = memoryLog()
    const reader = new AccountReader(new JsonRpc({ url: node.url }), log, 1)
    const at = (slot: number, secs: number) => {
      const clock = Buffer.alloc(40)
      clock.writeBigUInt64LE(BigInt(slot), 0)
      clock.writeBigInt64LE(BigInt(secs), 32)
      node.behaviour = ({ params }) => {
        const { minContextSlot = 0 } = (params as [unknown, { minContextSlot?: number }])[1]
        if (minContextSlot > slot) return { error: { code: -32016, message: 'Minimum context slot has not been reached' } }
        return { result: { context: { slot }, value: [null, { ...CLOCK, data: [clock.toString('base64'), 'base64'] }] } }
      }
    }
    at(2 ** 53 - 1, 1000)
    await reader.read(ADDRESS, 'finalized')
    at(7, 1001)
    expect(await failure(reader.read(ADDRESS, 'finalized'))).to.contain('is behind. slot=7')
    const clock = sinon.stub(performance, 'now')
    clock.callsFake(() => clock.wrappedMethod.call(performance) + 180_000)
    expect((await reader.read(ADDRESS, 'finalized')).slot).to.equal(7)
    expect(log.lines.filter(line => /has lied/.test(line))).to.have.lengthOf(1)
    at(6, 1000)
    expect(await failure(reader.read(ADDRESS, 'finalized')), 'one that lags').to.contain('is behind. slot=6')
    sinon.restore()
  }).timeout(20_000)

  it('does not lock all our SOL up as the rent of a channel', async () => {
    const signer = rawKey(Buffer.alloc(32, 9))
    for (const rent of [10_000_000_000, -1, 1.5, 'all', TRAP]) {
      const connection = connect(({ method, params }) => method === 'getGenesisHash' ? { result: GENESIS }
        : method === 'getMinimumBalanceForRentExemption' ? { result: rent }
          : { result: { context: { slot: 7 }, value: (params[0] as string[]).map((_, i, { length }) => i === length - 1 ? CLOCK : null) } })
      const plans = new Plans({
        chain: () => connection,
        contract: () => Promise.resolve({ programId: PROGRAM, mint: MINT, tokenProgram: TOKEN_PROGRAMS[0], genesis: GENESIS }),
        signer, commitment: 'finalized', maxPriorityFee: 1n, find: () => Promise.reject(new Error('not asked')), underWay: () => []
      })
      const plan = plans.plan({ kind: 'open', peer: OTHER, challengeSecs: 3600, lane: 0, instance: String(BIRTH_SLOTS) }, false)
      expect(await failure(plan)).to.contain('asks for a rent that cannot be')
    }
  })

  it('gives no blockhash that could be kept, and not read again', async () => {
    const fees = new Fees(new JsonRpc({ url: node.url }))
    for (const value of [{ blockhash: GENESIS, lastValidBlockHeight: 1.5 }, { blockhash: GENESIS, lastValidBlockHeight: 1e300 }, { blockhash: 'x', lastValidBlockHeight: 7 }]) {
      node.behaviour = () => ({ result: { value } })
      expect(await failure(fees.blockhash(true))).to.contain('answers getLatestBlockhash with something else')
    }
  })

  it('does not stop the process with what it sends over the socket', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    const told: unknown[] = []
    const lines: string[] = []
    const socket = new ChainSocket({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }, {
      changed: account => { told.push(account) }, logs: given => { lines.push(...given) }
    })
    server.on('connection', client => {
      const send = (message: unknown): void => { client.send(JSON.stringify(message)) }
      client.on('message', (data: Buffer) => {
        const { id } = JSON.parse(data.toString()) as { id: number }
        send({ id, result: TRAP })
        send({ id, result: id })
        send({ id: TRAP, result: 8 })
        for (const subscription of [TRAP, [TRAP], null, id]) send({ params: { subscription, result: { value: { logs: [TRAP, 'a line', null] } } } })
        send({ id: id + 100, result: 99 })
        send({ method: 'accountNotification', params: TRAP })
      })
    })
    socket.want({ mentions: ADDRESS })
    socket.want({ account: ADDRESS })
    await eventually('it answers', () => server.clients.size === 1)
    await new Promise(resolve => { setTimeout(resolve, 100) })
    socket.close()
    for (const client of server.clients) client.terminate()
    await new Promise(resolve => { server.close(resolve) })
    expect(lines.every(line => line === 'a line')).to.equal(true)
    expect(told.every(account => account === ADDRESS)).to.equal(true)
  })
})

describe('the state of a channel of Solana', () => {
  it('says from when on anybody may close it', () => {
    const channel = { ...CHANNEL, openedAt: 1000n }
    expect(stateOf(ADDRESS, channel, 0, { slot: 5, timeMs: 2_000_000 }).expiresAt).to.equal((1000 + 365 * 86_400) * 1000)
  })
  /** Of transactions with the calls of the program, the newest first; each call is the accounts, and the numbers of its data. */
  function ended (transactions: Array<{ logs?: string[], calls: Array<[string[], bigint[], number?]> }>): Promise<ChannelAccount> {
    const shown = transactions.map(({ logs = [], calls }) => {
      const accountKeys = [PROGRAM, ...calls.flatMap(([accounts]) => accounts)]
      const instructions = calls.map(([accounts, numbers, last]) => ({
        programIdIndex: 0,
        accounts: accounts.map(account => accountKeys.indexOf(account)),
        data: encodeBase58(Buffer.concat([...numbers.map(u64), Buffer.from(last === undefined ? [] : [last])]))
      }))
      return { transaction: { message: { accountKeys, instructions } }, meta: { logMessages: logs } }
    })
    const call = (method: string, signature: string): Promise<unknown> => Promise.resolve(
      method === 'getTransaction' ? shown[Number(signature)] : shown.map((_, i) => ({ signature: String(i), slot: 9, err: null })))
    return endOf({ host: 'node', call } as unknown as JsonRpc, PROGRAM, { account: CHANNEL_AT, channel: CHANNEL, slot: 5 })
  }

  it('is known after its end, also when the peer ended it amid so many lines that the cluster cut what the program said', async () => {
    const claim: [string[], bigint[], number] = [[CHANNEL_AT], [6n, 1n, 1n, 300n], 0]
    const deposit: [string[], bigint[]] = [[OTHER, ADDRESS, MINT, CHANNEL_AT], [2n, 1n, 80n]]
    const settle: [string[], bigint[]] = [[CHANNEL_AT], [4n, 1n]]
    const cut = ['Program log: a lot', 'Log truncated']
    const { deposits, transferred, status } = await ended([{ logs: cut, calls: [claim, settle] }, { logs: cut, calls: [deposit] }])
    expect([deposits, transferred, status]).to.deep.equal([[500n, 80n], [300n, 0n], 'settled'])
    const agreed = await ended([{ logs: cut, calls: [[[CHANNEL_AT], [7n, 1n, 120n, 0n, 99n]]] }])
    expect(agreed.transferred).to.deep.equal([120n, 0n])
    for (const unknown of [
      [], [{ calls: [claim, settle] }], [{ logs: cut, calls: [claim] }],
      [{ logs: cut, calls: [[[CHANNEL_AT], [4n, 2n]] as [string[], bigint[]]] }],
      [{ logs: cut, calls: [[[OTHER], [4n, 1n]] as [string[], bigint[]]] }]
    ]) expect(await ended(unknown).then(() => 'taken', String)).to.contain('does not show how a channel ended')
  })
})
