/** Every route of the node's admin API with every answer it has, over real HTTP; each answer is held against the document too. */
import { expect } from 'chai'
import type { z } from 'zod'
import { nodeRoutes } from '../../../src/admin/node/api.js'
import { statusOfCode, type ErrorCode } from '../../../src/contracts/errors.js'
import { builtInChains, loadChainKind } from '../../../src/modules/load-module.js'
import { NodeFixture, PEER_SECRET, type Answer } from '../../support/admin-node.js'

const NEW_PEER = { id: 'peer-d', url: 'ws://peer-d:3001', authToken: PEER_SECRET, routes: [{ prefix: 'g.peer-d' }, { prefix: 'g.d', priority: 2 }] }

const KINDS = builtInChains().flatMap(name => loadChainKind(name) ?? [])
const PEER_FIELDS = KINDS.map(({ peerField }) => peerField)
const ADDRESSES = KINDS.map(({ address: { inAnswers, inWords } }) => inAnswers?.field ?? inWords).join(', or ')

describe('node admin API', () => {
  let api: NodeFixture
  beforeEach(async () => { api = await new NodeFixture().start() })
  afterEach(() => api.stop())

  /** Asks, and checks that the answer has the documented shape. */
  async function ask (method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await api.send(method, path, body)
    const pattern = (template: string): RegExp => new RegExp(`^${template.replace(/\{\w+\}$/, '.+').replaceAll(/\{\w+\}/g, '[^/]+')}$`)
    const asked = path.split('?', 1).join('')
    const route = nodeRoutes(api.node, api.log).find(each => each.method === method.toLowerCase() && pattern(each.path).test(asked))
    expect(route, `${method} ${path} is documented`).to.not.equal(undefined)
    const schema = route!.responses[answer.status]
    if (schema === undefined) expect(route!.errors, `${method} ${path} documents ${answer.status}`).to.have.property(String(answer.status))
    else expect((schema as z.ZodType).safeParse(answer.json).error?.issues ?? []).to.deep.equal([])
    return answer
  }

  async function refuses (method: string, path: string, body: unknown, status: number, message: string, error?: string): Promise<void> {
    const answer = await ask(method, path, body)
    expect(answer.status, answer.text).to.equal(status)
    expect(Object.keys(answer.json as object)).to.deep.equal(['error', 'message'])
    expect(answer.json).to.include({ message, ...(error === undefined ? {} : { error }) })
    const code = String(answer.headers['x-error-code'])
    expect(statusOfCode(code as ErrorCode), `${code} of ${message}`).to.equal(status)
  }

  describe('peers', () => {
    it('lists them with their routes and whether they are connected', async () => {
      const { status, json } = await ask('GET', '/admin/peers')
      expect([status, json]).to.deep.equal([200, {
        nodeId: 'node-a',
        peerCount: 2,
        connectedCount: 1,
        peers: [
          { id: 'peer-b', connected: true, ilpAddresses: ['g.peer-b'], routeCount: 1 },
          { id: 'peer-c', connected: false, ilpAddresses: [], routeCount: 0 }
        ]
      }])
    })

    it('adds one that connects', async () => {
      const { status, json } = await ask('POST', '/admin/peers', NEW_PEER)
      expect([status, json]).to.deep.equal([201, {
        success: true,
        peer: { id: 'peer-d', url: 'ws://peer-d:3001', connected: true },
        routes: ['g.peer-d', 'g.d'],
        created: true,
        message: "Peer 'peer-d' added and connected"
      }])
      expect(api.node.registered).to.deep.equal([NEW_PEER])
    })

    it('adds one that is not connected yet, and says so', async () => {
      api.node.connectsNewPeers = false
      const { status, json } = await ask('POST', '/admin/peers', { ...NEW_PEER, routes: undefined })
      expect(status).to.equal(201)
      expect(json).to.deep.include({ routes: [], message: "Peer 'peer-d' added (connection pending)" })
    })

    it('updates one that is there', async () => {
      const { status, json } = await ask('POST', '/admin/peers', { ...NEW_PEER, id: 'peer-c' })
      expect([status, json]).to.deep.equal([200, {
        success: true,
        peer: { id: 'peer-c', url: 'ws://peer-d:3001', connected: false },
        routes: ['g.peer-d', 'g.d'],
        updated: true,
        message: "Peer 'peer-c' updated"
      }])
    })

    it('hands on what is said about settlement', async () => {
      const evmAddress = `0x${'aB'.repeat(20)}`
      const settlement = { preference: 'evm', evmAddress, chainId: 8453, initialDeposit: '0', channelId: `0x${'0f'.repeat(32)}` }
      expect((await ask('POST', '/admin/peers', { ...NEW_PEER, evmAddress, settlement })).status).to.equal(201)
      expect(api.node.registered[0]).to.deep.include({ evmAddress, settlement })
    })

    it('takes a URL without a port', async () => {
      expect((await ask('POST', '/admin/peers', { ...NEW_PEER, url: 'wss://peer-d.example' })).status).to.equal(201)
    })

    it('takes no credentials in the URL, and does not repeat them', async () => {
      const { status, text } = await ask('POST', '/admin/peers', { ...NEW_PEER, url: `ws://me:${PEER_SECRET}@peer-d:3001` })
      expect(status).to.equal(400)
      expect(text).to.include('with the secret in authToken')
      expect(text).to.not.contain(PEER_SECRET)
    })

    const settlement = (fields: object): object => ({ ...NEW_PEER, settlement: { preference: 'evm', evmAddress: `0x${'00'.repeat(20)}`, ...fields } })
    const badPeers: Array<[string, unknown, string]> = [
      ['no body', undefined, 'Request body must be a JSON object'],
      ['a list', [], 'Request body must be a JSON object'],
      ['no id', { ...NEW_PEER, id: undefined }, 'Missing or invalid peer id'],
      ['an empty id', { ...NEW_PEER, id: '' }, 'Missing or invalid peer id'],
      ['no url', { ...NEW_PEER, url: undefined }, 'Missing or invalid peer url'],
      ['an http url', { ...NEW_PEER, url: 'http://peer-d:3001' }, 'URL must start with ws:// or wss://'],
      ['no authToken', { ...NEW_PEER, authToken: undefined }, 'authToken must be a string (can be empty for no auth)'],
      ['routes that are none', { ...NEW_PEER, routes: 'g.d' }, 'routes must be a list'],
      ['a route without prefix', { ...NEW_PEER, routes: [{}] }, 'Invalid route: missing prefix'],
      ['a route that is text', { ...NEW_PEER, routes: ['g.d'] }, 'Invalid route: missing prefix'],
      ['a prefix with a dot at its end', { ...NEW_PEER, routes: [{ prefix: 'g.d' }, { prefix: 'g.e.' }] }, 'Invalid ILP address prefix: g.e.'],
      ['a priority that is text', { ...NEW_PEER, routes: [{ prefix: 'g.d', priority: '1' }] }, 'priority must be an integer'],
      [
        'a misspelt key', { ...NEW_PEER, rotues: [] },
        `Unknown field: rotues. Known are: id, url, authToken, dialect, routes, ${PEER_FIELDS.join(', ')}, chain, asset, relation, transport, settlement.`
      ],
      ['a bad evmAddress', { ...NEW_PEER, evmAddress: '0x1' }, 'evmAddress must be a valid 0x-prefixed address (42 chars)'],
      ['an unknown preference', settlement({ preference: 'gold' }), `settlement.preference must be one of: ${KINDS.map(({ type }) => type).join(', ')}, any`],
      ['evm without address', settlement({ evmAddress: undefined }), 'settlement.evmAddress required when preference is evm'],
      [
        'any without address', settlement({ preference: 'any', evmAddress: undefined }),
        `settlement: ${PEER_FIELDS.join(' or ')} required when preference is any`
      ],
      ['a bad settlement address', settlement({ evmAddress: 'x' }), 'settlement.evmAddress must be a valid 0x-prefixed address (42 chars)'],
      ['a bad token', settlement({ tokenAddress: 5 }), `settlement.tokenAddress must be ${ADDRESSES}`],
      ['a bad network', settlement({ tokenNetworkAddress: '' }), `settlement.tokenNetworkAddress must be ${ADDRESSES}`],
      ['chain 0', settlement({ chainId: 0 }), 'settlement.chainId must be a positive integer'],
      ['a deposit below 0', settlement({ initialDeposit: '-1' }), 'settlement.initialDeposit must be a non-negative integer string']
    ]
    for (const [what, body, message] of badPeers) {
      it(`refuses ${what}, and changes nothing`, async () => {
        await refuses('POST', '/admin/peers', body, 400, message, 'Bad request')
        expect(api.node.registered).to.deep.equal([])
        expect(api.node.routes).to.have.length(1)
      })
    }

    it('refuses fields that could name a file', async () => {
      for (const field of ['ca', 'key', 'cert', 'tls', 'listener', 'plugin', 'options', 'keyFile', 'server']) {
        const { status, text } = await ask('POST', '/admin/peers', { ...NEW_PEER, [field]: '/etc/passwd' })
        expect({ status, isNamed: text.includes(`Unknown field: ${field}.`) }).to.deep.equal({ status: 400, isNamed: true })
      }
      for (const url of ['file:///etc/passwd', 'ws+unix:///tmp/x.sock:/', '/etc/passwd', 'data:,x']) {
        expect((await ask('POST', '/admin/peers', { ...NEW_PEER, url })).status, url).to.equal(400)
      }
      expect(api.node.registered).to.deep.equal([])
    })

    it('adds routes to a peer', async () => {
      const { status, json } = await ask('PUT', '/admin/peers/peer-c', { routes: [{ prefix: 'g.c', priority: 3 }, { prefix: 'g.c.x' }] })
      expect([status, json]).to.deep.equal([200, { success: true, peerId: 'peer-c', updated: true }])
      expect(api.node.routes.slice(1)).to.deep.equal([
        { prefix: 'g.c', nextHop: 'peer-c', priority: 3 }, { prefix: 'g.c.x', nextHop: 'peer-c', priority: 0 }
      ])
    })

    it('refuses an update of no peer, and one with a bad route as a whole', async () => {
      await refuses('PUT', '/admin/peers/peer-x', { routes: [] }, 404, 'Peer not found', 'Not found')
      await refuses('PUT', '/admin/peers/peer-c', { routes: [{ prefix: 'g.c' }, { prefix: 'g c' }] }, 400, 'Invalid ILP address prefix: g c')
      const settlement = { preference: 'evm', evmAddress: `0x${'1'.repeat(40)}` }
      await refuses('PUT', '/admin/peers/peer-c', { settlement, routes: [{ prefix: 'g.c' }] }, 503, 'Settlement infrastructure not enabled')
      expect(api.node.routes).to.have.length(1)
    })

    it('removes one with its routes, or without', async () => {
      expect((await ask('DELETE', '/admin/peers/peer-c?removeRoutes=false')).json)
        .to.deep.equal({ success: true, peerId: 'peer-c', removedRoutes: [], message: "Peer 'peer-c' removed" })
      expect((await ask('DELETE', '/admin/peers/peer-b')).json)
        .to.deep.equal({ success: true, peerId: 'peer-b', removedRoutes: ['g.peer-b'], message: "Peer 'peer-b' removed" })
      await refuses('DELETE', '/admin/peers/peer-b', undefined, 404, "Peer 'peer-b' not found")
    })
  })

  describe('routes', () => {
    it('lists them', async () => {
      expect((await ask('GET', '/admin/routes')).json)
        .to.deep.equal({ nodeId: 'node-a', routeCount: 1, routes: [{ prefix: 'g.peer-b', nextHop: 'peer-b', priority: 0 }] })
    })

    it('adds one', async () => {
      const { status, json } = await ask('POST', '/admin/routes', { prefix: 'g.Far_~-1', nextHop: 'peer-b', priority: -5 })
      expect([status, json]).to.deep.equal([201, {
        success: true,
        route: { prefix: 'g.Far_~-1', nextHop: 'peer-b', priority: -5 },
        message: "Route 'g.Far_~-1' -> 'peer-b' added"
      }])
      expect(api.node.routes[1]).to.deep.equal({ prefix: 'g.Far_~-1', nextHop: 'peer-b', priority: -5 })
    })

    it('adds one to a peer that may come later, with a warning, but none for local delivery', async () => {
      expect((await ask('POST', '/admin/routes', { prefix: 'g.x', nextHop: 'peer-x' })).json).to.include({ warning: "Peer 'peer-x' does not exist yet" })
      for (const nextHop of ['local', 'node-a']) {
        expect((await ask('POST', '/admin/routes', { prefix: 'g.x', nextHop })).json).to.not.have.property('warning')
      }
    })

    const badRoutes: Array<[string, unknown, string]> = [
      ['no body', undefined, 'Request body must be a JSON object'],
      ['no prefix', { nextHop: 'peer-b' }, 'Missing or invalid prefix'],
      ['a prefix that is a number', { prefix: 5, nextHop: 'peer-b' }, 'Missing or invalid prefix'],
      ['no next hop', { prefix: 'g.x' }, 'Missing or invalid nextHop'],
      ['a prefix that is no address', { prefix: 'g..x', nextHop: 'peer-b' }, 'Invalid ILP address prefix: g..x'],
      ['a prefix too long for an address', { prefix: `g.${'x'.repeat(1022)}`, nextHop: 'peer-b' }, `Invalid ILP address prefix: g.${'x'.repeat(1022)}`],
      ['a priority that is no integer', { prefix: 'g.x', nextHop: 'peer-b', priority: 0.5 }, 'priority must be an integer']
    ]
    for (const [what, body, message] of badRoutes) {
      it(`refuses ${what}`, async () => {
        await refuses('POST', '/admin/routes', body, 400, message, 'Bad request')
        expect(api.node.routes).to.have.length(1)
      })
    }

    it('removes one by its prefix, encoded or not', async () => {
      expect((await ask('DELETE', '/admin/routes/g.peer-b')).json).to.deep.equal({ success: true, prefix: 'g.peer-b', message: "Route 'g.peer-b' removed" })
      api.node.addRoute('g.a/b', 'peer-b', 0)
      expect((await ask('DELETE', '/admin/routes/g.a%2Fb')).json).to.include({ prefix: 'g.a/b' })
      expect(api.node.routes).to.deep.equal([])
      await refuses('DELETE', '/admin/routes/g.peer-b', undefined, 404, "Route with prefix 'g.peer-b' not found")
    })
  })

  describe('balances', () => {
    for (const path of ['/admin/balances', '/admin/accounts']) {
      it(`shows them at ${path}`, async () => {
        expect((await ask('GET', `${path}/peer-b?tokenId=USD`)).json).to.deep.equal({
          peerId: 'peer-b', balances: [{ tokenId: 'USD', debitBalance: '12', creditBalance: '5', netBalance: '-7' }]
        })
        await refuses('GET', `${path}/peer-x`, undefined, 404, 'Peer not found: peer-x')
      })
    }
  })

  describe('settlement that nobody configured', () => {
    const SETTLEMENT = 'Settlement infrastructure not enabled'
    const missing: Array<[string, string, string, object?]> = [
      ['GET', '/admin/channels', SETTLEMENT],
      ['POST', '/admin/channels', SETTLEMENT, { peerId: 'peer-b', chain: 'evm:1', initialDeposit: '0' }],
      ['GET', '/admin/channels/0x01', SETTLEMENT],
      ['POST', '/admin/channels/0x01/deposit', 'EVM settlement infrastructure not enabled', { amount: '1' }],
      ['POST', '/admin/channels/0x01/close', SETTLEMENT, {}],
      ['POST', '/admin/channels/0x01/redeem', SETTLEMENT],
      ['GET', '/admin/channels/0x01/claims', 'Claim receiver not enabled'],
      ['GET', '/admin/settlement/states', 'Settlement monitoring not enabled']
    ]
    for (const [method, path, message, body] of missing) {
      it(`is what ${method} ${path} says`, async () => {
        await refuses(method, path, body, 503, message, 'Service unavailable')
        expect(api.log.lines.filter(line => line.startsWith('warn')), 'nothing has gone wrong').to.deep.equal([])
      })
    }
  })

  describe('what goes wrong', () => {
    it('is JSON for a path or method that does not exist', async () => {
      for (const [method, path] of [['GET', '/admin/nothing'], ['PATCH', '/admin/peers'], ['POST', '/'], ['POST', '/admin']] as const) {
        const { status, json } = await api.send(method, path)
        expect(status, path).to.equal(404)
        expect(json, path).to.deep.equal({
          error: 'Not found',
          message: `No such route: ${method} ${path}. This is the admin API of the node node-a: /admin/openapi.json lists all, and /admin/docs shows ` +
            'them in a browser.'
        })
      }
    })

    it('is not at / and /admin: they lead to the page', async () => {
      for (const path of ['/', '/admin', '/admin/']) {
        const { status, headers } = await api.send('GET', path)
        expect([status, headers.location], path).to.deep.equal([302, '/admin/docs'])
      }
    })

    it('is a 400 for a body that is no JSON, without quoting it', async () => {
      const { status, json, text } = await ask('POST', '/admin/peers', `{"authToken": "${PEER_SECRET}"`)
      expect([status, (json as { error: string }).error]).to.deep.equal([400, 'Bad request'])
      expect(text).to.not.contain(PEER_SECRET)
    })

    it('is a 413 for a body above 100 KiB', async () => {
      const body = (size: number): string => JSON.stringify({ ...NEW_PEER, id: 'x'.repeat(size - JSON.stringify({ ...NEW_PEER, id: '' }).length) })
      expect((await api.send('POST', '/admin/peers', body(102_400))).status).to.equal(201)
      const { status, json } = await api.send('POST', '/admin/peers', body(102_401))
      expect([status, json]).to.deep.equal([413, { error: 'Payload too large', message: 'the request body is larger than 102400 bytes.' }])
    })

    it('is one line of a 500, and a stack in the log alone, for what nobody expected', async () => {
      api.node.trouble = () => { throw new Error('the books are closed\nRequire stack:\n- /srv/secret/place.js') }
      const { status, json } = await ask('GET', '/admin/peers')
      expect([status, json]).to.deep.equal([500, { error: 'Internal server error', message: 'the books are closed' }])
      expect(api.log.lines.filter(line => line.startsWith('warn')).join()).to.contain('secret/place.js')
      api.node.trouble = () => { throw 'a string' as unknown }
      expect((await ask('GET', '/admin/peers')).status).to.equal(500)
    })

    it('has the status that the node gives it', async () => {
      api.node.trouble = () => { throw Object.assign(new Error('peer id has characters that an address cannot have'), { httpErrorCode: 400 }) }
      const { status, json } = await api.get('/admin/peers')
      expect([status, json]).to.deep.equal([400, { error: 'Bad request', message: 'peer id has characters that an address cannot have' }])
    })

    it('is not kept by caches, nor guessed at by browsers', async () => {
      for (const path of ['/admin/peers', '/admin/nothing', '/health']) {
        expect((await api.get(path)).headers, path).to.include({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
      }
    })
  })

  it('says on the admin port that it answers', async () => {
    const { status, json } = await api.get('/health')
    expect(status).to.equal(200)
    expect(json).to.include({ status: 'healthy', service: 'admin-api', nodeId: 'node-a' })
    expect(new Date((json as { timestamp: string }).timestamp).getTime()).to.be.closeTo(Date.now(), 60_000)
  })
})
