/** The explorer of real nodes that pay each other: what it shows is so, wherever it is asked, and it gives nothing away. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import { freePort } from '../../../examples/free-port.js'
import type { ConnectorNode } from '../../../src/index.js'
import type { ConnectorConfig } from '../../../src/index.js'
import type { BalanceView, Overview, PacketStory, PeerView, Rejects, RouteView, Series } from '../../../src/contracts/explorer.js'
import type { EventPage, ExplorerEvent } from '../../../src/contracts/explorer-events.js'
import { describeError } from '../../../src/lib/describe-error.js'
import { outcome, packet, urlOf, World } from '../../support/node.js'
import { eventually, until } from '../../support/waiting.js'

const TOKEN = 's3cr3t-between-a-and-b'
const KEY = 'open-sesame-4711'

interface Pair {
  a: ConnectorNode
  b: ConnectorNode
  url: string
  dataPath: string
}

describe('the explorer of a node', () => {
  const world = new World()
  afterEach(() => world.end())

  /** a pays b. a's explorer has a port of its own. */
  async function pair (more: Partial<ConnectorConfig> = {}): Promise<Pair> {
    const b = await world.start('b', { peers: [{ id: 'a', url: 'ws://127.0.0.1:9', authToken: TOKEN }] })
    const dataPath = await world.directory()
    const port = await freePort()
    const a = await world.start('a', {
      dataPath, explorer: { port }, peers: [{ id: 'b', url: urlOf(b), authToken: TOKEN }], routes: [{ prefix: 'g.b', nextHop: 'b' }, { prefix: 'g.gone', nextHop: 'nobody' }], ...more
    })
    await eventually('a and b are connected', () => a.isPeerConnected('b'))
    return { a, b, url: `http://127.0.0.1:${port}`, dataPath }
  }

  const get = async <T>(url: string, headers: Record<string, string> = {}): Promise<T> => {
    const response = await fetch(url, { headers })
    expect(response.status, url).to.equal(200)
    return await response.json() as T
  }

  it('shows packets, balances, peers, routes and figures as they are, and keeps them over a restart', async () => {
    const { a, url } = await pair()
    expect(outcome(await a.sendPacket(packet('g.b', { amount: 700n })))).to.equal('fulfill')
    expect(outcome(await a.sendPacket(packet('g.zed.x', { data: Buffer.from('another condition') })))).to.equal('F02')
    const { events } = await eventually('the history has both', async () => {
      const page = await get<EventPage>(`${url}/api/events?types=PACKET_FULFILLED,PACKET_REJECTED`)
      return page.total === 2 && page
    })
    expect(events.map(({ event_type: type, destination, amount }) => [type, destination, amount])).to.have.deep.members([
      ['PACKET_REJECTED', 'g.zed.x', '1000'], ['PACKET_FULFILLED', 'g.b', '700']
    ])
    const refused = events.find(({ packet_type: type }) => type === 'reject')!
    const story = await get<PacketStory>(`${url}/api/packets/${refused.packet_id}`)
    expect(story).to.deep.include({ from: 'local', destination: 'g.zed.x', outcome: 'rejected' })
    expect(story.refusal).to.deep.include({ code: 'F02', triggeredBy: 'g.a' })
    expect(story.refusal!.fix).to.include('Routes')

    const { balances } = await get<{ balances: BalanceView[] }>(`${url}/api/balances`)
    expect(balances.map(({ peerId, balance }) => [peerId, balance])).to.deep.equal([['b', '-700']])
    const { peers } = await get<{ peers: PeerView[] }>(`${url}/api/peers`)
    expect(peers).to.have.length(1)
    expect(peers[0]).to.deep.include({ peerId: 'b', ilpAddress: 'g.b', relation: 'peer', connected: true, plugin: 'btp', isGuest: false, balance: balances[0] })
    const { routes } = await get<{ routes: RouteView[] }>(`${url}/api/routes`)
    expect(routes.find(({ prefix }) => prefix === 'g.b')).to.deep.include({ nextHop: 'b', reason: 'the only candidate' })
    expect(await get(`${url}/api/explain?destination=g.b.shop`)).to.deep.include({ sentence: 'A packet for g.b.shop goes to b, by the route for g.b.' })
    const { points } = await eventually('the seconds are counted', async () => {
      const series = await get<Series>(`${url}/api/series`)
      return series.points.reduce((sum, { fulfilled, rejected }) => sum + fulfilled + rejected, 0) === 2 && series
    })
    expect(points.map(({ out }) => Object.values(out)).flat()).to.deep.equal(['700'])
    const { rejects } = await get<Rejects>(`${url}/api/rejects`)
    expect(rejects.map(({ code, peerId, count }) => [code, peerId, count])).to.deep.equal([['F02', 'local', 1]])
    const { sentence } = await get<Overview>(`${url}/api/overview`)
    expect(sentence).to.equal('Not earning: packets are paid, and nothing is kept of them.')

    await a.stop()
    await a.start()
    await eventually('the history was read', async () => (await get<EventPage>(`${url}/api/events?types=PACKET_FULFILLED`)).total === 1)
  })

  it('tells live what happens, on its own port and below /explorer of the health port', async () => {
    const { a, b, url } = await pair()
    const mounted = `127.0.0.1:${a.config.healthCheckPort}/explorer`
    const told: ExplorerEvent[][] = []
    for (const place of [url.slice('http://'.length), mounted]) {
      const events: ExplorerEvent[] = []
      told.push(events)
      const socket = new WebSocket(`ws://${place}/ws`)
      socket.on('message', (data: Buffer) => { events.push(JSON.parse(data.toString()) as ExplorerEvent) })
      await once(socket, 'open')
    }
    await until(async () => (await get<{ explorer: { wsConnections: number } }>(`http://${mounted}/api/health`)).explorer.wsConnections === 2)
    await a.sendPacket(packet('g.b'))
    await eventually('both are told', () => told.every(events => ['PACKET_RECEIVED', 'PACKET_FULFILLED', 'TRAFFIC'].every(type => events.some(event => event.type === type))))
    await b.stop()
    expect(a.getHealthStatus().explorer).to.include({ enabled: true, port: Number(new URL(url).port), wsConnections: 2 })
    const { sentence, attention } = await eventually('the overview says so', async () => {
      const overview = await get<Overview>(`${url}/api/overview`)
      return overview.attention.some(({ kind }) => kind === 'away') && overview
    })
    expect(sentence).to.include('The only peer cannot pay you: b is away')
    expect(attention.find(({ kind }) => kind === 'away')).to.deep.include({ subject: 'b', severity: 'look' })
  })

  it('gives away no secret: not of the node, not of a peer, not of a packet', async () => {
    const { a, url, dataPath } = await pair({ adminApi: { enabled: true, port: await freePort(), apiKey: KEY }, localDelivery: { authToken: 'bls-secret-1' } })
    const data = 'what-is-in-the-packet'
    await a.sendPacket(packet('g.b', { data: Buffer.from(data) }))
    await a.sendPacket(packet('g.nowhere', { data: Buffer.from(data) }))
    await eventually('the history has both', async () => (await get<EventPage>(`${url}/api/events?types=PACKET_FULFILLED,PACKET_REJECTED`)).total === 2)
    const paths = ['events?limit=100', 'accounts/events', 'health', 'balances', 'peers', 'routes', 'explain?destination=g.b.x', 'overview', 'channels', 'settlements', 'rates', 'rejects', 'series', 'config']
    const texts = await Promise.all(paths.map(async path => await (await fetch(`${url}/api/${path}`)).text()))
    texts.push(...await Promise.all(['/', '/nothing', '/api/nothing', '/health'].map(async path => await (await fetch(url + path)).text())))
    await a.stop()
    for (const file of await filesIn(join(dataPath, 'explorer-a'))) texts.push(await readFile(file, 'latin1'))
    const secrets = [TOKEN, KEY, 'bls-secret-1', data]
    for (const secret of secrets.flatMap(text => [text, Buffer.from(text).toString('base64'), Buffer.from(text).toString('hex')])) {
      for (const [index, text] of texts.entries()) expect(text, `${paths[index] ?? index} shows ${secret}`).to.not.include(secret)
    }
    const config = JSON.parse(texts[paths.indexOf('config')]!) as { settings: Array<{ name: string, value: string, source: string }> }
    const valueOf = (name: string): object | undefined => config.settings.find(setting => setting.name === name)
    expect(valueOf('peers[0].authToken')).to.deep.include({ value: '(hidden)', source: 'given' })
    expect(valueOf('adminApi.apiKey')).to.deep.include({ value: '(hidden)' })
    expect(valueOf('explorer.retentionDays')).to.deep.include({ value: '7', source: 'default' })
    expect(valueOf('explorer.port')).to.deep.include({ value: new URL(url).port, source: 'given' })
  })

  it('shows the data of packets only where that is asked for', async () => {
    const { a, url } = await pair({ explorer: { port: await freePort(), payloads: true } })
    const own = `http://127.0.0.1:${a.config.explorer.port}`
    expect(own).to.not.equal(url)
    await a.sendPacket(packet('g.b', { data: Buffer.from('hello') }))
    await eventually('it is there', async () => (await (await fetch(`${own}/api/events`)).text()).includes(Buffer.from('hello').toString('base64')))
  })

  it('asks for the key wherever others reach it, also below /explorer of the health port', async () => {
    const { a, url } = await pair({ environment: 'production', adminApi: { apiKey: KEY }, explorer: { enabled: true, port: await freePort() } })
    const places = [`http://127.0.0.1:${a.config.explorer.port}`, `http://127.0.0.1:${a.config.healthCheckPort}/explorer`]
    expect(url).to.not.equal(places[0])
    for (const place of places) {
      expect((await fetch(`${place}/api/events`)).status).to.equal(401)
      expect((await fetch(`${place}/`)).status).to.not.equal(401)
      const { ticket } = await get<{ ticket: string }>(`${place}/api/ticket`, { 'x-api-key': KEY })
      const socket = new WebSocket(`${place.replace('http', 'ws')}/ws?ticket=${ticket}`)
      await once(socket, 'open')
      const refused = new WebSocket(`${place.replace('http', 'ws')}/ws`)
      const [, response] = await once(refused.on('error', () => undefined), 'unexpected-response') as [unknown, { statusCode: number }]
      expect(response.statusCode).to.equal(401)
      refused.terminate()
    }
    expect((await fetch(`http://127.0.0.1:${a.config.healthCheckPort}/health`)).status, 'the health port itself is open').to.equal(200)
  })

  it('lets every packet pass while strangers ask it as much as they can', async () => {
    const { a, url } = await pair()
    let isOver = false
    const paths = ['events?limit=100', 'overview', 'peers', 'routes', 'series?since=1', 'rejects?since=1', 'accounts/events?limit=5000', 'config', 'nothing']
    let answers = 0
    const flood = Array.from({ length: 20 }, async (_none, index) => {
      while (!isOver) {
        const response = await fetch(`${url}/api/${paths[index % paths.length] ?? ''}`)
        await response.arrayBuffer()
        expect(response.status).to.be.oneOf([200, 404, 503])
        answers++
      }
    })
    const sockets = Array.from({ length: 20 }, () => new WebSocket(`${url.replace('http', 'ws')}/ws`))
    await Promise.all(sockets.map(socket => once(socket, 'open')))
    for (const socket of sockets) socket.pause()
    const pay = (sent: number): ReturnType<ConnectorNode['sendPacket']> => a.sendPacket(packet('g.b', { amount: 1n, data: Buffer.from(`${sent}`) }))
    const paid = await Promise.all(Array.from({ length: 100 }, (_none, sent) => pay(sent)))
    expect(new Set(paid.map(outcome))).to.deep.equal(new Set(['fulfill']))
    await eventually('the flood was one', () => answers > 100)
    isOver = true
    await Promise.all(flood)
    for (const socket of sockets) socket.terminate()
    const { balances } = await get<{ balances: BalanceView[] }>(`${url}/api/balances`)
    expect(balances[0]).to.deep.include({ peerId: 'b', balance: '-100', incomingHolds: '0', outgoingHolds: '0' })
  })

  it('is not there where it is turned off', async () => {
    const node = await world.start('off')
    const health = `http://127.0.0.1:${node.config.healthCheckPort}`
    expect((await fetch(`${health}/explorer/api/health`)).status).to.equal(404)
    expect(node.getHealthStatus()).to.not.have.property('explorer')
  })

  it('refuses the start over a port that was asked for, and goes without one that nobody asked for', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    world.after(() => new Promise(resolve => { taken.close(resolve) }))
    const { port } = taken.address() as { port: number }
    const asked = await world.make('asked', { explorer: { port } })
    const refusal = await asked.start().then(() => '', (error: unknown) => describeError(error))
    expect(refusal).to.include(`explorer cannot listen on 127.0.0.1:${port}`).and.include('set explorer.port (EXPLORER_PORT) to a free port')

    const other = createServer().listen(3001, '127.0.0.1')
    await Promise.race([once(other, 'listening'), once(other, 'error')]) // somebody else has it, or we do now
    world.after(() => new Promise(resolve => { other.close(resolve) }))
    const node = await world.start('usual', { explorer: {}, logLevel: 'warn' })
    expect(node.getHealthStatus().explorer).to.include({ enabled: true, port: 0 })
    expect(JSON.stringify(world.log.lines)).to.include('the explorer has no port of its own').and.include('explorer.port (EXPLORER_PORT)')
    expect((await fetch(`http://127.0.0.1:${node.config.healthCheckPort}/explorer/api/health`)).status).to.equal(200)
  })

  it('lets the node start and pay where its history cannot be kept', async () => {
    const dataPath = await world.directory()
    const node = await world.make('c', { explorer: { port: await freePort() }, dataPath })
    await writeFile(join(dataPath, 'explorer-c'), 'this is not a folder')
    await node.start()
    expect(outcome(await node.sendPacket(packet('g.c')))).to.equal('fulfill')
    const own = `http://127.0.0.1:${node.config.explorer.port}`
    const health = await eventually('it says so', async () => {
      const found = await get<{ status: string, error?: string }>(`${own}/api/health`)
      return found.status === 'degraded' && found
    })
    expect(health.error).to.include('history')
    expect((await get<Overview>(`${own}/api/overview`)).attention.map(({ kind }) => kind)).to.include('history')
  })
})

async function filesIn (folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}
