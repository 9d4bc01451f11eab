/**
 * Events folded into the packets that they tell of: what the live table shows. It keeps the newest ones, and says how many it has let go,
 * so that a page that stays open for weeks needs no more memory than after a minute.
 */
import type { ExplorerEvent, PacketForwarded, PacketFulfilled, PacketReceived, PacketRejected } from '../../src/contracts/explorer-events.js'

type PacketEvent = PacketReceived | PacketForwarded | PacketFulfilled | PacketRejected
type Outcome = 'fulfilled' | 'rejected' | 'in flight'

export interface PacketRow {
  kind: 'packet'
  id: string
  packetId: string
  at: number
  from: string
  to: string | undefined
  destination: string
  /** In the asset of `from`. */
  amount: string
  assetCode: string
  assetScale: number
  outcome: Outcome
  code: string | undefined
  message: string | undefined
  took: number | undefined
}

const PACKET_EVENTS: ReadonlySet<string> = new Set(['PACKET_RECEIVED', 'PACKET_FORWARDED', 'PACKET_FULFILLED', 'PACKET_REJECTED'])

export function isPacketEvent (event: ExplorerEvent): event is PacketEvent {
  return PACKET_EVENTS.has(event.type)
}

/** A row of the table, from the event alone. Of a forwarded packet the amount is that of the next hop. */
export function rowOf (event: PacketEvent): PacketRow {
  const answered = event.type === 'PACKET_FULFILLED' || event.type === 'PACKET_REJECTED'
  return {
    kind: 'packet',
    id: event.packetId,
    packetId: event.packetId,
    at: answered ? event.timestamp - event.took : event.timestamp,
    from: event.from,
    to: event.type === 'PACKET_RECEIVED' ? undefined : event.to,
    destination: event.destination,
    amount: event.amount,
    assetCode: event.assetCode,
    assetScale: event.assetScale,
    outcome: event.type === 'PACKET_FULFILLED' ? 'fulfilled' : event.type === 'PACKET_REJECTED' ? 'rejected' : 'in flight',
    code: event.type === 'PACKET_REJECTED' ? event.code : undefined,
    message: event.type === 'PACKET_REJECTED' ? event.message : undefined,
    took: answered ? event.took : undefined
  }
}

/**
 * The newest packets, the last one first when read. Packets may share a condition, as retries and some applications' payments do: what
 * arrives is a packet of its own, and an answer belongs to the oldest one in flight.
 */
export class PacketRing {
  private readonly rows = new Map<string, PacketRow>()
  /** Ids of rows in flight, by condition and sender, the oldest first. */
  private readonly inFlight = new Map<string, string[]>()
  private serial = 0
  /** Packets that made room for newer ones. */
  dropped = 0

  constructor (private readonly bound: number) {}

  add (event: PacketEvent): void {
    const key = `${event.packetId}:${event.from}`
    const waiting = event.type === 'PACKET_RECEIVED' ? undefined : this.inFlight.get(key)
    const id = event.type === 'PACKET_FORWARDED' ? waiting?.at(-1) : waiting?.[0]
    const known = id === undefined ? undefined : this.rows.get(id)
    const row = rowOf(event)
    if (id === undefined || known === undefined) {
      this.insert({ ...row, id: `${this.serial++}` }, key)
      return
    }
    this.rows.set(id, { ...row, id, at: known.at, to: row.to ?? known.to, ...amountOf(event, known, row) })
    if (row.outcome !== 'in flight') this.land(key, id)
  }

  get size (): number { return this.rows.size }

  /** The newest first. */
  newest (limit = this.bound, wanted: (row: PacketRow) => boolean = () => true): PacketRow[] {
    const found: PacketRow[] = []
    const all = [...this.rows.values()]
    for (let at = all.length - 1; at >= 0 && found.length < limit; at--) {
      const row = all[at]
      if (row !== undefined && wanted(row)) found.push(row)
    }
    return found
  }

  private insert (row: PacketRow, key: string): void {
    this.rows.set(row.id, row)
    if (row.outcome === 'in flight') this.inFlight.set(key, [...this.inFlight.get(key) ?? [], row.id])
    if (this.rows.size > this.bound) this.dropOldest()
  }

  private land (key: string, id: string): void {
    const left = this.inFlight.get(key)?.filter(other => other !== id) ?? []
    if (left.length === 0) this.inFlight.delete(key)
    else this.inFlight.set(key, left)
  }

  private dropOldest (): void {
    for (const [id, { packetId, from }] of this.rows) {
      this.rows.delete(id)
      this.land(`${packetId}:${from}`, id)
      this.dropped++
      return
    }
  }
}

/** What was received stays, when the event tells of what was sent on. */
function amountOf (event: PacketEvent, known: PacketRow, row: PacketRow): Pick<PacketRow, 'amount' | 'assetCode' | 'assetScale'> {
  const { amount, assetCode, assetScale } = event.type === 'PACKET_FORWARDED' ? known : row
  return { amount, assetCode, assetScale }
}
