/** `connector send` with every URL that a connector or a node prints: it pays, or says in one sentence what the URL is and what to use. */
import { expect } from 'chai'
import type { ILPFulfillPacket, ILPPreparePacket } from '../../../src/contracts/node.js'
import { BTPClient, computeFulfillmentFromData } from '../../../src/index.js'
import { freePorts, Workplace, type Result } from '../../support/cli.js'
import { Daemon } from '../../support/daemon.js'

const NODE_CONFIG = (btp: number, health: number, adminApi: string): string => `
nodeId: shop
btpServerPort: ${btp}
healthCheckPort: ${health}
adminApi: { ${adminApi} }
peers: []
routes: []
`

describe('connector send, with the URLs that are printed', () => {
  let place: Workplace
  let daemon: Daemon
  beforeEach(async () => { place = await Workplace.make() })
  afterEach(() => place.remove())

  const send = (url: string, to: string, ...more: string[]): Promise<Result> => place.run(['send', '--url', url, '-d', to, '-a', '1000', ...more])

  describe('of npm start', () => {
    let urls: string[]
    let secret: string
    let port: string
    let adminUrl: string

    beforeEach(async () => {
      const [btp, admin] = await freePorts(2)
      daemon = new Daemon({ QUICKSTART_PORT: String(btp), CONNECTOR_ADMIN_API_PORT: String(admin) }, { args: ['--quickstart'], cwd: place.path })
      await daemon.prints('They hold a secret.')
      await daemon.prints('bob:')
      urls = daemon.output.match(/btp\+ws:\/\/\S+/g)?.map(String) ?? []
      secret = new URL(urls[0]!.slice('btp+'.length)).password
      port = String(btp)
      adminUrl = `http://127.0.0.1:${admin}`
    })
    afterEach(() => daemon.stop())

    it('sends as the account of the URL, with btp+ before it or not', async () => {
      const [alice = ''] = urls
      for (const url of [alice, alice.replace('btp+', '')]) {
        const { code, out, err } = await send(url, 'test.quickstart.bob')
        expect({ code, out }).to.deep.equal({ code: 1, out: '' })
        expect(err, 'bob has not connected').to.match(/^Rejected: T01 /)
        expect(err).to.not.include(secret)
      }
    })

    it('says what was paid, in the unit of the account', async () => {
      const [alice = '', bob = ''] = urls
      const { password, host } = new URL(bob.replace('btp+', ''))
      const fulfil = ({ data }: ILPPreparePacket): Promise<ILPFulfillPacket> =>
        Promise.resolve({ type: 13, fulfillment: computeFulfillmentFromData(data), data: Buffer.alloc(0) })
      const receiver = new BTPClient({ id: 'connector', url: `ws://${host}`, authToken: password }, 'bob', { handler: { handlePreparePacket: fulfil } })
      await receiver.connect()
      try {
        const { code, out } = await send(alice, 'test.quickstart.bob')
        expect(out).to.match(/^Fulfilled\.\nPaid: 0\.000001000 USD \(1000\)\nFulfillment: /)
        expect(code).to.equal(0)
      } finally {
        await receiver.disconnect()
      }
    }).timeout(60_000)

    it('says of the admin API and its pages that one pays as an account', async () => {
      for (const path of ['', '/', '/docs', '/balance', '/accounts', '/admin/docs']) {
        const { code, err } = await send(adminUrl + path, 'test.quickstart.bob')
        expect(code).to.equal(1)
        expect(err, path).to.include('This is the admin API of a connector that is configured by CONNECTOR_* variables')
          .and.include('connector send --url btp+ws://<account>:<secret>@<host>:<port>').and.not.include('adminApi.port')
      }
    })

    it('says of a wrong way in what to use, at once and without the secret', async () => {
      const cases: Array<[url: string, message: string, ...more: string[]]> = [
        [`ws://127.0.0.1:${port}`, 'does not let send-packet-client in. Give the name and secret of an account, btp+ws://<name>:<secret>@127.0.0.1:'],
        [`ws://127.0.0.1:${port}`, 'does not let send-packet-client in. Give the name and secret of an account', '--auth-token', secret],
        [`btp+ws://carol:${secret}@127.0.0.1:${port}`, 'does not let carol in. Correct the name and the secret'],
        [`btp+ws://alice:${secret}x@127.0.0.1:${port}`, 'does not let alice in. Correct the name and the secret'],
        [urls[0]!, 'The secret is in the URL and in --auth-token. Leave one out.', '--auth-token', secret],
        [`http://alice:${secret}@127.0.0.1:${port}`, 'The URL of an API has no name and no password'],
        [`http://127.0.0.1:${port}`, 'Begin the URL with ws:// or btp+ws://, not with http://.'],
        [adminUrl.replace('http', 'ws'), 'is not a BTP port: it answers like a web server. If it is an admin API, give its http:// URL'],
        [`btp://alice:${secret}@127.0.0.1:${port}`, '--url must be the http:// or https:// URL of an admin API, or the URL of a BTP port'],
        [`btp+ws://alice:${secret}@127.0.0.1:1`, 'Cannot reach ws://127.0.0.1:1 (connection refused).']
      ]
      await Promise.all(cases.map(async ([url, message, ...more]) => {
        const { code, out, err } = await send(url, 'test.quickstart.bob', ...more)
        expect(code).to.equal(1)
        expect(err, url).to.include(message)
        expect(out + err).to.not.include(secret)
      }))
    }).timeout(60_000)

    it('repeats no secret that stands where nothing belongs', async () => {
      for (const args of [['send', urls[0]!], ['send', '--url', urls[0]!, secret], ['ledger', 'balances', '--url', urls[0]!], ['health', '-u', urls[0]!],
        ['channels', 'list', '-u', urls[0]!], ['validate', urls[0]!], ['start', urls[0]!], ['setup', '--yes', '--set', `apiKey=${secret}`]]) {
        const { code, out, err } = await place.run(args)
        expect(code, args[0]).to.equal(args[0] === 'start' ? 78 : 1)
        expect(out + err, args.join(' ')).to.not.include(secret)
      }
    })
  })

  /** Starts a node, and returns the URLs that it prints: BTP, health and admin API. */
  async function printedUrls (adminApi: (port: number) => string): Promise<string[]> {
    const [btp, health, admin] = await freePorts(3)
    await place.write('config.yaml', NODE_CONFIG(btp!, health!, adminApi(admin!)))
    const node = place.start(['start'])
    let out = ''
    node.stdout?.on('data', (text: Buffer) => { out += text.toString() })
    while (!/^ {2}admin API.*\n/m.test(out)) await new Promise(resolve => { node.stdout?.once('data', resolve) })
    const urls = out.slice(out.indexOf('shop is running')).match(/(ws|http):\/\/[^\s,]+/g)?.map(String) ?? []
    expect(urls).to.have.length(3)
    return urls
  }

  it('of connector start: it pays through all of them', async () => {
    for (const url of await printedUrls(port => `enabled: true, port: ${port}`)) {
      const { code, err } = await send(url, 'g.shop.book')
      expect(err, url).to.equal('')
      expect(code).to.equal(0)
    }
  }).timeout(60_000)

  it('of connector start, with an admin API on one interface alone: the health port is none, and says where to look', async () => {
    const [btp, health, admin] = await printedUrls(port => `enabled: true, host: 127.0.0.1, port: ${port}`)
    for (const url of [btp!, admin!]) expect((await send(url, 'g.shop.book')).code, url).to.equal(0)
    const { code, err } = await send(health!, 'g.shop.book')
    expect(code).to.equal(1)
    expect(err).to.include("This is a node's health port").and.include('adminApi.port')
  }).timeout(60_000)
})
