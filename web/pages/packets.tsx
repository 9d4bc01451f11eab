/** Packets as they come, and those of the past; and beside the table the story of one of them. */
import { useComputed } from '@preact/signals'
import type { JSX } from 'preact'
import type { EventRow, ExplorerEvent } from '../../src/contracts/explorer-events.js'
import { contains, filtersOf, historyQuery, matches, type Filters } from '../model/filters.js'
import { isPacketEvent, rowOf, type PacketRow } from '../model/packets.js'
import { count } from '../model/text.js'
import { lineOf, type EventLine } from '../model/words.js'
import { leftOut, newestLines, packets, version } from '../state/live.js'
import { now, place, replaceQuery } from '../state/page.js'
import { useResource } from '../state/resource.js'
import { Answered, Empty } from '../parts/panel.js'
import { VirtualTable } from '../parts/virtual-table.js'
import { COLUMNS, Row } from './packet-row.js'
import { FilterBar } from './filter-bar.js'
import { PacketDetail } from './packet-detail.js'

const PAGE = 50
const LIVE_MAX = 1000
/** A query of the history counts from the last full ten seconds, so that the same question has the same address. */
const ROUNDED_MS = 10_000

export function PacketsPage (): JSX.Element {
  const { item, query } = place.value
  const filters = filtersOf(query)
  const past = query.get('mode') === 'history'
  return (
    <div class={item === '' ? 'split' : 'split open'}>
      <section class="panel table-panel" aria-label="Packets">
        <FilterBar filters={filters} past={past} />
        {past ? <Past filters={filters} offset={offsetOf(query)} /> : <Live />}
      </section>
      {item !== '' && <PacketDetail packetId={item} />}
    </div>
  )
}

function Live (): JSX.Element {
  const rows = useComputed((): Array<PacketRow | EventLine> => {
    if (version.value < 0) return []
    const { query } = place.value
    const wanted = filtersOf(query)
    const at = wanted.minutes === 0 ? 0 : now.value
    const found = packets.newest(LIVE_MAX, row => matches(row, wanted, at))
    const lines = newestLines(LIVE_MAX, line => matches(line, wanted, at))
    return lines.length === 0 ? found : [...found, ...lines].sort((a, b) => b.at - a.at)
  })
  const { item, query } = place.value
  const any = packets.size > 0
  return (
    <>
      {rows.value.length === 0
        ? any
          ? <Empty title="None of the last packets is like that." text={<>Change the filters, or look in the history. {count(packets.size)} packets are here.</>} />
          : <Empty title="No packets yet." text="They appear here as they come. Send one:" command="connector send -d g.me.test -a 1000" />
        : <VirtualTable label="Packets, live" columns={COLUMNS} rows={rows.value} live>
          {(row, index) => <Row key={row.id} row={row} index={index} query={query} selected={row.kind === 'packet' && row.packetId === item} />}
        </VirtualTable>}
      <Footing shown={rows.value.length} />
    </>
  )
}

/** What the live table does not show, in numbers. */
function Footing ({ shown }: { shown: number }): JSX.Element {
  return (
    <footer class="footing">
      <span>{count(shown)} shown</span>
      {packets.dropped > 0 && <span>{count(packets.dropped)} older ones are in the history</span>}
      {leftOut.value > 0 && <span title="The node tells of so many packets a second one by one. The rest are counted, and in every chart.">{count(leftOut.value)} counted, not listed</span>}
    </footer>
  )
}

function Past ({ filters, offset }: { filters: Filters, offset: number }): JSX.Element {
  const at = Math.ceil(now.peek() / ROUNDED_MS) * ROUNDED_MS
  const path = `api/events?${historyQuery(filters, at, { limit: PAGE, offset }).toString()}`
  const answer = useResource<{ events: EventRow[], total: number }>(path, Infinity).value
  const { item, query } = place.value
  const turn = (to: number): void => {
    const next = new URLSearchParams(query)
    next.set('offset', to.toString())
    if (to === 0) next.delete('offset')
    replaceQuery(next)
  }
  return (
    <Answered answer={answer} path={path} lines={12}>
      {({ events, total }) => {
        const rows = events.flatMap(({ id, payload }) => pastRow(payload, id)).filter(row => isInText(row, filters.text))
        return (
          <>
            {rows.length === 0
              ? <Empty title="Nothing in the history is like that." text={total > 0 ? 'Not on this page. The text is looked for on the page; a whole packet id is looked for everywhere.' : 'Change the filters, or the time.'} />
              : <VirtualTable label="Packets, history" columns={COLUMNS} rows={rows} live={false}>
                {(row, index) => <Row key={row.id} row={row} index={index} query={query} selected={row.kind === 'packet' && row.packetId === item} />}
              </VirtualTable>}
            <footer class="footing">
              <span>{total === 0 ? '0' : `${count(offset + 1)} to ${count(Math.min(total, offset + PAGE))}`} of {count(total)}</span>
              <span class="turn">
                <button type="button" class="button" disabled={offset === 0} onClick={() => turn(Math.max(0, offset - PAGE))}>Newer</button>
                <button type="button" class="button" disabled={offset + PAGE >= total} onClick={() => turn(offset + PAGE)}>Older</button>
              </span>
            </footer>
          </>
        )
      }}
    </Answered>
  )
}

function pastRow (event: ExplorerEvent, id: number): Array<PacketRow | EventLine> {
  if (isPacketEvent(event)) return [{ ...rowOf(event), id: id.toString() }]
  const line = lineOf(event, id.toString())
  return line === undefined ? [] : [line]
}

function isInText (row: PacketRow | EventLine, text: string): boolean {
  return row.kind === 'event'
    ? contains([row.subject, row.text], text)
    : contains([row.packetId, row.from, row.to ?? '', row.destination, row.code ?? '', row.message ?? ''], text)
}

function offsetOf (query: URLSearchParams): number {
  const offset = Number(query.get('offset') ?? 0)
  return Number.isSafeInteger(offset) && offset > 0 ? offset : 0
}
