/** Events as a busy node makes them: for the benchmark of the explorer's history, and for tests of a long one. */
import { createHash } from 'node:crypto'
import type { ExplorerEvent, PacketStep } from '../../src/contracts/explorer-events.js'

const PEERS = 50
const ASSET = { assetCode: 'USD', assetScale: 9 }
const STEPS = ['errorHandler', 'rateLimit', 'maxPacketAmount', 'throughput', 'balance', 'stats', 'route', 'rate', 'deduplicate', 'balance', 'expire', 'send']

/** Packets between fifty peers, each with three events, and a balance now and then: about 550 bytes each, over two days. */
export function * busyEvents (count: number): Generator<ExplorerEvent> {
  const began = Date.now() - 2 * 24 * 60 * 60 * 1000
  let made = 0
  for (let packet = 0; made < count; packet++) {
    const timestamp = began + Math.floor(2 * 24 * 60 * 60 * 1000 * made / count)
    const packetId = createHash('sha256').update(`packet ${packet}`).digest('hex')
    const [from, to] = [`peer-${packet % PEERS}`, `peer-${(packet * 7 + 3) % PEERS}`]
    const destination = `test.${to}.${packetId.slice(0, 20)}`
    const packetOf = { nodeId: 'node-1', packetId, destination, amount: `${packet * 1013 % 1e9}`, from, ...ASSET }
    const steps = STEPS.map((step, place): PacketStep => ({ step, accountId: place < 6 ? from : to, at: packet * (place + 1) % 300 / 100 }))
    const answer = { ...packetOf, to, took: packet % 400 / 10, steps, timestamp: timestamp + 40 }
    const batch: ExplorerEvent[] = [
      { type: 'PACKET_RECEIVED', ...packetOf, bytes: 212, expiresAt: timestamp + 30_000, timestamp },
      { type: 'PACKET_FORWARDED', ...packetOf, to, timestamp: timestamp + 1 },
      packet % 8 === 0
        ? { type: 'PACKET_REJECTED', ...answer, code: 'T04', message: 'exceeded maximum balance.', triggeredBy: `test.${to}` }
        : { type: 'PACKET_FULFILLED', ...answer, fulfillment: createHash('sha256').update(packetId).digest('hex') }
    ]
    if (packet % 6 === 0) {
      const balance = { debitBalance: `${packet * 977}`, creditBalance: '0', netBalance: `${packet * 977}`, settlementState: 'IDLE' as const }
      const at = new Date(timestamp).toISOString()
      batch.push({ type: 'ACCOUNT_BALANCE', nodeId: 'node-1', peerId: from, tokenId: 'USD', ...ASSET, ...balance, timestamp: at })
    }
    made += batch.length
    yield * batch
  }
}
