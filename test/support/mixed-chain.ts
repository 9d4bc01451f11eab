/**
 * Chains of three connectors, each of a kind of its own: a node of ours, an agent connector that speaks the toon dialect byte for byte, or
 * ilp-connector 23 with npm's BTP plugin. Each pays, forwards, and is paid at `g.<name>`. It fulfils a packet with the SHA-256 of its
 * data, which it sends back, and refuses what goes to `g.<name>.no`.
 */
import { createRequire } from 'node:module'
import { EventEmitter } from 'node:events'
import * as IlpPacket from 'ilp-packet'
import { freePort } from '../../examples/free-port.js'
import type { ConnectorNode, PeerConfig } from '../../src/index.js'
import type { AccountInfo } from '../../src/contracts/account.js'
import type { PluginInstance } from '../../src/contracts/plugin.js'
import { Network } from './network.js'
import type { World } from './node.js'
import { sha256 } from './packets.js'
import type { ToonPeer } from './toon-peer.js'
import {
  MESSAGE, RESPONSE, readToonPrepare, toonDial, toonFrame, toonFulfill, toonListen, toonPrepare, toonReject, toonTime
} from './toon-peer.js'
import { eventually } from './waiting.js'

export type Kind = 'sluice' | 'toon' | 'reference'
export const KINDS: readonly Kind[] = ['sluice', 'toon', 'reference']

export interface Payment {
  destination: string
  amount: bigint
  data: Buffer
  expiresAt: Date
}

/** What the sender learns. */
type Outcome = { data: string } | { code: string, triggeredBy: string, message: string }

/** A neighbour, and who of the two dials. */
interface Neighbour {
  party: Party
  dials: boolean
  /** Empty: none. */
  secret: string
  /** Where packets for these parties go. */
  beyond: readonly string[]
}

export interface Party {
  readonly kind: Kind
  readonly name: string
  /** Where this neighbour dials. */
  portFor (neighbour: string): number
  /** Starts to listen and to dial. Resolves before everybody is connected. */
  start (neighbours: readonly Neighbour[]): Promise<void>
  isConnected (): boolean
  reconnect (): Promise<void>
  send (payment: Payment): Promise<Outcome>
  /** What arrived at `g.<name>`. */
  readonly arrived: Array<Pick<Payment, 'amount' | 'data' | 'expiresAt'>>
}

export const REFUSAL = 'not at the moment'

abstract class Base {
  readonly arrived: Party['arrived'] = []

  constructor (readonly name: string, protected readonly ports: readonly [number, number], protected readonly world: World) {}

  portFor (_neighbour: string): number {
    return this.ports[0]
  }

  /** What the network does to agent connectors here; the other kinds have tests of their own for it. */
  reconnect (): Promise<void> {
    return Promise.reject(new Error(`${this.name} cannot do that`))
  }

  protected refuses (destination: string): boolean {
    return destination === `g.${this.name}.no`
  }
}

class SluiceParty extends Base implements Party {
  readonly kind = 'sluice'
  #node: ConnectorNode | undefined
  #neighbours: readonly Neighbour[] = []

  async start (neighbours: readonly Neighbour[]): Promise<void> {
    this.#neighbours = neighbours
    const peers = neighbours.filter(({ dials }) => dials)
      .map(({ party, secret }): PeerConfig => ({ id: party.name, url: `ws://127.0.0.1:${party.portFor(this.name)}`, authToken: secret }))
    for (const { party, secret } of neighbours) if (secret !== '') this.world.setEnv(`BTP_PEER_${party.name.toUpperCase()}_SECRET`, secret)
    this.#node = await this.world.make(this.name, {
      btpServerPort: this.ports[0],
      peers,
      routes: neighbours.flatMap(({ party, beyond }) => beyond.map(name => ({ prefix: `g.${name}`, nextHop: party.name }))),
      settlement: { connectorFeePercentage: 0 }
    })
    this.#node.setPacketHandler(({ destination, amount, data, expiresAt }) => {
      if (this.refuses(destination)) return { accept: false, rejectReason: { code: 'timeout', message: REFUSAL } }
      this.arrived.push({ amount: BigInt(amount), data: Buffer.from(data ?? '', 'base64'), expiresAt: new Date(expiresAt) })
      return { accept: true, data }
    })
    await this.#node.start()
  }

  isConnected (): boolean {
    return this.#neighbours.every(({ party }) => this.#node?.isPeerConnected(party.name) === true)
  }

  async send (payment: Payment): Promise<Outcome> {
    const answer = await this.#node!.sendPacket(payment)
    if (answer.type === 13) return { data: answer.data.toString('hex') }
    const { code, triggeredBy, message } = answer
    return { code, triggeredBy, message }
  }
}

