/** What `connector validate` finds right `connector start` runs, and what the one refuses the other does too, as far as a file shows it. */
import { readdirSync } from 'node:fs'
import { expect } from 'chai'
import { freePorts, Workplace } from '../../support/cli.js'
import { SEEDS } from '../../support/node.js'
import { seed } from '../../support/node/processes.js'

type Env = Record<string, string>

const ADDRESS = `'0x${'ab'.repeat(20)}'`
const CHAIN = `{ chainType: evm, chainId: 'evm:31337', rpcUrl: 'http://127.0.0.1:9', registryAddress: ${ADDRESS}, tokenAddress: ${ADDRESS}, keyId: '0x${'5e'.repeat(32)}' }`
const peer = (more = '', id = 'b', url = 'ws://127.0.0.1:9'): string => `{ id: ${id}, url: '${url}', authToken: ''${more} }`

interface Verdicts {
  validate: boolean
  start: boolean
  output: string
  /** What each says is wrong. */
  validateLines: string[]
  startLines: string[]
}

const GOOD: ReadonlyArray<[what: string, lines: string[], env?: Env]> = [
  ['no peers', ['peers: []']],
  ['a peer and a route', [`peers: [${peer()}]`, 'routes: [{ prefix: g.b, nextHop: b, priority: -5 }]']],
  ['a peer that is settled with', [`peers: [${peer(`, evmAddress: ${ADDRESS}`)}]`, `chainProviders: [${CHAIN}]`]],
  ['an address and nothing to settle on', [`peers: [${peer(`, evmAddress: ${ADDRESS}`)}]`]],
  ['limits', [`peers: [${peer()}]`, "settlement: { connectorFeePercentage: 99.9, creditLimits: { defaultLimit: 0, perPeerLimits: { b: '5' }, globalCeiling: 9007199254740991 } }"]],
  ['nobody let in without a secret', ['peers: []'], { BTP_ALLOW_NOAUTH: 'false' }],
  ['lines of JSON', ['peers: []'], { LOG_FORMAT: 'json' }],
  ['what is odd and no fault', ['peers: []', 'explorer: { enabled: false, port: 1 }', 'routes: [{ prefix: G.INVALID, nextHop: nobody }]'], { BTP_PORT: '1', BASE_RPC_URL: 'x' }]
]

const BAD: ReadonlyArray<[what: string, lines: string[], env?: Env]> = [
  ['no peers at all', []],
  ['a misspelt key', ['peers: []', 'rotues: []']],
  ['two peers of one name', [`peers: [${peer()}, ${peer()}]`]],
  ['a peer with the name of the node', [`peers: [${peer('', 'agent')}]`]],
  ['a peer with a name that objects have', [`peers: [${peer('', '__proto__')}]`]],
  ['a port that there is not', [`peers: [${peer('', 'b', 'ws://127.0.0.1:99999')}]`]],
  ['a URL without a port', [`peers: [${peer('', 'b', 'ws://127.0.0.1')}]`]],
  ['a URL with a secret', [`peers: [${peer('', 'b', 'ws://me:secret@127.0.0.1:9')}]`]],
  ['an unknown chain', [`peers: [${peer(", chain: 'evm:5'")}]`]],
  ['one address for two peers', [`peers: [${peer(`, evmAddress: ${ADDRESS}`)}, ${peer(`, evmAddress: ${ADDRESS}`, 'c')}]`, `chainProviders: [${CHAIN}]`]],
  ['a kind of chain that nobody knows', ['peers: []', 'chainProviders: [{ chainType: dogecoin }]']],
  ['a node with an endless name', ['peers: []', `nodeId: ${'n'.repeat(1100)}`]],
  ['a key that no header takes', ['peers: []', "adminApi: { enabled: true, host: 127.0.0.1, apiKey: 'schlüssel ' }"]],
  ['an allowlist with a word in it', ['peers: []', 'adminApi: { enabled: true, host: 127.0.0.1, allowedIPs: [here] }']],
  ['a flag that is neither', ['peers: []'], { BTP_ALLOW_NOAUTH: 'maybe' }],
  ['an unknown log format', ['peers: []'], { LOG_FORMAT: 'xml' }],
  ['a variable that is not set', ['peers: []', 'dataPath: ${NOWHERE}']],
  ['a variable that is empty in the place of a secret', [`peers: [{ id: b, url: 'ws://b:1', authToken: '\${B}' }]`], { B: '' }],
  ['one secret for two peers', [`peers: [${peer('', 'b-c')}, ${peer('', 'b_c')}]`], { BTP_PEER_B_C_SECRET: 'x' }],
  ['an address instead of the name of the node', ['peers: []', 'nodeId: g.town']],
  ['an IPv6 address without brackets', [`peers: [${peer('', 'b', 'ws://::1:20001')}]`]],
  ['keys of other connectors', ['peers: []', 'ilpAddress: g.x', 'selfAnnounce: { enabled: true }', 'transport: { type: socks5 }', 'routes: [{ prefix: g.y, upstream: x }]']],
  ['a proxy in the environment', ['peers: []'], { SOCKS_PROXY: 'socks5h://127.0.0.1:9050', TRANSPORT_MODE: 'socks5' }],
  ['a chain in the environment that is not right', ['peers: []'], { BASE_ENABLED: 'true', BASE_RPC_URL: 'x', ARBITRUM_ENABLED: 'perhaps' }],
  ['a port in the environment that there is not', ['peers: []'], { BTP_SERVER_PORT: '0', NODE_ID: 'a b' }],
  ['the address of a peer in the environment that is not right', [`peers: [${peer('', 'peer1')}]`], { PEER1_EVM_ADDRESS: '0x1' }],
  ['what is not YAML', ['peers: [', 'nodeId: "x']],
  ['a key that is there twice', ['peers: []', 'peers: []']]
]

