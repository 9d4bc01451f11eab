/**
 * A table of which only the rows in sight are drawn. New rows come in at the top; once the reader has scrolled away from there, everything
 * stays where it is, until they go back.
 */
import { useSignal } from '@preact/signals'
import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { count } from '../model/text.js'
import { narrow } from '../state/screen.js'
import { Icon } from './icons.js'

const ROW_PX = 34
/** A row is a card on a phone. */
const CARD_PX = 66
/** Rows drawn beyond the edges. */
const MARGIN = 8
const FIRST_HEIGHT_PX = 600

export function VirtualTable<T extends { id: string }> ({ label, columns, rows, live, children }: {
  label: string
  columns: readonly string[]
  rows: readonly T[]
  /** Whether rows move while they are being read. */
  live: boolean
  children: (row: T, index: number) => ComponentChildren
}): JSX.Element {
  const place = useRef<HTMLDivElement>(null)
  const top = useSignal(0)
  const height = useSignal(FIRST_HEIGHT_PX)
  const held = useSignal<readonly T[] | undefined>(undefined)
  const rowPx = narrow.value ? CARD_PX : ROW_PX

  useEffect(() => {
    const element = place.current
    if (element === null) return
    const observer = new ResizeObserver(() => { height.value = element.clientHeight })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useEffect(() => { held.value = undefined }, [live, label])

  const onScroll = (event: Event & { currentTarget: HTMLElement }): void => {
    const { scrollTop } = event.currentTarget
    top.value = Math.floor(scrollTop / rowPx)
    if (!live) return
    if (scrollTop <= rowPx / 2) held.value = undefined
    else held.value ??= rows
  }
  const jump = (): void => {
    held.value = undefined
    place.current?.scrollTo({ top: 0 })
  }

  const shown = held.value ?? rows
  const first = Math.max(0, Math.min(top.value, shown.length - 1) - MARGIN)
  const last = Math.min(shown.length, top.value + Math.ceil(height.value / rowPx) + MARGIN)
  const newer = held.value === undefined ? 0 : newerThan(rows, held.value[0]?.id)
  return (
    <div class="virtual" role="table" aria-label={label} aria-rowcount={shown.length + 1}>
      <div class="rows" role="rowgroup" ref={place} onScroll={onScroll} tabIndex={0} aria-label={label}>
        <div class="row header" role="row" aria-rowindex={1}>
          {columns.map(column => <div key={column} role="columnheader" class={`c-${column.toLowerCase()}`}>{column}</div>)}
        </div>
        <div role="presentation" style={{ height: `${first * rowPx}px` }} />
        {shown.slice(first, last).map((row, at) => children(row, first + at + 2))}
        <div role="presentation" style={{ height: `${(shown.length - last) * rowPx}px` }} />
      </div>
      {newer > 0 && <button type="button" class="jump" onClick={jump}><Icon name="up" />{count(newer)} newer</button>}
    </div>
  )
}

function newerThan (rows: ReadonlyArray<{ id: string }>, id: string | undefined): number {
  const at = rows.findIndex(row => row.id === id)
  return at < 0 ? rows.length : at
}
