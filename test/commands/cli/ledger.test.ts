/** `connector ledger`: the books of a stopped connector and of a running one, and that what does not add up is found. */
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { expect } from 'chai'
import LeveldownStore from '../../../stores/leveldown.js'
import { freePort } from '../../../examples/free-port.js'
import { EmbeddedLedger } from '../../../src/ledger/embedded/embedded-ledger.js'
import { createApp } from '../../../src/index.js'
import type { Logger } from '../../../src/contracts/logger.js'
import { Workplace } from '../../support/cli.js'

const nothing = (): void => undefined
const log: Logger = { error: nothing, warn: nothing, info: nothing, debug: nothing, trace: nothing, debugEnabled: false }

describe('connector ledger', () => {
  let place: Workplace
  beforeEach(async () => { place = await Workplace.make() })
  afterEach(() => place.remove())

  /** A store in which alice owes 700 and bob is owed 650. */
  async function books (): Promise<LeveldownStore> {
    const store = new LeveldownStore({ path: join(place.path, 'store') }, { log })
    await store.open()
    const ledger = new EmbeddedLedger(store, 'sync', log)
    await ledger.open([])
    ledger.openAccount('alice', {}, 'USD/9')
    ledger.openAccount('bob', {}, 'USD/9')
    ledger.post(ledger.hold('alice', 700n))
    ledger.post(ledger.hold('bob', -650n))
    await ledger.close()
    return store
  }

  it('shows the balances of a stopped connector, and that they add up', async () => {
    await (await books()).close()
    const shown = await place.run(['ledger', 'balances', '--path', 'store', '--json'])
    expect(JSON.parse(shown.out)).to.deep.equal([
      { accountId: 'alice', balance: '700', incomingHolds: '0', outgoingHolds: '0', settling: '0', prepaid: '0' },
      { accountId: 'bob', balance: '-650', incomingHolds: '0', outgoingHolds: '0', settling: '0', prepaid: '0' }
    ])
    const { out } = await place.run(['ledger', 'balances', '--path', 'store'])
    expect(out).to.include('alice  0.000000700 USD (700)').and.include('bob    -0.000000650 USD (-650)')
    expect(await place.run(['ledger', 'audit', '--path', 'store'])).to.deep.include({ code: 0, out: 'The books of 2 accounts add up.\n' })
  })

  it('finds what does not add up', async () => {
    const store = await books()
    const key = 'ledger:account:bob'
    await store.put(key, (await store.get(key) ?? '').replace('-650', '-640'))
    await store.close()
    const { code, out, err } = await place.run(['ledger', 'audit', '--path', 'store'])
    expect({ code, out }).to.deep.equal({ code: 1, out: '' })
    expect(err).to.match(/bob/)
  })

  it('asks a running connector', async () => {
    const adminApiPort = await freePort()
    const app = createApp({ ilpAddress: 'test.conn', backend: 'one-to-one', store: 'memdown', accounts: {}, adminApi: true, adminApiPort })
    await app.listen()
    const url = `http://127.0.0.1:${adminApiPort}`
    expect(await place.run(['ledger', 'balances', '--url', url])).to.deep.include({ code: 0, out: 'No account has a balance.\n' })
    expect(await place.run(['ledger', 'audit', '--url', url])).to.deep.include({ code: 0, out: 'The books of 0 accounts add up.\n' })
    await app.shutdown()
    expect((await place.run(['ledger', 'audit', '--url', url])).err).to.match(/Cannot reach .*connection refused/)
  })

  it('says of an answer that is none of a connector what it was, and where to ask', async () => {
    const port = await freePort()
    const server = createServer((_, response) => {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"Not found","message":"No such route: GET /balance"}')
    }).listen(port, '127.0.0.1')
    const { code, err } = await place.run(['ledger', 'balances', '--url', `http://127.0.0.1:${port}`])
    server.close()
    expect({ code, err }).to.have.property('code', 1)
    expect(err).to.contain('(HTTP 404): No such route: GET /balance. Give the admin API of a connector')
  })

  it('makes no store of a folder that is none', async () => {
    const { code, out, err } = await place.run(['ledger', 'balances', '--path', '.'])
    expect({ code, out }).to.deep.equal({ code: 1, out: '' })
    expect(err).to.match(/no store at \.\. Give .*dataPath/)
    expect(existsSync(join(place.path, 'CURRENT'))).to.equal(false)
  })

  it('says what is missing', async () => {
    for (const [args, text] of [
      [['ledger'], /balances or audit/],
      [['ledger', 'audit'], /either --path or --url/],
      [['ledger', 'audit', '--path', 'nowhere'], /no store at nowhere/]
    ] as Array<[string[], RegExp]>) {
      const { code, err } = await place.run(args)
      expect(code).to.equal(1)
      expect(err).to.match(text)
    }
  })
})
