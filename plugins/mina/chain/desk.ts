/**
 * What all accounts of a process with the same nodes and key share: their view of the chain, and the way in for transactions. Where several
 * nodes are configured, each is looked at by itself, and what counts as money is what all of them show.
 */
import type { Logger } from '../../../src/contracts/logger.js'
import { pause } from '../../../src/lib/timers.js'
import { ChainError } from '../../lib/channels/types.js'
import { openSigner } from '../crypto/mina-signer.js'
import type { MinaSigner } from '../crypto/mina-signer.js'
import type { MinaKey } from '../keys.js'
import { Feed } from './feed.js'
import { MinaNode } from './node.js'
import type { NetworkInfo } from './node.js'
import { Nodes } from './nodes.js'
import { Sender } from './sender.js'

export interface DeskOptions {
  urls: readonly string[]
  socksProxy?: string | undefined
  timeoutMs?: number | undefined
  network: string
  confirmations: number
  lookMs: number
  key: MinaKey
  log: Logger
}

export interface Desk {
  readonly info: NetworkInfo
  /** From this slot on no transactions are taken, as the nodes say now; undefined: they say none. */
  stopSlot (): number | undefined
  /** Of the node that leads now: transactions are made by it, and what is not money is read there. */
  readonly feed: Feed
  readonly nodes: Nodes
  /** All of them. */
  readonly feeds: readonly Feed[]
  readonly sender: Sender
  join (member: Member): void
  /** The last one that leaves ends it. */
  leave (member: Member): void
}

/** Told of each new block. */
export interface Member {
  ticked (): void
}

/** Once an hour, where blocks are looked for every 30 seconds. */
const LOOKS_FOR_INFO = 120

const desks = new Map<string, Promise<Desk>>()

/** Rejects while no node can be reached, or one shows another network than the others. */
export async function joinDesk (options: DeskOptions, member: Member): Promise<Desk> {
  const { urls, socksProxy, key: { address }, network, confirmations } = options
  const name = JSON.stringify([urls, socksProxy, network, confirmations, address])
  const opening = desks.get(name) ?? open(options, () => { desks.delete(name) })
  desks.set(name, opening)
  try {
    const desk = await opening
    desk.join(member)
    return desk
  } catch (error) {
    if (desks.get(name) === opening) desks.delete(name)
    throw error
  }
}

async function open (options: DeskOptions, ended: () => void): Promise<Desk> {
  const { urls, socksProxy, timeoutMs, network, confirmations, lookMs, key, log } = options
  const nodes = urls.map(url => new MinaNode({ url, socksProxy, timeoutMs }))
  const infos = await Promise.allSettled(nodes.map(node => node.info()))
  const answers = infos.flatMap((info, i) => info.status === 'fulfilled' ? [{ info: info.value, host: nodes[i]?.host ?? '' }] : [])
  const [first] = answers
  if (first === undefined) throw (infos[0] as PromiseRejectedResult).reason
  const { info } = first
  for (const other of answers) {
    if (other.info.nodeChainId !== info.nodeChainId) throw new ChainError(`the nodes at ${first.host} and ${other.host} are on different chains`, false)
  }
  refuseOther(info, network, first.host)
  const feeds = nodes.map(node => new Feed(node, { confirmations, lookMs, nodeChainId: info.nodeChainId })) as [Feed, ...Feed[]]
  const leading = new Nodes(feeds)
  for (const feed of feeds) feed.follow(key.address)
  let signer: Promise<MinaSigner> | undefined
  const sender = new Sender({ chainId: `mina:${network}`, nodes: leading, key, signer: () => signer ??= openSigner(network), log })
  const members = new Set<Member>()
  const stop = new AbortController()
  for (const feed of feeds) {
    feed.onTip = () => {
      sender.ticked()
      if (feed === leading.leader) for (const member of members) member.ticked()
    }
    void feed.run(stop.signal)
  }
  const stops = infos.map(each => each.status === 'fulfilled' ? each.value.stopSlot : undefined)
  for (const [i, node] of nodes.entries()) void keepAsking(node, lookMs * LOOKS_FOR_INFO, stop.signal, stopSlot => { stops[i] = stopSlot })
  return {
    info,
    stopSlot: () => stops.reduce((least, slot) => slot !== undefined && (least === undefined || slot < least) ? slot : least, undefined),
    get feed () { return leading.leader },
    nodes: leading,
    feeds,
    sender,
    join: member => { members.add(member) },
    leave: member => {
      members.delete(member)
      if (members.size > 0) return
      ended()
      stop.abort()
      for (const node of nodes) node.close()
    }
  }
}

/** A fork is announced weeks ahead, and a node that was updated says so. */
async function keepAsking (node: MinaNode, everyMs: number, signal: AbortSignal, heard: (slot: number | undefined) => void): Promise<void> {
  for (;;) {
    await pause(everyMs, signal)
    if (signal.aborted) return
    await node.info().then(({ stopSlot }) => { heard(stopSlot) }, () => undefined) // asked again
  }
}

/** Nodes say `mina:devnet`, and of a network of one's own whatever it was called: the main one is the one to keep apart. */
function refuseOther ({ networkId }: NetworkInfo, network: string, host: string): void {
  const found = networkId.replace(/^mina:/, '')
  const isPublic = ['mainnet', 'devnet'].includes(found)
  if (found === network || (!isPublic && network !== 'mainnet') || (found === 'devnet' && network !== 'mainnet')) return
  throw new ChainError(`the node at ${host} is on another network. found=${networkId} expected=mina:${network}`, false)
}
