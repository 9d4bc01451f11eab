/** What the TypeScript of programs for agent connectors says of the library: it compiles, and what must not be there is not there. */
import { expect } from 'chai'
import { complaintsAbout } from '../../support/compile.js'
import { World } from '../../support/node.js'

const PROGRAMS: Readonly<Record<string, string>> = {
  'a node in code, child of another': `
    import { ConnectorNode, createLogger, type ConnectorConfig, type ChainProviderConfigEntry } from '@toon-protocol/connector'
    declare const key: string, chainProviders: ChainProviderConfigEntry[] | undefined
    const config: ConnectorConfig = {
      nodeId: 'maker', btpServerPort: 3000, environment: 'development', deploymentMode: 'embedded',
      peers: [{ id: 'apex', url: 'ws://apex:3000', authToken: '', relation: 'parent', transport: 'direct', evmAddress: '0x00' }],
      routes: [{ prefix: 'g.toon.maker', nextHop: 'maker', priority: 100 }, { prefix: 'g', nextHop: 'apex', priority: 0 }],
      localDelivery: { enabled: false }, adminApi: { enabled: false }, settlement: { connectorFeePercentage: 0 },
      chainProviders: chainProviders ?? [
        { chainType: 'evm', chainId: 'evm:84532', rpcUrl: 'https://rpc', registryAddress: '0x', tokenAddress: '0x', keyId: key },
        { chainType: 'evm', chainId: 'evm:base:8453', rpcUrl: 'https://rpc', registryAddress: '0x', tokenAddress: '0x', privateKey: key }
      ],
      transport: { type: 'direct' }
    }
    const node = new ConnectorNode(config, createLogger('maker', 'warn'))
    await node.start()
    await node.stop()`,

  'what the library is to those who take any connector': `
    import type { ConnectorNode } from '@toon-protocol/connector'
    interface Packet { destination: string, amount: bigint, data?: Uint8Array, expiresAt?: Date }
    type Answer = { type: 13, data?: Uint8Array } | { type: 14, code: string, message: string, data?: Uint8Array } |
      { type: 'fulfill', data?: Uint8Array } | { type: 'reject', code: string, message: string, data?: Uint8Array }
    interface Request { amount: string, destination: string, data?: string, sourceAccount?: string }
    type Response = { accept: true, data?: string, metadata?: Record<string, unknown> } |
      { accept: false, rejectReason?: { code: string, message: string }, metadata?: Record<string, unknown> }
    interface AnyConnector {
      sendPacket (packet: Packet): Promise<Answer>
      registerPeer (peer: {
        id: string, url: string, authToken?: string, routes?: Array<{ prefix: string, priority?: number }>, settlement?: Record<string, unknown>
      }): Promise<unknown>
      removePeer (id: string): Promise<unknown>
      setPacketHandler? (handler: (request: Request) => Response | Promise<Response>): void
      openChannel? (channel: {
        peerId: string, chain: string, token?: string, tokenNetwork?: string, peerAddress: string, initialDeposit?: string, settlementTimeout?: number
      }): Promise<{ channelId: string, status: string }>
      getChannelState? (id: string): Promise<{ channelId: string, status: string, chain: string }>
      addRoute? (route: { prefix: string, nextHop: string, priority?: number }): void
      removeRoute? (prefix: string): void
      listRoutes? (): ReadonlyArray<{ prefix: string, nextHop: string }>
      setPeerRelation? (id: string, relation: 'parent' | 'peer' | 'child'): void
      getPeerRelation? (id: string): string | undefined
    }
    declare const node: ConnectorNode
    export const any: AnyConnector = node
    export const all: Required<AnyConnector> = node`,

  'guards of an SDK': `
    import type {
      ConnectorConfig, ILPFulfillPacket, ILPRejectPacket, PaymentHandler, PaymentRequest, PaymentResponse, PeerInfo, PeerRegistrationRequest,
      SendPacketParams
    } from '@toon-protocol/connector'
    declare const fulfill: ILPFulfillPacket, reject: ILPRejectPacket, response: PaymentResponse, config: ConnectorConfig, request: PaymentRequest
    export const types: [13, 14] = [fulfill.type, reject.type]
    export const fulfillment: Buffer = fulfill.fulfillment
    export const expiry: SendPacketParams['expiresAt'] extends Date ? true : never = true
    // @ts-expect-error a packet has an expiry
    export const packet: SendPacketParams = { destination: 'g.x', amount: 1n }
    export const info: PeerInfo = { id: 'x', connected: true, ilpAddresses: ['g.x'], routeCount: 1 }
    export const minimal: PeerRegistrationRequest = { id: 'x', url: 'btp+wss://x.example', authToken: 'secret' }
    export const handler: PaymentHandler = async ({ sourcePeer }) => ({ accept: sourcePeer !== 'local', rejectReason: { code: 'internal_error', message: '' } })
    export const accepted: boolean = response.accept
    export const chains = config.chainProviders
    export const from: string | undefined = request.sourcePeer
    // @ts-expect-error the application names no fulfillment
    export type NoFulfillment = PaymentResponse['fulfillment']
    // @ts-expect-error it is chainProviders now
    export type NoSettlementInfra = ConnectorConfig['settlementInfra']`,

  'handlers, and who sent': `
    import {
      createLogger, createPaymentHandlerAdapter, type ConnectorNode, type LocalDeliveryHandler, type LocalDeliveryRequest, type PaymentHandler
    } from '@toon-protocol/connector'
    declare const node: ConnectorNode, payments: PaymentHandler
    const adapted: LocalDeliveryHandler = createPaymentHandlerAdapter(payments, createLogger('x', 'warn'))
    const sources = new Map<string, string>()
    node.setLocalDeliveryHandler(async (request: LocalDeliveryRequest, sourcePeerId: string) => {
      sources.set(request.destination, sourcePeerId)
      return await adapted(request, sourcePeerId)
    })
    node.setLocalDeliveryHandler(null)`,

  'parts of the library': `
    import {
      ConfigLoader, IlpSendHandler, RoutingTable, createLogger, validateIlpSendRequest, validateResponseData, type ConnectorNode
    } from '@toon-protocol/connector'
    declare const node: ConnectorNode
    const log = createLogger('x', 'info')
    const table = new RoutingTable([{ prefix: 'g.a', nextHop: 'a', priority: 1 }], log)
    export const figures: [number, string | null] = [table.size + node.getRoutingTable().size, table.getNextHop('g.a.b')]
    const { healthCheckPort, environment, logLevel, routes } = ConfigLoader.loadConfig('config.yaml')
    export const defaults: [number, string, string, number] = [healthCheckPort, environment, logLevel, routes.length]
    export const handler = new IlpSendHandler(
      async (packet: { destination: string, amount: bigint, executionCondition: Buffer, expiresAt: Date, data?: Buffer }) => node.sendPacket(packet),
      () => true, log
    )
    export const texts: [string | null, string | undefined] = [validateIlpSendRequest({}), validateResponseData('', log)]`
}
const MISTAKES: Readonly<Record<string, [program: string, complaint: string]>> = {
  'a relation that there is not': [`
    import type { ConnectorNode } from '@toon-protocol/connector'
    declare const node: ConnectorNode
    node.setPeerRelation('x', 'friend')`, "'\"friend\"' is not assignable"],
  'a transport that there is not yet': [`
    import type { PeerConfig } from '@toon-protocol/connector'
    export const peer: PeerConfig = { id: 'x', url: 'ws://x:1', authToken: '', transport: 'tor' }`, "'\"tor\"' is not assignable"]
}

describe('the TypeScript of programs for agent connectors', () => {
  const world = new World()
  let complaints: Map<string, string[]>
  before(async function () {
    this.timeout(60_000)
    const mistakes = Object.entries(MISTAKES).map(([name, [program]]) => [name, program] as const)
    complaints = await complaintsAbout(world, new Map([...Object.entries(PROGRAMS), ...mistakes]))
  })
  after(() => world.end())

  for (const name of Object.keys(PROGRAMS)) {
    it(`compiles: ${name}`, () => {
      expect(complaints.get(name)).to.deep.equal([])
    })
  }

  for (const [name, [, complaint]] of Object.entries(MISTAKES)) {
    it(`does not compile: ${name}`, () => {
      expect(complaints.get(name)).to.have.lengthOf(1)
      expect(complaints.get(name)![0]).to.include(complaint)
    })
  }
})
