/** The business logic servers under examples/ with a node in front of each: they serve, refuse, and send. */
import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import { ConnectorNode } from '../../../src/index.js'
import { run } from '../../support/node/processes.js'
import { ROOT, World, outcome, owed, packet, urlOf } from '../../support/node.js'

const DIRECTORY = join(ROOT, 'examples/business-logic-server')
const SERVERS: ReadonlyArray<[language: string, command: string, file: string]> = [
  ['Node', process.execPath, 'server.mjs'],
  ['Python', 'python3', 'server.py']
]

describe('a business logic server', () => {
  const world = new World()
  afterEach(() => world.end())

  for (const [language, command, file] of SERVERS) {
    it(`in ${language} serves the node of its configuration, is paid, refuses, and pays`, async function () {
      if (spawnSync(command, ['--version']).error !== undefined) throw new Error(`${command} is not installed, so the example cannot be run`)
      const [blsPort, adminPort, btpPort, healthPort] = [await freePort(), await freePort(), await freePort(), await freePort()]
      const adminUrl = `http://127.0.0.1:${adminPort}`
      const server = run(world, command, [join(DIRECTORY, file)], DIRECTORY, { PORT: String(blsPort), CONNECTOR_ADMIN_URL: adminUrl })
      await server.says('business logic server on')

      const directory = await world.directory()
      const config = (await readFile(join(DIRECTORY, 'connector.yaml'), 'utf8'))
        .replace('btpServerPort: 3000', `btpServerPort: ${btpPort}`).replace('healthCheckPort: 8080', `healthCheckPort: ${healthPort}`)
        .replace('port: 8081', `port: ${adminPort}`)
      await writeFile(join(directory, 'connector.yaml'), `${config}\nlogLevel: error\ndataPath: ${directory}\n`)
      world.setEnv('BLS_URL', `http://127.0.0.1:${blsPort}`)
      const shop = new ConnectorNode(join(directory, 'connector.yaml'), world.log)
      world.after(() => shop.stop())
      await shop.start()
      expect(shop.isStandalone()).to.equal(true)
      expect(await shop.isHandlerHealthy()).to.equal(true)

      const agent = await world.start('agent', {
        peers: [{ id: 'shop', url: urlOf(shop), authToken: '' }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }]
      })
      const answer = await agent.sendPacket(packet('g.shop.book', { data: Buffer.from('one book') }))
      expect(answer).to.deep.include({ type: 13, data: Buffer.from('one book') })
      expect(outcome(await agent.sendPacket(packet('g.shop.book')))).to.equal('fulfill') // without data
      expect(await agent.sendPacket(packet('g.shop.book', { amount: 200_000n }))).to.include({ code: 'F03', message: 'amount exceeds limit' })
      expect(await owed(shop, 'agent')).to.equal(2n * 1000n)
      const { count, received } = await json(`http://127.0.0.1:${blsPort}/received`) as { count: number, received: object[] }
      expect(count).to.equal(2)
      expect(await json(`http://127.0.0.1:${blsPort}/admin/peers`)).to.have.property('error').that.matches(/^Not found\. This is a business logic server; it has GET /)
      expect(received[0]).to.include({ destination: 'g.shop.book', amount: '1000', sourcePeer: 'agent' })

      agent.setPacketHandler(({ data }) => ({ accept: true, data }))
      shop.addRoute('g.agent', 'agent')
      const send = (body: object): Promise<unknown> => json(`http://127.0.0.1:${blsPort}/send`, body)
      expect(await send({ destination: 'g.agent', amount: '100', data: 'AQID' })).to.include({ accepted: true, fulfilled: true, data: 'AQID' })
      expect(await send({ destination: 'test.prod-connector.self', amount: '0' })).to.include({
        accepted: false, code: 'F02', message: 'No route to destination: test.prod-connector.self'
      })
      expect(await json(`http://127.0.0.1:${blsPort}/trigger-admin-send`, { destination: 'g.agent' })).to.include({ accepted: true })
      expect(await send({ destination: 'g.agent', amount: 'much' })).to.include({ message: 'Amount must be a non-negative integer string' })
      expect(await owed(shop, 'agent')).to.equal(2n * 1000n - 100n)
      await shop.stop()
      expect(await send({ destination: 'g.agent', amount: '1' })).to.have.property('error').that.matches(/^the connector cannot be reached: /)
    }).timeout(30_000)
  }

  async function json (url: string, body?: object): Promise<unknown> {
    const init = body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const response = await fetch(url, init)
    return response.json()
  }
})