class ToonParty extends Base implements Party {
  readonly kind = 'toon'
  readonly #peers = new Map<string, ToonPeer>()
  #neighbours: readonly Neighbour[] = []
  #requests = 1000

  async start (neighbours: readonly Neighbour[]): Promise<void> {
    this.#neighbours = neighbours
    const callers = neighbours.filter(({ dials }) => !dials)
    if (callers.length > 0) {
      const listener = await toonListen(callers[0]!.secret, this.ports[0])
      void (async () => {
        for (;;) {
          const peer = await listener.next()
          this.#meet(listener.auths.at(-1)!.peerId, peer)
        }
      })()
    }
    for (const neighbour of neighbours) if (neighbour.dials) void this.#dial(neighbour)
  }

  isConnected (): boolean {
    return this.#neighbours.every(({ party }) => this.#peers.get(party.name)?.ws.readyState === 1)
  }

  async send ({ destination, amount, data, expiresAt }: Payment): Promise<Outcome> {
    const condition = sha256(sha256(data))
    const answer = await this.#forward(destination, toonPrepare({ amount, expiresAt: toonTime(expiresAt), condition, destination, data }))
    return toonOutcome(answer)
  }

  /** Loses all connections, and dials those again that it has to dial. */
  override async reconnect (): Promise<void> {
    for (const peer of this.#peers.values()) peer.ws.terminate()
    for (const neighbour of this.#neighbours) if (neighbour.dials) await this.#dial(neighbour)
  }

  async #dial ({ party, secret }: Neighbour): Promise<void> {
    const peer = await toonDial(party.portFor(this.name))
    this.#meet(party.name, peer)
    await peer.authenticate(this.name, secret)
  }

  #meet (name: string, peer: ToonPeer): void {
    this.#peers.set(name, peer)
    peer.answering = (packet, { type, requestId }) => {
      if (type !== MESSAGE) return undefined
      void this.#answer(packet).then(answer => { peer.ws.send(toonFrame(RESPONSE, requestId, [], answer)) })
      return undefined
    }
  }

  async #answer (packet: Buffer): Promise<Buffer> {
    const { amount, expiresAt, destination, data } = readToonPrepare(packet)
    if (!destination.startsWith(`g.${this.name}`)) return await this.#forward(destination, packet)
    if (this.refuses(destination)) return toonReject('T00', this.name, REFUSAL)
    this.arrived.push({ amount, data, expiresAt: new Date(expiresAt.replace(/(....)(..)(..)(..)(..)(..\.)/, '$1-$2-$3T$4:$5:$6')) })
    return toonFulfill(sha256(data), data)
  }

  async #forward (destination: string, packet: Buffer): Promise<Buffer> {
    const next = this.#neighbours.find(({ beyond }) => beyond.some(name => destination.startsWith(`g.${name}`)))
    return await this.#peers.get(next!.party.name)!.send(this.#requests++, packet)
  }
}

const require = createRequire(import.meta.url)
const NpmPlugin = require('ilp-plugin-btp') as new (options: object) => { isConnected (): boolean }

class ReferenceParty extends Base implements Party {
  readonly kind = 'reference'
  readonly #app = new AppPlugin(packet => this.#answer(packet))
  #plugins: Array<{ isConnected (): boolean }> = []

