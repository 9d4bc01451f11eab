/** What tests may order the stand-in to do, over HTTP. */
import { noFaults, type Faults } from './faults.js'
import type { Network, ReorgOptions } from './network.js'
import type { MinaNode } from './server.js'

export type Order =
  | { does: 'fund', account: string, amount: string }
  | { does: 'block', count: number }
  | { does: 'slot', slot: number }
  | { does: 'follow', nowMs: number }
  | { does: 'called', above: number }
  | { does: 'reorg', depth: number, options: ReorgOptions }
  | { does: 'conditions', conditions: Conditions }
  | { does: 'fork', chainId: string }
  | { does: 'faults', node: number, faults: Partial<Faults> }
  | { does: 'asked', node: number }
  | { does: 'anotherNode' }

/** What the chain is like, for all its nodes; null: no such slot. */
export interface Conditions {
  /** Blocks stay empty: they are full of commands of others. */
  crowded?: boolean
  slotsPerBlock?: number
  /** How many commands the pool keeps; the cheapest go. */
  poolSize?: number
  slotTxEnd?: number | null
  slotChainEnd?: number | null
}

interface World {
  network: Network
  nodes: MinaNode[]
  urls: string[]
  addNode: () => MinaNode
}

/** Keys are `EK…`, addresses `B62…`. */
const PRIVATE_KEY = /^EK/

export async function doOrder (order: Order, { network, nodes, urls, addNode }: World): Promise<unknown> {
  switch (order.does) {
  case 'fund': {
    const address = PRIVATE_KEY.test(order.account) ? network.addKey(order.account) : order.account
    network.fund(address, BigInt(order.amount))
    return address
  }
  case 'block': {
    for (let i = 0; i < order.count; i++) network.make(network.tip.slot + network.slotsPerBlock)
    return tipOf(network)
  }
  case 'slot': {
    network.make(order.slot)
    return tipOf(network)
  }
  case 'follow': {
    network.follow(order.nowMs)
    return tipOf(network)
  }
  case 'called': return network.called(order.above)
  case 'reorg': {
    await network.reorg(order.depth, order.options)
    return tipOf(network)
  }
  case 'conditions': {
    setConditions(network, order.conditions)
    return undefined
  }
  case 'fork': {
    network.chainId = order.chainId
    network.refusesProofs = true
    return undefined
  }
  case 'faults': return Object.assign(nodeAt(nodes, order.node).faults, noFaults(), order.faults)
  case 'asked': return nodeAt(nodes, order.node).asked
  case 'anotherNode': {
    const node = addNode()
    nodes.push(node)
    urls.push(await node.start())
    return { node: nodes.length - 1, url: urls.at(-1) }
  }
  }
}

function setConditions (network: Network, { crowded, slotsPerBlock, poolSize, slotTxEnd, slotChainEnd }: Conditions): void {
  if (crowded !== undefined) network.crowded = crowded
  if (slotsPerBlock !== undefined) network.slotsPerBlock = slotsPerBlock
  if (poolSize !== undefined) network.pool.size = poolSize
  if (slotTxEnd !== undefined) network.slotTxEnd = slotTxEnd ?? undefined
  if (slotChainEnd !== undefined) network.slotChainEnd = slotChainEnd ?? undefined
}

function nodeAt (nodes: MinaNode[], at: number): MinaNode {
  const node = nodes[at]
  if (node === undefined) throw new Error(`there is no node ${at}`)
  return node
}

function tipOf ({ tip }: Network): object {
  return { height: tip.height, slot: tip.slot, stateHash: tip.stateHash }
}
