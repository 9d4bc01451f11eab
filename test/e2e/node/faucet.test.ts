/** `connector faucet` and `connector fund-peers` on a real EVM chain: what they say arrives, once, and the faucet gives no real money. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { Wallet } from 'ethers'
import { stringify } from 'yaml'
import { accounts, CHAIN_ID, startChain, type Chain, type Deployed } from '../../../examples/evm-chain.js'
import { Workplace } from '../../support/cli.js'
import { TestSocksProxy } from '../../support/socks-proxy.js'
import { World } from '../../support/node.js'
import { eventually } from '../../support/waiting.js'

const ETHER = 10n ** 18n
const TREASURY = accounts[5]!

describe('money for tests', function () {
  this.timeout(120_000)
  const world = new World()
  let chain: Chain
  let token: Deployed
  let place: Workplace
  before(async () => { chain = await startChain() })
  after(() => chain.stop())
  beforeEach(async () => {
    ({ token } = await chain.createNetwork(6))
    await token.send(accounts[0]!.address, 'mint', TREASURY.address, 100_000_000_000n)
    place = await Workplace.make()
  })
  afterEach(async () => {
    await world.end()
    await place.remove()
  })

  const faucetEnv = (more: Record<string, string> = {}): Record<string, string> =>
    ({ RPC_URL: chain.url, ETH_PRIVATE_KEY: TREASURY.privateKey, TOKEN_ADDRESS: token.address, FAUCET_PORT: '0', ...more })

  it('comes from the faucet, in coins and tokens', async () => {
    const child = place.start(['faucet'], faucetEnv({ ETH_AMOUNT: '1.5', TOKEN_AMOUNT: '250' }))
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => { output += text.toString() })
    world.after(async () => {
      child.kill('SIGTERM')
      await eventually('the faucet has ended', () => child.exitCode ?? undefined)
      expect(child.exitCode).to.equal(0)
    })
    const url = await eventually('the faucet is there', () => /is at (http:\S+)\//.exec(output)?.[1])
    expect(await (await fetch(`${url}/api/info`)).json()).to.deep.include({ chainId: `evm:${CHAIN_ID}`, ethAmount: '1.5', tokenAmount: '250', tokenSymbol: 'TEST', ready: true })
    const { address } = Wallet.createRandom()
    const ask = (): Promise<Response> =>
      fetch(`${url}/api/request`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ address }) })
    const { success, transactions } = await (await ask()).json() as { success: boolean, transactions: Record<string, { hash: string }> }
    expect([success, Object.keys(transactions)]).to.deep.equal([true, ['eth', 'token']])
    expect([await chain.provider.getBalance(address), await token.read('balanceOf', address)]).to.deep.equal([ETHER * 3n / 2n, 250_000_000n])
    expect((await ask()).status).to.equal(429)
    expect((await chain.provider.getTransactionReceipt(transactions.token?.hash ?? ''))?.status).to.equal(1)
    expect(output).to.not.contain(TREASURY.privateKey.slice(2))
  })

  it('comes from a faucet that asks the chain through a proxy alone, and not at all without that', async () => {
    const proxy = await TestSocksProxy.start({ 'chain-of-the-test.example': Number(new URL(chain.url).port) })
    world.after(() => proxy.stop())
    const env = faucetEnv({ RPC_URL: 'http://chain-of-the-test.example:8545' })
    const child = place.start(['faucet', '--proxy', proxy.url], env)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => { output += text.toString() })
    world.after(async () => {
      child.kill('SIGTERM')
      await eventually('the faucet has ended', () => child.exitCode ?? undefined)
    })
    const url = await eventually('the faucet is there', () => /is at (http:\S+)\//.exec(output)?.[1])
    expect(await (await fetch(`${url}/api/info`)).json()).to.deep.include({ chainId: `evm:${CHAIN_ID}`, ready: true })
    expect(new Set(proxy.asked.map(({ host }) => host))).to.deep.equal(new Set(['chain-of-the-test.example']))
    const without = await place.run(['faucet', '--proxy', 'socks5h://127.0.0.1:1'], { env: faucetEnv() })
    expect(without.code, without.err).to.equal(1)
    expect(without.err).to.contain('the SOCKS5 proxy at 127.0.0.1:1 did not connect us')
  })

  it('is not given away on a main network, and not with settings that will not do', async () => {
    const mainnet = createServer((request, response) => {
      request.resume().on('end', () => { response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: '0x2105' })) })
    }).listen(0, '127.0.0.1')
    world.after(() => new Promise(resolve => { mainnet.close(resolve) }))
    await eventually('it listens', () => mainnet.listening || undefined)
    const faults: Array<[env: Record<string, string>, words: RegExp, code: number]> = [
      [faucetEnv({ RPC_URL: `http://127.0.0.1:${(mainnet.address() as AddressInfo).port}` }), /does not run on evm:8453: money may be real there/, 78],
      [faucetEnv({ ETH_PRIVATE_KEY: '' }), /Set ETH_PRIVATE_KEY/, 78],
      [faucetEnv({ ETH_PRIVATE_KEY: '0xdeadbeef' }), /is not a private key/, 1]
    ]
    for (const [env, words, code] of faults) {
      const result = await place.run(['faucet'], { env })
      expect(result.code, result.err).to.equal(code)
      expect(result.err).to.match(words).and.to.not.contain('deadbeef')
    }
  })

  it('fills up peers: shows first what it would send, sends it once, and then nothing', async () => {
    const peers = ['bob', 'carol'].map(id => ({ id, url: 'ws://127.0.0.1:1', authToken: `secret-of-${id}`, chain: `evm:${CHAIN_ID}`, evmAddress: Wallet.createRandom().address }))
    await token.send(accounts[0]!.address, 'mint', peers[0]!.evmAddress, 30_000_000n)
    await place.write('config.yaml', stringify({
      nodeId: 'alice',
      btpServerPort: 4000,
      healthCheckPort: 8080,
      chainProviders: [{
        chainType: 'evm', chainId: `evm:${CHAIN_ID}`, rpcUrl: chain.url, registryAddress: chain.registry.address, tokenAddress: token.address,
        keyId: accounts[1]!.privateKey
      }],
      peers
    }))
    const env = { TREASURY_KEY: TREASURY.privateKey }
    const balances = (): Promise<bigint[]> => Promise.all(peers.flatMap(({ evmAddress }) => [chain.provider.getBalance(evmAddress), token.read('balanceOf', evmAddress)]))
    const fund = (...more: string[]): ReturnType<Workplace['run']> => place.run(['fund-peers', '--coin', '0.25', '--token', '100', ...more], { env })

    const shown = await fund()
    expect([shown.code, shown.err]).to.deep.equal([0, ''])
    for (const words of [`From ${TREASURY.address} on evm:${CHAIN_ID}:`, '0.250000000000000000 ETH', '70.000000 TEST', '100.000000 TEST', 'Nothing was sent.']) expect(shown.out).to.contain(words)
    expect(await balances()).to.deep.equal([0n, 30_000_000n, 0n, 0n])

    expect((await fund('--peer', 'bob', '--yes')).out).to.match(/sent 0\.250000000000000000 ETH to bob: 0x[0-9a-f]{64}\nsent 70\.000000 TEST to bob/)
    expect(await balances()).to.deep.equal([ETHER / 4n, 100_000_000n, 0n, 0n])
    expect((await fund('--yes')).code).to.equal(0)
    expect(await balances()).to.deep.equal([ETHER / 4n, 100_000_000n, ETHER / 4n, 100_000_000n])
    expect((await fund('--yes')).out).to.equal('Nothing is missing.\n')

    const short = await place.run(['fund-peers', '--token', '1000000', '--yes'], { env })
    expect([short.code, /has 99830\.000000 TEST, and 1999800\.000000 TEST are needed\. Nothing was sent/.test(short.err)], short.err).to.deep.equal([1, true])
    expect((await place.run(['fund-peers', '--token', '1', '--peer', 'dave'], { env })).err).to.contain('No peer dave settles on')
    expect((await place.run(['fund-peers', '--token', '0.0000001'], { env })).err).to.contain('at most 6 decimals')
  })
})
