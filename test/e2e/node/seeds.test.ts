/** What was published is what works: each code block and each configuration of the documents that this node was promised in. */
import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import { ConfigLoader } from '../../../src/index.js'
import type { ConnectorNode, PaymentRequest } from '../../../src/index.js'
import { runBlock, seed } from '../../support/node/processes.js'
import { SEEDS, World, outcome, owed, packet, urlOf } from '../../support/node.js'
import { until } from '../../support/waiting.js'

const MINA_KEY = 'EKENJg7tp9W4aS27cft56DCTXjD7QF4aoRHiN9sFEE18wuCagW83'
const MINA_ADDRESS = 'B62qkf8v6QTM28zdyftJkcoizTwCYkao45w7hq5q3WRC1DT2P1tBq6c'

describe('the published examples', () => {
  const world = new World()
  afterEach(() => world.end())

  interface Neighbour {
    node: ConnectorNode
    received: PaymentRequest[]
    /** Where the published node is to listen. */
    btpPort: number
  }

  /** A running neighbour that pays the published node and is paid by it. */
  async function neighbour (nodeId: string, authToken: string, peerId: string): Promise<Neighbour> {
    const node = await world.start(nodeId)
    const received: PaymentRequest[] = []
    node.setPacketHandler(request => {
      received.push(request)
      return { accept: true }
    })
    const btpPort = await freePort()
    await node.registerPeer({ id: peerId, url: `ws://127.0.0.1:${btpPort}`, authToken, routes: [{ prefix: `g.${peerId}` }] })
    return { node, received, btpPort }
  }

  /** A directory with the published configuration, which says where its neighbour is. */
  async function configFile (name: string, peerUrl: string, { node, btpPort }: Neighbour): Promise<string> {
    const directory = await world.directory()
    const healthPort = `healthCheckPort: ${await freePort()}`
    const text = seed(name, { 'btpServerPort: 3000': `btpServerPort: ${btpPort}`, 'healthCheckPort: 8080': healthPort, [peerUrl]: urlOf(node) })
    await writeFile(join(directory, 'config.yaml'), text.includes(healthPort) ? text : `${text}\n${healthPort}\n`)
    return directory
  }

  for (const name of ['000-quick.ts.txt', '002-quick.ts.txt']) {
    it(`${name}: a node in ten lines takes a payment`, async () => {
      const peerB = await neighbour('peer-b', 'secret-token', 'my-agent')
      const { node } = peerB
      const program = await runBlock(world, await configFile('000-config.yaml', 'ws://peer-b:3001', peerB), seed(name))
      await program.says('connector_ready')
      await until(() => node.getHealthStatus().peersConnected === 1)
      expect(outcome(await node.sendPacket(packet('g.my-agent', { amount: 1000n })))).to.equal('fulfill')
      await program.says('Received 1000 tokens')
      expect(await owed(node, 'my-agent')).to.equal(-1000n)
    }).timeout(30_000)
  }

  for (const [name, config] of [['001-embedded.ts.txt', '001-network.yaml'], ['003-embedded.ts.txt', '003-network.yaml']] as const) {
    it(`${name}: sends a packet through the network, stops, and ends`, async () => {
      const peer = await neighbour('peer', 'secret-token', 'hub')
      const { node, received } = peer
      const program = await runBlock(world, await configFile(config, 'ws://peer-connector:3001', peer), seed(name))
      expect(await program.ended, program.output()).to.equal(0)
      expect(received).to.have.lengthOf(1)
      expect(received[0]).to.include({ destination: 'g.peer.agent', amount: '1000', sourcePeer: 'hub' })
      expect(Buffer.from(received[0]!.data!, 'base64').toString()).to.equal('Hello, world!')
      expect(await owed(node, 'hub')).to.equal(1000n)
    }).timeout(30_000)
  }

  it('001-embedded.ts.txt: refuses what is too little, for the reason that it gives', async () => {
    const peer = await neighbour('peer', 'secret-token', 'hub')
    const { node } = peer
    const directory = await configFile('001-network.yaml', 'ws://peer-connector:3001', peer)
    const program = await runBlock(world, directory, seed('001-embedded.ts.txt', { 'await node.stop();': '' }))
    await program.says('connector_ready')
    await until(() => node.getHealthStatus().peersConnected === 1)
    expect(await node.sendPacket(packet('g.hub', { amount: 50n }))).to.include({ type: 14, code: 'F03', message: 'Pay more' })
    expect(await node.sendPacket(packet('g.hub', { amount: 200n, data: Buffer.from('a book') }))).to.include({ type: 13 })
    await program.says('Received 200 tokens: a book')
  }).timeout(30_000)

  it('002-embedded.ts.txt: registers a peer at run time, sends to it, and takes packets, with a pino logger in production', async () => {
    const { node, received, btpPort } = await neighbour('connector-b', '', 'connector-a')
    const healthPort = await freePort()
    const program = await runBlock(world, await world.directory(), seed('002-embedded.ts.txt', {
      'btpServerPort: 4000': `btpServerPort: ${btpPort}`, 'healthCheckPort: 8080': `healthCheckPort: ${healthPort}`, 'ws://localhost:4001': urlOf(node)
    }))
    await program.says('"msg":"connector_ready"')
    await until(() => received.length === 1)
    expect(received[0]).to.include({ destination: 'g.connector-b.agent', amount: '1000', data: 'SGVsbG8=', sourcePeer: 'connector-a' })
    await until(() => node.getHealthStatus().peersConnected === 1)
    expect(outcome(await node.sendPacket(packet('g.connector-a.me')))).to.equal('fulfill')
    await program.says('Delivery: 1000 tokens from connector-b')
  }).timeout(30_000)

  for (const name of ['001-handler.ts.txt', '003-handler.ts.txt', '003-server.js.txt']) {
    it(`${name}: serves a standalone node`, async () => {
      const port = await freePort()
      const around = ["import express from 'express'\nconst app = express()\n", "\napp.listen(process.env.PORT, () => console.log('BLS listening'))"]
      const block = name === '003-server.js.txt' ? seed(name) : around.join(seed(name))
      const program = await runBlock(world, await world.directory(), block, { PORT: String(port) })
      await program.says('BLS listening')
      const shop = await world.start('shop', { localDelivery: { enabled: true, handlerUrl: `http://127.0.0.1:${port}` } })
      const [little, much] = name === '003-server.js.txt' ? [100_001n, 100_000n] : [99n, 100n]
      expect(outcome(await shop.sendPacket(packet('g.shop', { amount: little })))).to.equal('F03')
      expect(outcome(await shop.sendPacket(packet('g.shop', { amount: much })))).to.equal('fulfill')
    }).timeout(30_000)
  }

  describe('of configuration', () => {
    const whole = readdirSync(SEEDS).filter(name => name.endsWith('.yaml') && !name.includes('.part.'))
    const parts = readdirSync(SEEDS).filter(name => name.endsWith('.part.yaml'))
    const WARNINGS: Record<string, string> = {
      '003-transport.part.yaml': 'transport.hiddenService.hostname is not the name of a hidden service, and is taken for a placeholder.',
      '003-transport-production.part.yaml': 'transport.type is socks5, and the BTP port also listens on 0.0.0.0'
    }

    async function read (text: string): Promise<string> {
      const file = join(await world.directory(), 'config.yaml')
      await writeFile(file, text)
      try {
        const { warnings } = ConfigLoader.read(file, { ADMIN_API_KEY: 'hunter2' })
        return warnings.join('\n')
      } catch (error) {
        return String(error)
      }
    }

    for (const name of whole) {
      it(`${name} is right as it stands`, async () => {
        const warnings = await read(seed(name))
        expect(warnings).to.equal(name.includes('1-standalone') || name.includes('3-standalone')
          ? "localDelivery.handlerUrl is this node's own healthCheckPort (8080): packets would come back to the node. " +
            'Run your business logic server on another port, or change ours.'
          : name === '002-standalone.yaml'
            ? "peer peer-b has no secret (authToken is ''): it is known by its url alone, so anyone who can take or redirect that address is paid " +
              'in its place. Set authToken, or BTP_PEER_PEER_B_SECRET.'
            : '')
      })
    }

    it('003-chain-providers.part.yaml is right once it has addresses and keys, but for the main network of Mina, which cannot be served yet', async () => {
      const whole = ['nodeId: my-agent', 'btpServerPort: 3000', 'peers: []', seed('003-chain-providers.part.yaml')].join('\n')
      const filledIn = whole.replace(/Address: '0x\.\.\.'/g, `Address: '0x${'1'.repeat(40)}'`).replace("keyId: '0x...'", `keyId: '0x${'1'.repeat(64)}'`)
        .replace("programId: 'YourProgram...'", `programId: 'So11111111111111111111111111111111111111112'`)
        .replace("zkAppAddress: 'B62q...'", `zkAppAddress: '${MINA_ADDRESS}'`).replace("keyId: 'EKE...'", `keyId: '${MINA_KEY}'`)
      for (const field of ['registryAddress', 'tokenAddress', 'keyId']) expect(await read(whole)).to.include(`chainProviders[0].${field}: found`)
      expect(await read(whole)).to.include('chainProviders[1].programId: found')
      for (const field of ['keyId', 'zkAppAddress']) expect(await read(whole)).to.include(`chainProviders[2].${field}: found`)
      expect((await read(filledIn)).match(/chainProviders\[\d\].\w+: .{20}/g)).to.deep.equal(['chainProviders[2].chainId: mina:mainnet takes t'])
      const supported = await read(filledIn.slice(0, filledIn.indexOf('  - chainType: mina')))
      expect(supported).to.match(/^evm:8453 is Base mainnet, where money is real/).and.contain('solana:mainnet is where money is real')
    })

    for (const name of parts.filter(name => name !== '003-chain-providers.part.yaml')) {
      it(`${name} is right in its place`, async () => {
        const part = seed(name)
        const base = ['nodeId: my-agent', 'btpServerPort: 3000', 'peers: []'].filter(line => !part.includes(line.slice(0, line.indexOf(':') + 1)))
        const result = await read([...base, part].join('\n'))
        const warning = WARNINGS[name]
        if (warning === undefined) expect(result).to.equal('')
        else expect(result.split('\n')).to.have.length(1).and.have.nested.property('[0]').that.includes(warning)
      })
    }
  })
})
