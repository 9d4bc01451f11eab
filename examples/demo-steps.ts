/** What the demos of settlement have nodes do on any chain: open channels, pay, settle, and say it. */
import type { ConnectorNode } from '../src/index.js'

/** The node may be settling by itself when it is told to: then that comes to its end, and the rest is settled. */
const SETTLE_TRIES = 100
const SETTLE_AGAIN_MS = 200
/** A node that has just started may not have reached its chain: so many looks, a minute. */
const REACH_TRIES = 300
const NOT_REACHED = 'has not been reached yet'

export function say (line: string): void {
  process.stdout.write(`${line}\n`)
}

/**
 * Opens a channel with the peer, or puts our part into the one that pays both ways and that the peer has opened.
 * @param deposit base units
 */
export async function fund (node: ConnectorNode, peerId: string, deposit: bigint): Promise<void> {
  for (let i = 1; ; i++) {
    const there = (await node.channelManager.list()).find(channel => channel.peerId === peerId && channel.payer !== 'them')
    try {
      if (there === undefined) await node.openChannel(peerId, deposit)
      else await node.channelManager.deposit(there.channelId, deposit)
      return
    } catch (error) {
      if (i === REACH_TRIES || !(error instanceof Error) || !error.message.includes(NOT_REACHED)) throw error // then nothing was begun
      await new Promise(done => setTimeout(done, SETTLE_AGAIN_MS))
    }
  }
}

/** @param amount of each payment, base units */
export async function pay (from: ConnectorNode, destination: string, amount: bigint, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const answer = await from.sendPacket({ destination, amount, expiresAt: new Date(Date.now() + 30_000), data: Buffer.from(`payment ${i}`) })
    if (answer.type !== 13) throw new Error(`a payment was rejected: ${answer.code} ${answer.message}`)
  }
}

/** What a node owes a peer, base units. */
export async function owed (node: ConnectorNode, peerId: string): Promise<bigint> {
  const { balances: [balance] } = await node.getBalance(peerId)
  return BigInt(balance?.creditBalance ?? 0)
}

/** Pays the peer all that the node owes it. */
export async function settle (node: ConnectorNode, peerId: string): Promise<void> {
  for (let i = 0; i < SETTLE_TRIES; i++) {
    const debt = await owed(node, peerId)
    if (debt === 0n) return
    await node.settle(peerId, debt).catch(() => new Promise(done => setTimeout(done, SETTLE_AGAIN_MS)))
  }
  throw new Error(`${node.config.nodeId} cannot settle with ${peerId}`)
}
