/** alice ─ A ─ B ─ bob: two connectors in one process that can crash at any time, and what happened between them. */
import { fileURLToPath } from 'node:url'
import { LedgerService } from '../../../src/ledger/service.js'
import { prepareOf } from '../../../src/packet/prepare.js'
import { isFulfill } from '../../../src/packet/reply.js'
import type { Ledger, MovementKind } from '../../../src/contracts/ledger.js'
import { account, startConnector, type TestConnector } from '../connector.js'
import { prepare } from '../packets.js'
import { PayingPlugin, WIDE } from '../ledger/books.js'
import { CrashableStore, Disk } from '../ledger/crashable-store.js'

const GIVEN_STORE = fileURLToPath(new URL('../modules/given-store.js', import.meta.url))
const never = (): Promise<never> => new Promise(() => undefined)
const hop = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

export type Side = 'A' | 'B'
export const otherSide = (side: Side): Side => side === 'A' ? 'B' : 'A'

/** One life of one connector. */
class Node {
  readonly client = new PayingPlugin()
  readonly link = new PayingPlugin()
  readonly store: CrashableStore
  isAlive = true
  crash!: () => void
  readonly crashed = new Promise<void>(resolve => {
    this.crash = () => {
      this.isAlive = false
      this.store.crashed = true
      resolve()
    }
  })

  connector!: TestConnector

  constructor (readonly side: Side, disk: Disk) {
    this.store = new CrashableStore(disk)
    this.link.settlesOnce = true // the other side credits an id once
  }

  get ledger (): Ledger {
    return this.connector.container(LedgerService).ledger
  }

  async start (): Promise<void> {
    const client = this.side === 'A' ? 'alice' : 'bob'
    const away = this.side === 'A' ? 'bob' : 'alice'
    this.connector = await startConnector({
      [client]: account(this.client, { balance: WIDE }),
      peer: account(this.link, { balance: { ...WIDE, settleTo: '0' } })
    }, {
      ilpAddress: `test.${this.side}`,
      store: GIVEN_STORE,
      storeConfig: { store: this.store },
      routes: [{ targetPrefix: `test.${client}`, peerId: client }, { targetPrefix: `test.${away}`, peerId: 'peer' }]
    })
  }

  moved (accountId: string, kind: MovementKind): bigint {
    return this.ledger.journalOf(accountId).reduce((sum, { movements }) => sum + movements[kind].amount, 0n)
  }

  get clientId (): string {
    return this.side === 'A' ? 'alice' : 'bob'
  }
}

export class Pair {
  readonly nodes: Record<Side, Node>
  /** Fulfills that clients were given, by the side they sent their packet to. */
  readonly acknowledged = { A: 0n, B: 0n }
  /** What the receiving clients fulfilled, by the side of the sender. */
  readonly given = { A: 0n, B: 0n }
  /** Amounts that clients of this side had sent and heard nothing of when one of the two crashed. */
  readonly doubtful = { A: 0n, B: 0n }
  private readonly disks = { A: new Disk(), B: new Disk() }
  private readonly underWay = new Map<Buffer, Side>()

  constructor () {
    this.nodes = { A: new Node('A', this.disks.A), B: new Node('B', this.disks.B) }
  }

  async start (): Promise<void> {
    for (const side of ['A', 'B'] as const) await this.bring(this.nodes[side])
  }

  /** The client of `side` sends to the client of the other one, who answers with `reply`. Resolves when it has an answer or never will. */
  async send (side: Side, amount: bigint, reply: Buffer): Promise<void> {
    const [node, receiver] = [this.nodes[side], this.nodes[otherSide(side)]]
    receiver.client.answer = packet => {
      if (!receiver.isAlive) return never()
      if (isFulfill(reply)) this.given[side] += prepareOf(packet).amount
      return Promise.resolve(reply)
    }
    const packet = prepare({ destination: `test.${receiver.clientId}`, amount })
    this.underWay.set(packet, side)
    const answered = node.client.receive(packet).then(answer => {
      if (!node.isAlive) return
      this.underWay.delete(packet)
      if (isFulfill(answer)) this.acknowledged[side] += amount
    })
    await Promise.race([answered, node.crashed])
  }

  /** The process of `side` ends, and a new one starts. */
  async restart (side: Side): Promise<void> {
    for (const [packet, from] of this.underWay) this.doubtful[from] += prepareOf(packet).amount
    this.underWay.clear()
    this.nodes[side].crash()
    await hop()
    this.nodes[side] = new Node(side, this.disks[side])
    await this.bring(this.nodes[side])
  }

  async stop (): Promise<void> {
    await Promise.all([this.nodes.A.connector.app.shutdown(), this.nodes.B.connector.app.shutdown()])
  }

  private async bring (node: Node): Promise<void> {
    node.link.answer = packet => this.overTheWire(node, peer => peer.link.receive(packet))
    node.link.pay = (amount, id) => this.overTheWire(node, peer => peer.link.receivePayment(amount, id))
    await node.start()
  }

  /** A wire between processes: what was on it when one of them ended is lost, and the other one notices. */
  private async overTheWire<T> (from: Node, deliver: (peer: Node) => Promise<T>): Promise<T> {
    const peer = this.nodes[otherSide(from.side)]
    await hop()
    if (!from.isAlive) return await never()
    const lost = peer.crashed.then(() => { throw new Error('connection lost') })
    lost.catch(() => undefined)
    const answer = await Promise.race([deliver(peer), lost])
    await hop()
    if (!peer.isAlive) throw new Error('connection lost')
    return answer
  }
}
