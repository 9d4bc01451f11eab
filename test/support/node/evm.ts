/** Nodes that settle on a chain of the test's own, and a peer of theirs that says what the test wants, signed with its own key. */
import * as BtpPacket from 'btp-packet'
import { createHash } from 'node:crypto'
import { freePort } from '../../../examples/free-port.js'
import { CHAIN_ID, type accounts, type Chain, type Deployed } from '../../../examples/evm-chain.js'
import type { ConnectorConfig, ConnectorNode, PeerConfig } from '../../../src/index.js'
import { encodePrepare } from '../../../src/packet/prepare.js'
import { isFulfill, rejectOf } from '../../../src/packet/reply.js'
import { askAdmin, type Answer } from '../admin.js'
import { authenticated, type HandPeer, type Packet } from '../btp.js'
import { proofOf, signProof } from '../evm/signatures.js'
import type { World } from '../node.js'
import { eventually } from '../waiting.js'

export const CHAIN = `evm:${CHAIN_ID}`
export const HOUR = 3600
/** What each account gets of the token. */
export const TOKENS = 1_000_000n
/** Between any two of them. */
export const SECRET = 'secret-between-peers'

type Account = typeof accounts[number]
type Provider = NonNullable<ConnectorConfig['chainProviders']>[number]

/** Asks the admin API of a node. */
export function askNode ({ config: { adminApi } }: ConnectorNode, method: string, path: string, body?: object): Promise<Answer> {
  return askAdmin(`http://127.0.0.1:${adminApi.port}/admin`, method, path, body)
}

export function peerOf (id: string, account: Account, port: number): PeerConfig {
  return { id, url: `ws://127.0.0.1:${port}`, authToken: SECRET, chain: CHAIN, evmAddress: account.address }
}

export interface Settling {
  chain: Chain
  token: Deployed
  account: Account
  rpcUrl?: string
  options?: Provider['settlementOptions']
}

/** What a node needs to settle: a short look at the chain every 100 ms, small thresholds, channels of an hour. */
export async function settlingConfig (
  world: World, { chain, token, account, rpcUrl = chain.url, options }: Settling, more: Partial<ConnectorConfig> = {}
): Promise<Partial<ConnectorConfig>> {
  return {
    btpServerPort: await freePort(),
    healthCheckPort: await freePort(),
    adminApi: { enabled: true, port: await freePort(), host: '127.0.0.1' },
    dataPath: await world.directory(),
    settlement: { connectorFeePercentage: 0 },
    chainProviders: [{
      chainType: 'evm',
      chainId: CHAIN,
      rpcUrl,
      registryAddress: chain.registry.address,
      tokenAddress: token.address,
      keyId: account.privateKey,
      settlementOptions: {
        threshold: '200', initialDeposit: '2000', redeemThreshold: '1000000', pollingIntervalMs: 100, confirmations: 1,
        settlementTimeoutSecs: HOUR, idleCloseSecs: 0, ...options
      }
    }],
    ...more
  }
}

type Entry = BtpPacket.ProtocolData

/** The text of a claim, as deployed nodes write it. `more` takes the place of what it says. */
export async function claimText (
  payer: Account, network: string, claim: { channelId: string, nonce: number, amount: number | bigint }, more: Record<string, unknown> = {}
): Promise<string> {
  const { channelId, nonce, amount } = claim
  return JSON.stringify({
    version: '1.0', blockchain: 'evm', messageId: `evm-${channelId.slice(2, 10)}-${nonce}-1`, timestamp: new Date().toISOString(), senderId: 'mallory',
    channelId, nonce, transferredAmount: String(amount), lockedAmount: '0', locksRoot: `0x${'0'.repeat(64)}`,
    signature: await signProof(payer.privateKey, network, proofOf(channelId, nonce, amount)), signerAddress: payer.address,
    chainId: CHAIN_ID, tokenNetworkAddress: network, ...more
  })
}

/** A peer made by hand, with a socket of its own. */
export class Mallory {
  #requests = 1000

  private constructor (readonly peer: HandPeer) {}

  /** Like any peer, it comes again when a node that is still starting has let it wait for too long. */
  static async dial (node: ConnectorNode): Promise<Mallory> {
    return new Mallory(await eventually('Mallory is let in', () =>
      authenticated(node.config.btpServerPort, SECRET, 'mallory').catch(() => undefined)))
  }

  /** Sends a packet with these claims; resolves to `fulfill`, or to `CODE message by whom`. */
  async pay (destination: string, amount: bigint, ...claims: string[]): Promise<string> {
    const data = Buffer.from(String(++this.#requests))
    const executionCondition = sha256(sha256(data))
    const packet = encodePrepare({ amount, expiresAt: Date.now() + 30_000, executionCondition, destination, data })
    const answer = await this.#ask([{ protocolName: 'ilp', contentType: 0, data: packet }, ...claims.map(claimEntry)])
    const reply = answer.type === BtpPacket.TYPE_RESPONSE ? answer.data.protocolData[0]?.data : undefined
    if (reply === undefined) return JSON.stringify(answer.data)
    if (isFulfill(reply)) return 'fulfill'
    const { code, message, triggeredBy } = rejectOf(reply)
    return `${code} ${message} by ${triggeredBy}`
  }

  /** Sends a claim by itself; resolves to `taken`, or to the error. */
  async tell (claim: string): Promise<string> {
    const { type, data } = await this.#ask([claimEntry(claim)])
    return type === BtpPacket.TYPE_RESPONSE ? 'taken' : JSON.stringify(data)
  }

  async #ask (entries: Entry[]): Promise<Packet> {
    const requestId = ++this.#requests
    this.peer.ws.send(BtpPacket.serializeMessage(requestId, entries))
    for (;;) {
      const answer = this.peer.received.find(frame => frame.requestId === requestId)
      if (answer !== undefined) return answer
      if (this.peer.ws.readyState !== this.peer.ws.OPEN) throw new Error('the socket was closed')
      await new Promise(resolve => { setTimeout(resolve, 5) })
    }
  }
}

function claimEntry (claim: string): Entry {
  return { protocolName: 'payment-channel-claim', contentType: 1, data: Buffer.from(claim) }
}

function sha256 (data: Buffer): Buffer {
  return createHash('sha256').update(data).digest()
}
