/** The BTP plugin and the plugins that are deployed understand each other: npm's ilp-plugin-btp and ilp-plugin-mini-accounts. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { EventEmitter } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import * as IlpPacket from 'ilp-packet'
import type { DataHandler, PluginInstance } from '../../../src/contracts/plugin.js'
import { SECRET, afterTest, btpErrorOf, closeAll, listening, makePlugin, portOf, serverUrl } from '../../support/btp.js'
import { rejectionError } from '../../support/failures.js'

/** The parts of the npm plugins that the tests touch. */
interface NpmPlugin extends EventEmitter, Omit<PluginInstance, 'on' | 'removeListener'> {
  _wss: EventEmitter & { address (): AddressInfo }
  connect (): Promise<unknown>
}
type NpmPluginConstructor = new (options: Record<string, unknown>, services?: Record<string, unknown>) => NpmPlugin

const require = createRequire(import.meta.url)
const NpmPluginBtp = require('ilp-plugin-btp') as NpmPluginConstructor
const NpmMiniAccounts = require('ilp-plugin-mini-accounts') as NpmPluginConstructor

const packet = Buffer.from('a packet')
const largest = Buffer.alloc(34_000, 7)
const echo: DataHandler = data => Promise.resolve(Buffer.concat([Buffer.from('re: '), data]))

/** Their listener on a free port of this machine; resolves when it listens, and `connected` when somebody is there. */
async function npmListener (): Promise<{ plugin: NpmPlugin, port: number, connected: Promise<unknown> }> {
  const plugin = new NpmPluginBtp({ listener: { secret: SECRET, wsOpts: { port: 0, host: '127.0.0.1' } } })
  afterTest(() => plugin.disconnect())
  const connected = plugin.connect()
  await once(plugin._wss, 'listening')
  return { plugin, port: plugin._wss.address().port, connected }
}

function npmClient (port: number, options: Record<string, unknown> = {}): NpmPlugin {
  const plugin = new NpmPluginBtp({ server: serverUrl(port), ...options })
  afterTest(() => plugin.disconnect())
  return plugin
}

async function expectPacketsBothWays (one: PluginInstance, other: PluginInstance): Promise<void> {
  for (const [sender, receiver] of [[one, other], [other, one]] as const) {
    receiver.registerDataHandler(echo)
    for (const data of [packet, largest]) {
      expect((await sender.sendData(data)).equals(await echo(data))).to.equal(true)
    }
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => sender.sendData(Buffer.from(`${i}`))))
    expect(answers.map(String)).to.deep.equal(Array.from({ length: 100 }, (_, i) => `re: ${i}`))
  }
}

async function expectErrorsBothWays (one: PluginInstance, other: PluginInstance): Promise<void> {
  for (const [sender, receiver] of [[one, other], [other, one]] as const) {
    receiver.deregisterDataHandler()
    expect(btpErrorOf(await rejectionError(sender.sendData(packet))).data).to.equal('{"message":"no request handler registered"}')
    receiver.registerDataHandler(() => Promise.reject(Object.assign(new Error('not me'), { name: 'InvalidFieldsError' })))
    expect(btpErrorOf(await rejectionError(sender.sendData(packet)))).to.include({
      code: 'F01', name: 'InvalidFieldsError', data: '{"message":"not me"}'
    })
  }
}