const WHOLE_SEEDS = readdirSync(SEEDS).filter(name => name.endsWith('.yaml') && !name.includes('.part.'))

describe('connector validate and connector start', () => {
  let place: Workplace
  beforeEach(async () => { place = await Workplace.make() })
  afterEach(() => place.remove())

  async function verdicts (text: string, env: Env): Promise<Verdicts> {
    await place.write('config.yaml', text)
    const { code, err } = await place.run(['validate', 'config.yaml'], { env })
    const [start, output] = await starts(env)
    // A fault of a variable is found in no line of the file.
    const validateLines = err.split('\n').filter(line => line !== '' && !/^warning: |: \d+ problems?\.$/.test(line)).map(line => line.replace(/^config\.yaml: /, ''))
    const startLines = output.split('\n').flatMap(line => /^Configuration error: (.*)$/.exec(line)?.[1] ?? []).map(line => line.replace(/^config\.yaml: /, ''))
    return { validate: code === 0, start, output: `${err}\n${output}`, validateLines, startLines }
  }

  /** Whether a node comes up; it is stopped again. */
  async function starts (env: Env): Promise<[boolean, string]> {
    const child = place.start(['start', 'config.yaml'], env)
    let output = ''
    let isUp = false
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        if (isUp || !output.includes('is running as')) return
        isUp = true
        child.kill('SIGTERM')
      })
    }
    await new Promise(resolve => child.once('close', resolve))
    return [isUp, output]
  }

  const lines = async (more: string[]): Promise<string> => {
    const [btp = 0, health = 0, admin = 0] = await freePorts(3)
    const own = [`btpServerPort: ${btp}`, `healthCheckPort: ${health}`, ...more.some(line => line.startsWith('nodeId:')) ? [] : ['nodeId: agent']]
    return [...own, ...more].join('\n').replace('host: 127.0.0.1', `host: 127.0.0.1, port: ${admin}`)
  }

  for (const [what, more, env = {}] of GOOD) {
    it(`take ${what}`, async () => {
      const found = await verdicts(await lines(more), env)
      expect(found, found.output).to.include({ validate: true, start: true })
    }).timeout(60_000)
  }

  for (const [what, more, env = {}] of BAD) {
    it(`refuse ${what}`, async () => {
      const found = await verdicts(await lines(more), env)
      expect(found, found.output).to.include({ validate: false, start: false })
      expect(found.startLines, found.output).to.deep.equal(found.validateLines).and.not.deep.equal([])
    }).timeout(60_000)
  }

  for (const name of WHOLE_SEEDS) {
    it(`take ${name}`, async () => {
      const [btp = 0, health = 0, admin = 0] = await freePorts(3)
      const env = { BTP_SERVER_PORT: String(btp), HEALTH_CHECK_PORT: String(health), ADMIN_API_PORT: String(admin), ADMIN_API_KEY: 'hunter2' }
      const found = await verdicts(seed(name), env)
      expect(found, found.output).to.include({ validate: true, start: true })
    }).timeout(60_000)
  }
})
