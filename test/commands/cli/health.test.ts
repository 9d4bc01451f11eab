/** `connector health` against real HTTP: what a person reads, and the exit code. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { NodeFixture } from '../../support/admin-node.js'
import { freePorts, Workplace, type Result } from '../../support/cli.js'

const KEY = 's3cr3t-key'

describe('connector, towards a running node', () => {
  let place: Workplace
  let api: NodeFixture
  beforeEach(async () => {
    place = await Workplace.make()
    api = await new NodeFixture({ apiKey: KEY }).start()
  })
  afterEach(async () => {
    await api.stop()
    await place.remove()
  })

  /** Answers everything with `body`. */
  async function other (body: string, run: (port: number) => Promise<void>, status = 200): Promise<void> {
    const server: Server = createServer((_request, response) => { response.writeHead(status).end(body) }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    await run((server.address() as AddressInfo).port)
    server.close()
  }

  describe('health', () => {
    const health = (...args: string[]): Promise<Result> => place.run(['health', '-u', `http://127.0.0.1:${api.health}`, ...args])

    for (const [status, code] of [['healthy', 0], ['degraded', 2], ['unhealthy', 1], ['starting', 1]] as const) {
      it(`ends with ${code} when the node is ${status}`, async () => {
        api.node.status = status
        const { code: found, out } = await health()
        expect(found).to.equal(code)
        expect(out).to.equal(`Status: ${status.toUpperCase()}\nNode: node-a\nVersion: 1.2.3\nUptime: 0 minutes\nPeers: 1 of 2 connected\nDependency ledger: up\n`)
        const json = await health('--json')
        expect([json.code, JSON.parse(json.out)]).to.deep.include(code).and.to.have.nested.property('[1].status', status)
      })
    }

    it('takes a URL with or without path and scheme', async () => {
      for (const url of [`127.0.0.1:${api.health}`, `http://127.0.0.1:${api.health}/health`, `http://127.0.0.1:${api.health}/`]) {
        expect(await place.run(['health', '--url', url]), url).to.include({ code: 0 })
      }
      expect((await place.run(['health', '--url', 'http://'])).err).to.contain("--url takes the http:// URL of a node's health port, found http://")
    })

    it('shows dependencies where a node names them', () => other(
      JSON.stringify({ status: 'degraded', uptime: 125, dependencies: { tigerbeetle: { status: 'down' } } }),
      async port => {
        const { code, out } = await place.run(['health', '-u', `127.0.0.1:${port}`])
        expect([code, out]).to.deep.equal([2, 'Status: DEGRADED\nUptime: 2 minutes\nDependency tigerbeetle: down\n'])
      }
    ))

    it('says that nothing answers, and why', async () => {
      const [port] = await freePorts(1)
      const url = `http://127.0.0.1:${port!}`
      const { code, out, err } = await place.run(['health', '-u', url])
      expect([code, out]).to.deep.equal([1, ''])
      expect(err).to.contain('Status: UNREACHABLE (connection refused)').and.to.contain(`${url}/health`)
      const json = await place.run(['health', '-u', url, '--json'])
      expect([json.code, JSON.parse(json.out)]).to.deep.equal([1, { status: 'unreachable', reason: 'connection refused', url: `${url}/health` }])
    })

    it('does not take another program for a healthy node', () => other('<h1>It works!</h1>', async port => {
      const { code, err } = await place.run(['health', '-u', `127.0.0.1:${port}`])
      expect(code).to.equal(1)
      expect(err).to.contain('(HTTP 200), but not like a connector\'s health port')
      expect(await place.run(['health', '-u', `127.0.0.1:${port}`, '--json'])).to.include({ code: 1 })
    }))
  })
})
