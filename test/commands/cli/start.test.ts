/** `connector start`: two nodes as processes of their own pay each other, show it, and stop when they are told to. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ChildProcess } from 'node:child_process'
import { expect } from 'chai'
import { ask } from '../../support/admin-node.js'
import { freePorts, Workplace } from '../../support/cli.js'

/** Resolves when `child` has printed `text`; rejects with what there is when it ends before. */
async function prints (child: ChildProcess, text: string): Promise<void> {
  let output = ''
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        if (output.includes(text)) resolve()
      })
    }
    child.once('close', () => { reject(new Error(`ended without "${text}":\n${output}`)) })
  })
}

describe('connector start', () => {
  let place: Workplace
  beforeEach(async () => { place = await Workplace.make() })
  afterEach(() => place.remove())

  const start = (args: string[], env: Record<string, string> = {}): ChildProcess => place.start(['start', ...args], env)

  it('runs nodes that pay each other, follows a peer that goes, and stops on SIGTERM and SIGINT', async () => {
    const [btpA = 0, healthA = 0, adminA = 0, btpB = 0, healthB = 0] = await freePorts(5)
    await place.write('a.yaml', `nodeId: a\nbtpServerPort: ${btpA}\nhealthCheckPort: ${healthA}\n` +
      `adminApi: { enabled: true, host: 127.0.0.1, port: ${adminA}, apiKey: '\${ADMIN_API_KEY}' }\n` +
      `peers: [{ id: b, url: 'ws://127.0.0.1:${btpB}', authToken: '' }]\nroutes: [{ prefix: g.b, nextHop: b }]\n`)
    await place.write('b.yaml', `nodeId: b\nbtpServerPort: ${btpB}\nhealthCheckPort: ${healthB}\npeers: []\nroutes: []\n`)
    await place.write('.env', 'ADMIN_API_KEY=from-dot-env\n')
    const b = start(['b.yaml'])
    await prints(b, `health            http://localhost:${healthB}/health`)
    const a = start(['--config', 'a.yaml'])
    await prints(a, `admin API         http://127.0.0.1:${adminA}/admin/docs`)

    expect(await place.run(['health', '-u', `127.0.0.1:${healthA}`])).to.include({ code: 0 })
    expect(await place.run(['send', '-d', 'g.b.shop', '-a', '1000', '-u', `127.0.0.1:${adminA}`])).to.include({ code: 0, err: '' })
    const { json } = await ask(adminA, 'GET', '/admin/balances/b', undefined, { 'x-api-key': 'from-dot-env' })
    expect(json).to.have.nested.property('balances[0].creditBalance').that.matches(/^[1-9]\d*$/)
    const metrics = await ask(healthA, 'GET', '/metrics', undefined, { 'x-api-key': 'from-dot-env' })
    expect(metrics.text).to.match(/ilp_connector_outgoing_ilp_packets\{.*account="b".*\} 1/)

    b.kill('SIGTERM')
    expect(await once(b, 'close')).to.deep.equal([0, null])
    while ((await ask(healthA, 'GET', '/health')).status !== 503) await new Promise(setImmediate)
    expect(await place.run(['health', '-u', `127.0.0.1:${healthA}`])).to.include({ code: 1 })
    expect((await ask(healthA, 'GET', '/health/ready')).status).to.equal(200)

    a.kill('SIGINT')
    expect(await once(a, 'close')).to.deep.equal([0, null])
  }).timeout(60_000)

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`lets a packet under way finish on ${signal}, takes no more, and ends at once when it is told again`, async () => {
      let answer: (() => void) | undefined
      const server = createServer((request, response) => {
        if (request.method === 'POST') answer = () => response.end('{"accept":true}')
        else response.end()
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const [btp = 0, health = 0, admin = 0] = await freePorts(3)
      await place.write('config.yaml', `nodeId: a\nbtpServerPort: ${btp}\nhealthCheckPort: ${health}\npeers: []\n` +
        `localDelivery: { enabled: true, handlerUrl: 'http://127.0.0.1:${(server.address() as AddressInfo).port}' }\n` +
        `adminApi: { enabled: true, host: 127.0.0.1, port: ${admin} }\n` +
        'explorer: { enabled: false }\n') // whose history may be writing: then the process ends by a signal
      const send = (): Promise<number | string> => ask(admin, 'POST', '/admin/ilp/send', { destination: 'g.a', amount: '1', data: '' })
        .then(({ status, json }) => status === 200 ? String((json as { fulfilled: boolean }).fulfilled) : status, () => 'no answer')
      const asked = async (): Promise<() => void> => {
        while (answer === undefined) await new Promise(setImmediate)
        const found = answer
        answer = undefined
        return found
      }
      for (const isToldAgain of [false, true]) {
        const node = start([])
        await prints(node, 'a is running as g.a')
        const sent = send()
        const finish = await asked()
        const ended = once(node, 'close')
        node.kill(signal)
        while ((await ask(health, 'GET', '/health/ready')).status !== 503) await new Promise(setImmediate)
        expect(await send()).to.equal(503)
        if (isToldAgain) node.kill(signal)
        else finish()
        expect(await ended).to.deep.equal([isToldAgain ? 1 : 0, null])
        expect(await sent).to.equal(isToldAgain ? 'no answer' : 'true')
      }
      server.close()
      server.closeAllConnections()
    }).timeout(60_000)
  }

  it('says what is wrong with the configuration on stderr, and ends with 78', async () => {
    await place.write('config.yaml', 'btpServerPort: 0\npeers: []\n')
    const { code, out, err } = await place.run(['start'])
    expect([code, out]).to.deep.equal([78, ''])
    expect(err).to.match(/^Configuration error: config\.yaml:1: btpServerPort: /m).and.to.match(/^Configuration error: .*nodeId/m).and.to.not.contain('    at ')
  })

  it('looks for the file in CONFIG_FILE, and says when it is not there', async () => {
    expect((await place.run(['start'], { env: { CONFIG_FILE: 'mine.yaml' } })).err).to.contain('Configuration error: Configuration file not found: mine.yaml')
    expect((await place.run(['start'])).err).to.contain('Configuration file not found: config.yaml. Give another file, or create one with: connector setup')
  })

  it('says which port is taken, ends with 1, and leaves nothing running', async () => {
    const [btp = 0, health = 0, other = 0] = await freePorts(3)
    await place.write('config.yaml', `nodeId: a\nbtpServerPort: ${btp}\nhealthCheckPort: ${health}\npeers: []\nroutes: []\n`)
    const first = start([])
    await prints(first, 'a is running as g.a')
    const { code, err } = await place.run(['start'], { env: { BTP_SERVER_PORT: String(other) } })
    expect(code).to.equal(1)
    expect(err).to.contain(`health server cannot listen on 0.0.0.0:${health}`).and.to.contain('healthCheckPort (HEALTH_CHECK_PORT)')
    first.kill('SIGTERM')
    await once(first, 'close')
  }).timeout(60_000)
})
