/** What was published beside nodes and their configuration, run as printed: commands, servers, bodies, and pieces for Docker. */
import { spawnSync } from 'node:child_process'
import { chmod, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { parse } from 'yaml'
import { freePort } from '../../../examples/free-port.js'
import { ConfigLoader } from '../../../src/index.js'
import { run, runBlock, seed } from '../../support/node/processes.js'
import type { Program } from '../../support/node/processes.js'
import { ROOT, SEEDS, World, outcome, packet, urlOf } from '../../support/node.js'
import { until } from '../../support/waiting.js'

const CONNECTOR = fileURLToPath(new URL('../../../src/commands/cli/main.js', import.meta.url))
const MODULES = join(ROOT, 'test/support/node/modules')
/** As in the published configurations: what is asked of a node is asked of its parts. */
const BASE = { nodeId: 'my-agent', btpServerPort: 3000, peers: [] }

describe('the published blocks', () => {
  const world = new World()
  afterEach(() => world.end())

  it('are all run here or beside', async () => {
    const tests = await Promise.all(['seeds', 'seed-blocks', 'seed-types'].map(name => readFile(join(ROOT, `test/e2e/node/${name}.test.ts`), 'utf8')))
    // Configurations are read one and all.
    const others = (await readdir(SEEDS)).filter(name => !name.endsWith('.yaml'))
    expect(others.filter(name => !tests.join('').includes(name))).to.deep.equal([])
  })

  /** A shell in which the published commands are installed. Begin what stays with `exec`, so that it ends with the test. */
  async function shell (cwd: string, commands: string, env: Record<string, string> = {}): Promise<Program> {
    const bin = await world.directory()
    const run1 = `exec '${process.execPath}' '${CONNECTOR}'`
    await writeFile(join(bin, 'npx'), `#!/bin/sh\n[ "$1" = connector ] && shift && ${run1} "$@"\n`)
    await writeFile(join(bin, 'npm'), `#!/bin/sh\n[ "$1 $2 $3" = "run send-packet --" ] && shift 3 && ${run1} send "$@"\n`)
    for (const name of ['npx', 'npm']) await chmod(join(bin, name), 0o755)
    return run(world, '/bin/sh', ['-ec', commands], cwd, { ...env, PATH: `${bin}:${process.env.PATH ?? ''}` })
  }

  /** What a command prints; a command that fails is a failure. */
  async function printed (commands: string, cwd?: string): Promise<string> {
    const program = await shell(cwd ?? await world.directory(), commands)
    expect(await program.ended, program.output()).to.equal(0)
    return program.output()
  }

  it('call npm scripts that are there', async () => {
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
    for (const name of ['build', 'test', 'test:acceptance', 'dev', 'send-packet']) expect(scripts[name], name).to.be.a('string')
    const folders = /dist\/test\/e2e\/\{(.*)\}/.exec(scripts['test:acceptance']!)![1]!.split(',')
    for (const folder of folders) expect(await readdir(join(ROOT, 'test/e2e', folder)), folder).to.not.have.lengthOf(0)
  })

  const quiet = (command: string): string => command.replace('curl', 'curl --silent --show-error')

  describe('of commands', () => {
    before(() => {
      for (const command of ['curl', 'openssl']) {
        if (spawnSync(command, ['--version']).error !== undefined) throw new Error(`${command} is needed, and not installed`)
      }
    })

    it('000-keys.sh.txt and 000-key-use.sh.txt: a key that is made as told opens the admin API', async () => {
      const keys = (await printed(seed('000-keys.sh.txt'))).trim().split('\n')
      expect(keys).to.have.lengthOf(2)
      for (const apiKey of keys) {
        const port = await freePort()
        await world.start('shop', { adminApi: { enabled: true, host: '127.0.0.1', port, apiKey } })
        const use = quiet(seed('000-key-use.sh.txt', { 8081: String(port) }))
        expect(JSON.parse(await printed(use))).to.have.property('message', 'Invalid or missing API key')
        expect(JSON.parse(await printed(use.replace('your-secret-key', apiKey)))).to.include({ nodeId: 'shop', peerCount: 0 })
        await world.end()
      }
    })

    it('001-start.sh.txt and 001-send.sh.txt: the published standalone node starts, and sends for who asks it to', async () => {
      const [btp, health, admin, handler] = [await freePort(), await freePort(), await freePort(), await freePort()]
      const directory = await world.directory()
      const agent = await world.start('peer')
      agent.setPacketHandler(({ data }) => ({ accept: true, data }))
      const text = seed('001-standalone.yaml', {
        'btpServerPort: 3000': `btpServerPort: ${btp}`, 'healthCheckPort: 8080': `healthCheckPort: ${health}`, 'port: 8081': `port: ${admin}`,
        'http://localhost:8080': `http://localhost:${handler}`, 'ws://peer-b:3001': urlOf(agent), 'peer-b': 'peer'
      })
      await writeFile(join(directory, 'config.yaml'), text)
      const node = await shell(directory, `exec ${seed('001-start.sh.txt')}`)
      await node.says('my-connector is running as g.my-connector')
      const answer = JSON.parse(await printed(quiet(seed('001-send.sh.txt', { 8081: String(admin) })))) as object
      expect(answer).to.include({ accepted: true, fulfilled: true, data: 'aGVsbG8=' })
    }).timeout(30_000)

    it('001-send-packet.sh.txt and 001-balance.sh.txt: go through the development network, by its health port', async () => {
      const health = await freePort()
      const b = await world.start('connector-b')
      const a = await world.start('connector-a', {
        healthCheckPort: health,
        adminApi: { enabled: true, port: await freePort(), allowedIPs: ['127.0.0.1', '::1'] },
        peers: [{ id: 'connector-b', url: urlOf(b), authToken: '' }],
        routes: [{ prefix: 'g', nextHop: 'connector-b' }]
      })
      b.setPacketHandler(() => ({ accept: true }))
      b.addRoute('g.connector-c', 'local')
      expect(await printed(seed('001-send-packet.sh.txt', { 9080: String(health) }))).to.match(/^Fulfilled\.\n/)
      const balance = JSON.parse(await printed(quiet(seed('001-balance.sh.txt', { 9080: String(health) })))) as object
      expect(balance).to.deep.equal(await a.getBalance('connector-b'))
      expect(balance).to.have.nested.property('balances[0].creditBalance', '1000')
    }).timeout(30_000)

    it('002-cli.sh.txt: sets up, starts, looks after and checks a node', async () => {
      const [setup = '', start = '', health = '', validate = ''] = seed('002-cli.sh.txt').trim().split('\n')
      const directory = await world.directory()
      await printed(`yes '' | head -20 | ${setup}`, directory)
      expect(await printed(validate, directory)).to.equal('Configuration file is valid.\n')
      const [btp, healthPort, admin] = [await freePort(), await freePort(), await freePort()]
      const node = await shell(directory, `exec ${start}`, { BTP_SERVER_PORT: String(btp), HEALTH_CHECK_PORT: String(healthPort), ADMIN_API_PORT: String(admin) })
      await node.says('Ctrl-C stops it')
      expect(await printed(health.replace('8080', String(healthPort)))).to.match(/^Status: HEALTHY\n/)
    }).timeout(30_000)

    it('003-send.sh.txt: a business logic server sends through its connector', async () => {
      const [port, admin] = [await freePort(), await freePort()]
      const peer = await world.start('peer-b')
      const paid: string[] = []
      peer.setPacketHandler(({ amount }) => {
        paid.push(amount)
        return { accept: true }
      })
      peer.addRoute('test.peer-b', 'local')
      await world.start('prod-connector', {
        adminApi: { enabled: true, host: '127.0.0.1', port: admin },
        peers: [{ id: 'peer-b', url: urlOf(peer), authToken: '' }],
        routes: [{ prefix: 'test.peer-b', nextHop: 'peer-b' }]
      })
      const env = { PORT: String(port), CONNECTOR_ADMIN_URL: `http://127.0.0.1:${admin}` }
      await (await runBlock(world, await world.directory(), seed('003-server.js.txt'), env)).says('BLS listening')
      expect(JSON.parse(await printed(quiet(seed('003-send.sh.txt', { 3100: String(port) }))))).to.include({ accepted: true })
      expect(paid).to.deep.equal(['10'])
    }).timeout(30_000)
  })

  it('003-flask.py.txt: serves a standalone node, on a stand-in for flask', async () => {
    const port = await freePort()
    const file = join(await world.directory(), 'app.py')
    await writeFile(file, seed('003-flask.py.txt'))
    const server = run(world, 'python3', ['-u', file], MODULES, { PORT: String(port), PYTHONPATH: MODULES, PYTHONDONTWRITEBYTECODE: '1' })
    await server.says('Running on')
    const shop = await world.start('shop', { localDelivery: { enabled: true, handlerUrl: `http://127.0.0.1:${port}` } })
    expect(await shop.isHandlerHealthy()).to.equal(true)
    expect(await shop.sendPacket(packet('g.shop', { amount: 100_000n, data: Buffer.from('one book') }))).to.deep.include({ type: 13, data: Buffer.from('one book') })
    expect(outcome(await shop.sendPacket(packet('g.shop', { amount: 1n })))).to.equal('fulfill')
    expect(await shop.sendPacket(packet('g.shop', { amount: 100_001n }))).to.include({ code: 'F03', message: 'amount exceeds limit' })
    await server.says('[BLS] 100001')
  }).timeout(30_000)

  it('003-request.json, 003-accept.json, 003-reject.json: are what a business logic server is asked and what it may answer', async () => {
    const answers = [JSON.parse(seed('003-accept.json')) as object, JSON.parse(seed('003-reject.json')) as object]
    const { url, requests } = await world.businessLogic(() => answers.shift() ?? {})
    const shop = await world.start('shop', { localDelivery: { enabled: true, handlerUrl: url } })
    expect(outcome(await shop.sendPacket(packet('g.shop.user-42', { data: Buffer.from('hello') })))).to.equal('fulfill')
    expect(await shop.sendPacket(packet('g.shop.user-42'))).to.include({ code: 'T04', message: 'Balance 42 < required 1000' })
    const promised = JSON.parse(seed('003-request.json')) as Record<string, unknown>
    const [request] = requests
    // isTransit is left out where a packet ends, as the document's own text says: it is only ever true.
    expect(request).to.include.all.keys(Object.keys(promised).filter(key => key !== 'isTransit'))
    expect(Object.entries(request!).every(([key, value]) => !(key in promised) || typeof value === typeof promised[key])).to.equal(true)
  })

  it('001-integration.ts.txt: another package takes the node, starts it and is paid, on a stand-in for that package', async () => {
    const peer = await world.start('peer-b')
    const [btpPort, healthPort] = [await freePort(), await freePort()]
    await peer.registerPeer({ id: 'my-agent', url: `ws://127.0.0.1:${btpPort}`, authToken: 'secret-token', routes: [{ prefix: 'g.my-agent' }] })
    const directory = await world.directory()
    await writeFile(join(directory, 'config.yaml'), seed('001-minimal.yaml', {
      'btpServerPort: 3000': `btpServerPort: ${btpPort}`, 'healthCheckPort: 8080': `healthCheckPort: ${healthPort}`, 'ws://peer-b:3001': urlOf(peer)
    }))
    const given = "import { createLogger } from '@crosstown/connector'\n" +
      "const [logger, secretKey, ilpInfo, relayUrl] = [createLogger('relay'), new Uint8Array(32), {}, 'ws://127.0.0.1:7777']\n"
    const core = pathToFileURL(join(MODULES, 'crosstown-core.mjs')).href
    const program = await runBlock(world, directory, given + seed('001-integration.ts.txt', { '@crosstown/core': core }))
    await program.says('connector_ready')
    const send = async (amount: bigint): Promise<string> => outcome(await peer.sendPacket(packet('g.my-agent', { amount, data: Buffer.from('an event') })))
    await until(() => peer.getHealthStatus().peersConnected === 1)
    expect(await send(1000n)).to.equal('fulfill')
    expect(await send(79n)).to.equal('F03')
  }).timeout(30_000)

  it('002-blockchain.ts.txt: is not passed over in silence, having no contracts to settle with', async () => {
    const block = seed('002-blockchain.ts.txt', { '// ...': `...${JSON.stringify(BASE)},` })
    const program = await runBlock(world, await world.directory(), `import { ConnectorNode } from '@toon-protocol/connector'\n${block}\nnew ConnectorNode(config)`)
    await program.ended
    expect(program.output()).to.match(/(ConfigurationError: | warn ).*\bblockchain\b/)
  })

  describe('for Docker', () => {
    interface Service { image?: string, environment: Record<string, string>, networks: string[], ports: string[], depends_on: object }
    const serviceOf = (text: string, name: string): Service => (parse(text) as { services: Record<string, Service> }).services[name]!
    const prod = readFile(join(ROOT, 'docker-compose.prod.yml'), 'utf8')

    it('003-bls.compose.txt: fits into docker-compose.prod.yml in the place of its server', async () => {
      const [own, ours] = [serviceOf(seed('003-bls.compose.txt'), 'bls'), serviceOf(await prod, 'bls')]
      const { networks, ports, environment: { PORT, CONNECTOR_ADMIN_URL }, depends_on } = ours
      expect({ networks, ports, depends_on }).to.deep.equal({ networks: own.networks, ports: own.ports, depends_on: own.depends_on })
      expect({ PORT, CONNECTOR_ADMIN_URL }).to.deep.equal(own.environment)
    })

    it('001-settlement.compose.txt: the variables mean what they say, and those for chains are not passed over in silence', async () => {
      const { image, environment } = serviceOf(seed('001-settlement.compose.txt'), 'connector-a')
      expect(image).to.equal('connector')
      const file = join(await world.directory(), 'config.yaml')
      await writeFile(file, 'nodeId: other\nbtpServerPort: 3000\npeers: []\n')
      const { config, warnings } = ConfigLoader.read(file, { ...environment, EVM_PRIVATE_KEY: 'hunter2' })
      expect(config.nodeId).to.equal('connector-a')
      expect(warnings.join()).to.include('EVM_PRIVATE_KEY').and.to.not.include('hunter2')
    })
  })
})
