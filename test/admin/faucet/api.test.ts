/** The faucet as its clients know it, and that neither a page of somebody else nor a failure gets more out of it. */
import { once } from 'node:events'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { expect } from 'chai'
import { faucetApi } from '../../../src/admin/faucet/api.js'
import { SILENT_LOG } from '../../../src/contracts/logger.js'
import type { Purse } from '../../../src/contracts/treasury.js'
import { HttpServer } from '../../../src/http/server.js'

const ADDRESS = `0x${'ab'.repeat(20)}`

/** Money in memory. */
interface TestPurse extends Purse {
  sent: Array<[string, bigint]>
  fails: boolean
}

function purse (symbol: string, decimals: number, has: bigint, tokenAddress?: string): TestPurse {
  const made = {
    owner: 'treasury', symbol, decimals, tokenAddress, fails: false, sent: [] as Array<[string, bigint]>,
    balanceOf: (address: string): Promise<bigint> =>
      Promise.resolve(address === 'treasury' ? has - made.sent.reduce((sum, [, amount]) => sum + amount, 0n) : 0n),
    send: (to: string, amount: bigint): Promise<string> => {
      if (made.fails) return Promise.reject(new Error('https://node.example/secret-key says no'))
      made.sent.push([to, amount])
      return Promise.resolve(`${symbol}-hash`)
    }
  }
  return made
}

describe('the API of the faucet', () => {
  let coin: ReturnType<typeof purse>
  let token: ReturnType<typeof purse> | undefined
  let server: HttpServer
  beforeEach(async () => {
    coin = purse('ETH', 18, 1000n * 10n ** 18n)
    token = purse('TEST', 6, 25_000n * 10n ** 6n, 'token-address')
    const app = faucetApi({
      treasury: { chainId: 'test:1', isReal: false, coin, token: () => Promise.resolve(token), close: () => undefined },
      address: { matches: text => /^0x[0-9a-fA-F]{40}$/.test(text), inWords: 'an address', canonical: text => text.toLowerCase() },
      coinName: 'eth', invalidAddress: 'Invalid Ethereum address', amounts: { coin: '100', token: '10000' }, tokenAddress: 'token-address',
      allowedHosts: ['faucet']
    }, SILENT_LOG)
    server = new HttpServer((request, env) => app.fetch(request, env), { name: 'faucet', host: '127.0.0.1', port: 0, settings: { host: 'H', port: 'P' } }, SILENT_LOG)
    await server.start()
  })
  afterEach(() => server.stop())

  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${server.port}${path}`)
  /** The status under another name, which `fetch` does not take. */
  const named = async (host: string): Promise<number | undefined> => {
    const [answer] = await once(httpGet({ port: server.port, host: '127.0.0.1', path: '/api/info', headers: { host } }), 'response') as [IncomingMessage]
    answer.resume()
    return answer.statusCode
  }
  async function request (body: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }): Promise<[number, unknown]> {
    const answer = await fetch(`http://127.0.0.1:${server.port}/api/request`, { method: 'POST', headers, body: JSON.stringify(body) })
    return [answer.status, await answer.json()]
  }
  const fault = (error: string): object => ({ success: false, error })

  it('says what it has, and whether the token is there', async () => {
    expect(await (await get('/health')).json()).to.deep.equal({ status: 'ok', tokenAddress: 'token-address', tokenReady: true })
    expect(await (await get('/api/info')).json()).to.deep.equal({
      chainId: 'test:1', coin: 'eth', ethAmount: '100', tokenAmount: '10000', tokenSymbol: 'TEST', tokenAddress: 'token-address',
      faucetBalances: { eth: '1000.000000000000000000', token: '25000.000000' }, ready: true
    })
    token = undefined
    expect(await (await get('/health')).json()).to.deep.equal({ status: 'ok', tokenAddress: 'token-address', tokenReady: false })
    expect(await request({ address: ADDRESS })).to.deep.equal([503, fault('Token contract not yet deployed')])
    expect(coin.sent).to.deep.equal([])
  })

  it('sends coins and tokens to an address once, however it is written', async () => {
    expect(await request({ address: ADDRESS })).to.deep.equal([200, {
      success: true, transactions: { eth: { hash: 'ETH-hash', amount: '100' }, token: { hash: 'TEST-hash', amount: '10000', symbol: 'TEST' } }
    }])
    expect([coin.sent, token?.sent]).to.deep.equal([[[ADDRESS, 100n * 10n ** 18n]], [[ADDRESS, 10_000n * 10n ** 6n]]])
    expect((await request({ address: ADDRESS.toUpperCase().replace('X', 'x') }))[0]).to.equal(429)
    expect(coin.sent).to.have.lengthOf(1)
  })

  it('serves one of many requests for an address at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => request({ address: ADDRESS })))
    expect(answers.map(([status]) => status).sort()).to.deep.equal([200, ...Array<number>(7).fill(429)])
    expect([coin.sent.length, token?.sent.length]).to.deep.equal([1, 1])
  })

  it('refuses what is not an address, or not JSON', async () => {
    for (const body of [{ address: '0x12' }, {}, [], { address: 5 }, { address: 'x'.repeat(300) }]) {
      expect(await request(body), JSON.stringify(body)).to.deep.equal([400, fault('Invalid Ethereum address')])
    }
    expect((await request({ address: ADDRESS }, { 'content-type': 'text/plain' }))[0]).to.equal(415)
    expect((await request({ address: ADDRESS, more: 'x'.repeat(2000) }))[0]).to.equal(413)
    expect(coin.sent).to.deep.equal([])
  })

  it('keeps pages of others out, under whatever name they come', async () => {
    const json = { 'content-type': 'application/json' }
    expect((await request({ address: ADDRESS }, { ...json, origin: 'https://evil.example' }))[0]).to.equal(403)
    expect(await named('evil.example')).to.equal(403)
    expect(await named('faucet:3500')).to.equal(200)
    expect(coin.sent).to.deep.equal([])
  })

  it('sends nothing when it has too little of one of the two', async () => {
    for (const digit of '12') expect((await request({ address: ADDRESS.replaceAll('a', digit) }))[0]).to.equal(200)
    const before = coin.sent.length
    expect(await request({ address: ADDRESS })).to.deep.equal([503, fault('The faucet has no TEST left.')])
    expect(coin.sent).to.have.lengthOf(before)
  })

  it('does not give coins again because the token failed, and says no secret of the failure', async () => {
    token!.fails = true
    expect(await request({ address: ADDRESS })).to.deep.equal([500, fault('Cannot send now. The log of the faucet says why.')])
    token!.fails = false
    expect((await request({ address: ADDRESS }))[0]).to.equal(429)
    expect(coin.sent).to.have.lengthOf(1)
  })

  it('has a form that loads nothing from elsewhere, and that no other page frames', async () => {
    for (const [path, type] of [['/', 'text/html'], ['/faucet.css', 'text/css'], ['/faucet.js', 'text/javascript']] as const) {
      const answer = await get(path)
      expect([answer.status, answer.headers.get('content-type')]).to.deep.equal([200, `${type}; charset=utf-8`])
      expect(answer.headers.get('content-security-policy')).to.contain("default-src 'none'").and.to.contain("frame-ancestors 'none'").and.to.not.contain('unsafe')
      expect(await answer.text()).to.not.match(/https?:|innerHTML|\son\w+=|<style|<script>/)
    }
    expect((await get('/nowhere')).status).to.equal(404)
  })
})
