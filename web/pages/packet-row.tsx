/** A packet, or another event, as a line of the live table and of the history. */
import type { JSX } from 'preact'
import type { EventLine } from '../model/words.js'
import type { PacketRow } from '../model/packets.js'
import { transactionPage } from '../model/chains.js'
import { clock, exactTime, took } from '../model/time.js'
import { shortened } from '../model/text.js'
import { hrefOf } from '../state/page.js'
import { Amount, OutLink, Tag } from '../parts/values.js'

export const COLUMNS = ['Time', 'From', 'To', 'Destination', 'Amount', 'Took', 'Outcome'] as const

export function OutcomeTag ({ row, brief = false }: { row: PacketRow, brief?: boolean }): JSX.Element {
  if (row.outcome === 'fulfilled') return <Tag tone="good">✓{brief ? <span class="sr"> paid</span> : ' Paid'}</Tag>
  if (row.outcome === 'in flight') return <Tag tone="plain">{brief ? '…' : 'In flight'}{brief && <span class="sr"> in flight</span>}</Tag>
  return <Tag tone="look" title={row.message}>✗ {row.code}<span class="sr"> refused</span></Tag>
}

export function Row ({ row, query, selected, index }: {
  row: PacketRow | EventLine
  query: URLSearchParams
  selected: boolean
  index: number
}): JSX.Element {
  if (row.kind === 'event') return <OtherRow line={row} index={index} />
  return (
    <div class={selected ? 'row selected' : 'row'} role="row" aria-rowindex={index} aria-selected={selected}>
      <div role="cell" class="c-time">
        <a class="row-link" data-packet={row.packetId} href={hrefOf('packets', row.packetId, query)} title={exactTime(row.at)}>
          {clock(row.at, true)}
        </a>
      </div>
      <div role="cell" class="c-from" title={row.from} data-to={row.to}>{row.from}</div>
      <div role="cell" class="c-to" title={row.to}>{row.to ?? <span class="none">–</span>}</div>
      <div role="cell" class="c-destination mono" title={row.destination}>{row.destination}</div>
      <div role="cell" class="c-amount num"><Amount money={row} /></div>
      <div role="cell" class="c-took num">{row.took === undefined ? <span class="none">–</span> : took(row.took)}</div>
      <div role="cell" class="c-outcome"><OutcomeTag row={row} /><span class="why" title={row.message}>{row.message}</span></div>
    </div>
  )
}

function OtherRow ({ line, index }: { line: EventLine, index: number }): JSX.Element {
  const page = line.transaction === undefined ? undefined : transactionPage(line.transaction.chain, line.transaction.hash)
  return (
    <div class={`row other ${line.tone}`} role="row" aria-rowindex={index}>
      <div role="cell" class="c-time" title={exactTime(line.at)}>{clock(line.at, true)}</div>
      <div role="cell" class="c-from" title={line.subject}>{shortened(line.subject, 40)}</div>
      <div role="cell" class="c-text" title={line.text}>{line.text}{page !== undefined && <> <OutLink href={page}>transaction</OutLink></>}</div>
      <div role="cell" class="c-amount num">{line.money !== undefined && <Amount money={line.money} />}</div>
      <div role="cell" class="c-outcome"><Tag tone={line.tone}>{TYPE_WORDS[line.type] ?? line.type}</Tag></div>
    </div>
  )
}

const TYPE_WORDS: Partial<Record<EventLine['type'], string>> = {
  NODE_STATUS: 'Node', PEER_CONNECTED: 'Peer', PEER_DISCONNECTED: 'Peer', PEER_ADDED: 'Peer', PEER_REMOVED: 'Peer', ROUTE_ADDED: 'Route',
  ROUTE_REMOVED: 'Route', RATE_LIMIT_EXCEEDED: 'Limit', SUSPICIOUS_ACTIVITY_DETECTED: 'Security', PEER_PAUSED: 'Security', PEER_RESUMED: 'Security',
  SETTLEMENT_TRIGGERED: 'Settlement', SETTLEMENT_COMPLETED: 'Settlement', CLAIM_SENT: 'Claim', CLAIM_RECEIVED: 'Claim',
  CLAIM_REDEEMED: 'Claim', PAYMENT_CHANNEL_OPENED: 'Channel', PAYMENT_CHANNEL_BALANCE_UPDATE: 'Channel', PAYMENT_CHANNEL_SETTLED: 'Channel'
}
