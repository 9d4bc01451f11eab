/** Time series on a canvas. All charts of a page share their time axis and their cursor. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import { clock } from '../model/time.js'
import { dark } from '../state/page.js'

interface ChartLine {
  label: string
  /** One for each time; undefined is a gap. */
  values: ReadonlyArray<number | undefined>
  /** A variable of the style sheet. */
  colour: string
  /** Filled down to zero. */
  area?: boolean
}

interface ChartProps {
  /** For those who hear the page: what the chart shows. */
  label: string
  /** Seconds since the epoch. */
  at: readonly number[]
  lines: readonly ChartLine[]
  /** As people read a value. */
  format: (value: number) => string
}

const SYNC = 'explorer'
const FONT = '11px system-ui, sans-serif'
const DAY_SECONDS = 86_400

export function Chart ({ label, at, lines, format, height = 160 }: ChartProps & { height?: number }): JSX.Element {
  const cursor = useSignal<number | undefined>(undefined)
  const index = cursor.value ?? lastWithValue(lines)
  return (
    <figure class="chart" role="img" aria-label={label}>
      <figcaption aria-hidden="true">
        {lines.map(({ label: name, colour, values }) => (
          <span key={name} class="legend">
            <i style={{ background: `var(${colour})` }} />{name}
            <b>{index === undefined || values[index] === undefined ? '–' : format(values[index])}</b>
          </span>
        ))}
        <span class="at">{cursor.value === undefined || at[cursor.value] === undefined ? '' : timeLabel(at[cursor.value] ?? 0, spanOf(at))}</span>
      </figcaption>
      <Canvas at={at} lines={lines} format={format} height={height} onCursor={value => { cursor.value = value }} />
    </figure>
  )
}

/** A line without axes. The number that it belongs to stands beside it. */
export function Sparkline ({ at, values, colour }: Pick<ChartProps, 'at'> & Pick<ChartLine, 'values' | 'colour'>): JSX.Element {
  return (
    <div class="spark" aria-hidden="true">
      <Canvas at={at} lines={[{ label: '', values, colour, area: true }]} format={String} height={34} bare />
    </div>
  )
}

function Canvas ({ at, lines, format, height, bare = false, onCursor }: Omit<ChartProps, 'label'> & {
  height: number
  bare?: boolean
  onCursor?: (index: number | undefined) => void
}): JSX.Element {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot | undefined>(undefined)
  const data = (): UPlot.AlignedData => [[...at], ...lines.map(({ values }) => values.map(value => value ?? null))]
  const shape = lines.map(({ label, colour }) => `${label}:${colour}`).join()
  const isDark = dark.value

  useEffect(() => {
    const element = place.current
    if (element === null) return
    const style = getComputedStyle(element)
    const colourOf = (name: string): string => style.getPropertyValue(name).trim()
    const made = new UPlot({
      width: Math.max(40, element.clientWidth),
      height,
      legend: { show: false },
      cursor: bare ? { show: false } : { sync: { key: SYNC }, y: false, points: { size: 6 }, drag: { setScale: false } },
      scales: { x: { time: false }, y: { range: (_, min, max) => rangeOf(min, max) } },
      axes: bare
        ? [{ show: false }, { show: false }]
        : [
          { stroke: colourOf('--muted'), font: FONT, grid: { show: false }, ticks: { show: false }, size: 22, gap: 4, space: 70,
            incrs: TIME_STEPS,
            values: (self, splits) => splits.map(split => timeLabel(split, widthOf(self))) },
          { stroke: colourOf('--muted'), font: FONT, grid: { stroke: colourOf('--line'), width: 1 }, ticks: { show: false }, size: 54, gap: 6,
            space: 34,
            values: (_, splits) => splits.map(format) }
        ],
      padding: bare ? [2, 0, 2, 0] : [6, 8, 0, 0],
      series: [{}, ...lines.map(({ label, colour, area }) => ({
        label,
        stroke: colourOf(colour),
        ...area === true ? { fill: `${colourOf(colour)}${bare ? '2e' : '1f'}` } : {},
        width: 1.5,
        spanGaps: false,
        points: { show: !bare, size: 5, fill: colourOf(colour), filter: isolated }
      }))],
      hooks: { setCursor: [self => onCursor?.(self.cursor.idx ?? undefined)] }
    }, data(), element)
    plot.current = made
    const observer = new ResizeObserver(() => { made.setSize({ width: Math.max(40, element.clientWidth), height }) })
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      plot.current = undefined
    }
  }, [shape, height, bare, isDark])

  useEffect(() => { plot.current?.setData(data()) }, [at, lines])
  return <div ref={place} class="canvas" style={{ height: `${height}px` }} />
}

const TIME_STEPS = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, DAY_SECONDS, 2 * DAY_SECONDS]

/** A point between two gaps has no line, so it is drawn as a point. */
function isolated (plot: UPlot, series: number): number[] {
  const values = plot.data[series] ?? []
  return [...values.keys()].filter(at => values[at] != null && values[at - 1] == null && values[at + 1] == null)
}

function rangeOf (min: number | null, max: number | null): [number, number] {
  const top = Math.max(0, max ?? 0)
  const bottom = Math.min(0, min ?? 0)
  return top === 0 && bottom === 0 ? [0, 1] : [bottom * 1.1, top * 1.12]
}

function timeLabel (seconds: number, span: number): string {
  if (span <= 900) return clock(seconds * 1000)
  if (span <= 2 * DAY_SECONDS) return clock(seconds * 1000).slice(0, 5)
  return new Date(seconds * 1000).toLocaleDateString(undefined, { day: 'numeric', month: 'short' })
}

function widthOf ({ scales: { x } }: UPlot): number {
  return (x?.max ?? 0) - (x?.min ?? 0)
}

function spanOf (at: readonly number[]): number {
  return (at.at(-1) ?? 0) - (at[0] ?? 0)
}

function lastWithValue (lines: readonly ChartLine[]): number | undefined {
  const values = lines[0]?.values ?? []
  for (let index = values.length - 1; index >= 0; index--) if (values[index] !== undefined) return index
  return undefined
}