  async start (neighbours: readonly Neighbour[]): Promise<void> {
    const account = (plugin: object): AccountInfo =>
      ({ relation: 'peer', assetCode: 'M2M', assetScale: 0, sendRoutes: false, receiveRoutes: false, plugin: plugin as PluginInstance })
    const plugins = this.#plugins = neighbours.map(({ party, dials, secret }) => new NpmPlugin(dials
      ? { server: `btp+ws://${this.name}:${secret}@127.0.0.1:${party.portFor(this.name)}` }
      : { listener: { port: this.portFor(party.name), secret } }))
    const network = new Network()
    this.world.after(() => network.stop())
    await network.connector('reference', {
      ilpAddress: `g.${this.name}.connector`,
      routes: [
        { targetPrefix: `g.${this.name}`, peerId: 'app' },
        ...neighbours.flatMap(({ party, beyond }) => beyond.map(name => ({ targetPrefix: `g.${name}`, peerId: party.name })))
      ],
      accounts: Object.fromEntries([
        ['app', account(this.#app)] as const, ...neighbours.map(({ party }, i) => [party.name, account(plugins[i]!)] as const)
      ])
    })
  }

  /** An account of npm's plugin has a port of its own. */
  override portFor (neighbour: string): number {
    return this.ports[neighbour < this.name ? 0 : 1]
  }

  isConnected (): boolean {
    return this.#plugins.every(plugin => plugin.isConnected())
  }

  async send ({ destination, amount, data, expiresAt }: Payment): Promise<Outcome> {
    const answer = await this.#app.handler!(IlpPacket.serializeIlpPrepare({
      destination, amount: String(amount), data, expiresAt, executionCondition: sha256(sha256(data))
    }))
    if (answer[0] === IlpPacket.Type.TYPE_ILP_FULFILL) return { data: IlpPacket.deserializeIlpFulfill(answer).data.toString('hex') }
    const { code, triggeredBy, message } = IlpPacket.deserializeIlpReject(answer)
    return { code, triggeredBy, message }
  }

  #answer (packet: Buffer): Buffer {
    const { amount, destination, data, expiresAt } = IlpPacket.deserializeIlpPrepare(packet)
    if (this.refuses(destination)) return IlpPacket.serializeIlpReject({ code: 'T00', triggeredBy: `g.${this.name}`, message: REFUSAL, data: Buffer.alloc(0) })
    this.arrived.push({ amount: BigInt(amount), data, expiresAt })
    return IlpPacket.serializeIlpFulfill({ fulfillment: sha256(data), data })
  }
}

/** The application of an ilp-connector. */
class AppPlugin extends EventEmitter {
  static readonly version = 2
  handler: ((packet: Buffer) => Promise<Buffer>) | undefined

  constructor (private readonly answer: (packet: Buffer) => Buffer) {
    super()
  }

  connect (): Promise<void> { return Promise.resolve() }
  disconnect (): Promise<void> { return Promise.resolve() }
  isConnected (): boolean { return true }
  sendMoney (): Promise<void> { return Promise.resolve() }
  registerMoneyHandler (): void {}
  deregisterMoneyHandler (): void {}
  registerDataHandler (handler: (packet: Buffer) => Promise<Buffer>): void { this.handler = handler }
  deregisterDataHandler (): void { this.handler = undefined }
  sendData (packet: Buffer): Promise<Buffer> { return Promise.resolve(this.answer(packet)) }
}

const MAKE = { sluice: SluiceParty, toon: ToonParty, reference: ReferenceParty }

/** Whether two kinds that do not speak the same dialect would be neighbours: only ours speaks both. */
export function isPossible (kinds: readonly Kind[]): boolean {
  return kinds.every((kind, i) => i === 0 || kind === kinds[i - 1] || [kind, kinds[i - 1]].includes('sluice'))
}

/**
 * Starts a, b and c in a row. Resolves when they are connected.
 * @param middleDials whether b dials the others, or they b
 */
export async function startChain (
  kinds: readonly [Kind, Kind, Kind], { world, middleDials, secret }: { world: World, middleDials: boolean, secret: string }
): Promise<[Party, Party, Party]> {
  const make = async (kind: Kind, name: string): Promise<Party> => new MAKE[kind](name, [await freePort(), await freePort()], world)
  const [a, b, c] = [await make(kinds[0], 'a'), await make(kinds[1], 'b'), await make(kinds[2], 'c')]
  const starts = [
    () => a.start([{ party: b, dials: !middleDials, secret, beyond: ['b', 'c'] }]),
    () => c.start([{ party: b, dials: !middleDials, secret, beyond: ['a', 'b'] }]),
    () => b.start([{ party: a, dials: middleDials, secret, beyond: ['a'] }, { party: c, dials: middleDials, secret, beyond: ['c'] }])
  ]
  for (const start of middleDials ? starts : starts.reverse()) await start()
  await eventually('all are connected', () => [a, b, c].every(party => party.isConnected()))
  return [a, b, c]
}

function toonOutcome (answer: Buffer): Outcome {
  let at = 1
  const octets = (): Buffer => {
    const first = answer.readUInt8(at++)
    const size = first < 128 ? 0 : first - 128
    const length = size === 0 ? first : answer.readUIntBE(at, size)
    at += size
    return answer.subarray(at, at += length)
  }
  if (answer[0] === 13) {
    at += 32
    return { data: octets().toString('hex') }
  }
  const code = answer.toString('latin1', at, at += 3)
  return { code, triggeredBy: octets().toString(), message: octets().toString() }
}