describe('BTP with ilp-plugin-btp', () => {
  afterEach(closeAll)

  it('as the client of its listener', async () => {
    const theirs = await npmListener()
    const ours = makePlugin({ server: serverUrl(theirs.port) })
    await Promise.all([ours.connect(), theirs.connected])
    await expectPacketsBothWays(ours, theirs.plugin)
    await expectErrorsBothWays(ours, theirs.plugin)
  })

  it('as the listener of its client', async () => {
    const ours = await listening()
    const theirs = npmClient(ours.port)
    await Promise.all([ours.connected, theirs.connect()])
    await expectPacketsBothWays(ours.plugin, theirs)
    await expectErrorsBothWays(ours.plugin, theirs)
  })

  it('takes account and token as options too', async () => {
    const ours = await listening({ username: 'alice' })
    const theirs = npmClient(ours.port, { server: `btp+ws://127.0.0.1:${ours.port}`, btpAccount: 'alice', btpToken: SECRET })
    await Promise.all([ours.connected, theirs.connect()])
    const other = await npmListener()
    const client = makePlugin({ server: `btp+ws://127.0.0.1:${other.port}`, btpAccount: 'alice', btpToken: SECRET })
    await Promise.all([other.connected, client.connect()])
  })

  it('keeps a token of unusual characters what it is in a URL there', async () => {
    const token = 'a=b%20c|d'
    const sent = new URL(`ws://:${token}@h`).password
    const ours = await listening({ secret: sent })
    await Promise.all([ours.connected, npmClient(ours.port, { server: serverUrl(ours.port, token) }).connect()])
    const again = await listening({ secret: sent })
    await makePlugin({ server: serverUrl(again.port, token) }).connect()
  })

  it('is refused by its listener with the wrong token, and refuses its client', async () => {
    const theirs = await npmListener()
    theirs.connected.catch(() => undefined)
    const ours = makePlugin({ server: serverUrl(theirs.port, 'wrong') })
    const refused = once(theirs.plugin._wss, 'connection')
    const connecting = rejectionError(ours.connect())
    await refused
    expect(ours.isConnected()).to.equal(false)
    await ours.disconnect()
    await connecting

    const { plugin, port } = await listening()
    const client = npmClient(port, { server: serverUrl(port, 'wrong') })
    client.connect().catch(() => undefined)
    const disconnected = once(client, 'disconnect')
    await disconnected
    expect(plugin.isConnected()).to.equal(false)
  })

  it('sends the flags of its auth message', async () => {
    const ours = await listening()
    const client = makePlugin({ server: serverUrl(ours.port), btpAuthFlags: { text: 'x', bytes: Buffer.from('y'), json: { z: 1 }, none: undefined } })
    await Promise.all([ours.connected, client.connect()])
  })

  it('finds its listener again after a restart', async () => {
    const theirs = await npmListener()
    const ours = makePlugin({ server: serverUrl(theirs.port), reconnectIntervals: [1] })
    await Promise.all([ours.connect(), theirs.connected])
    const disconnected = once(ours, 'disconnect')
    await theirs.plugin.disconnect()
    await disconnected
    const connected = once(ours, 'connect')
    const restarted = new NpmPluginBtp({ listener: { secret: SECRET, wsOpts: { port: theirs.port, host: '127.0.0.1' } } })
    afterTest(() => restarted.disconnect())
    await Promise.all([restarted.connect(), connected])
    await expectPacketsBothWays(ours, restarted)
  })

  it('takes an HTTP server in wsOpts, listens on it and closes it', async () => {
    const server = createServer((_request, response) => response.end('other business'))
    const plugin = makePlugin({ listener: { port: 0, secret: SECRET, wsOpts: { server } } })
    const connected = plugin.connect()
    const port = await portOf(plugin, connected)
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).to.equal('other business')
    const theirs = npmClient(port)
    await Promise.all([connected, theirs.connect()])
    await expectPacketsBothWays(plugin, theirs)
    await plugin.disconnect()
    expect(server.listening).to.equal(false)
  })
})

describe('BTP with ilp-plugin-mini-accounts', () => {
  afterEach(closeAll)

  it('is one of its clients', async () => {
    const server = new NpmMiniAccounts({
      wsOpts: { port: 0, host: '127.0.0.1' },
      debugHostIldcpInfo: { clientAddress: 'test.host', assetScale: 9, assetCode: 'XYZ' }
    })
    afterTest(() => server.disconnect())
    server.registerDataHandler(echo)
    await server.connect()
    await once(server._wss, 'listening')
    const ours = makePlugin({ server: serverUrl(server._wss.address().port) })
    await ours.connect()

    const account = createHash('sha256').update(SECRET).digest('base64url')
    const fulfillment = Buffer.alloc(32, 1)
    const prepare = IlpPacket.serializeIlpPrepare({
      amount: '1',
      expiresAt: new Date(Date.now() + 30_000),
      executionCondition: createHash('sha256').update(fulfillment).digest(),
      destination: `test.host.${account}.app`,
      data: Buffer.alloc(0)
    })
    expect((await ours.sendData(prepare)).equals(await echo(prepare))).to.equal(true)
    const fulfill = IlpPacket.serializeIlpFulfill({ fulfillment, data: packet })
    ours.registerDataHandler(data => Promise.resolve(data.equals(prepare) ? fulfill : Buffer.alloc(0)))
    expect((await server.sendData(prepare)).equals(fulfill)).to.equal(true)
  })
})
