/** The first page: is this node earning, and if not, what to do. */
import { useComputed, useSignal, type Signal } from '@preact/signals'
import type { JSX } from 'preact'
import type { AttentionEntry, Overview, PeerView, Series, SeriesPoint } from '../../src/contracts/explorer.js'
import { approximate, assetKey, assetOf, shortAmount, type Money } from '../model/money.js'
import { PAGES } from '../model/pages.js'
import { columns, sumsOf, type Sums } from '../model/traffic.js'
import { clock, span } from '../model/time.js'
import { count, percent, shortened } from '../model/text.js'
import { packets, seconds, version } from '../state/live.js'
import { hrefOf, now } from '../state/page.js'
import { useResource } from '../state/resource.js'
import { Chart, Sparkline } from '../parts/chart.js'
import { Icon } from '../parts/icons.js'
import { Answered, Empty, Panel } from '../parts/panel.js'
import { Ago, Amount, Amounts, Copy } from '../parts/values.js'
import { OVERVIEW_MS } from '../parts/shell.js'
import { PeerTable } from './peer-table.js'
import { OutcomeTag } from './packet-row.js'

/** The last minute is what the tiles speak of. */
const MINUTE_S = 60
/** Seconds that may pass until counts of a second arrive. */
const SETTLE_S = 2
const NEWEST = 9
const PEERS_MS = 5000

const RANGES = [
  { label: '5 min', seconds: 300, step: 1 },
  { label: '1 h', seconds: 3600, step: 60 },
  { label: '24 h', seconds: 86_400, step: 600 },
  { label: '7 d', seconds: 604_800, step: 3600 }
] as const

export function OverviewPage (): JSX.Element {
  const overview = useResource<Overview>('api/overview', OVERVIEW_MS).value
  const peers = useResource<{ peers: PeerView[] }>('api/peers', PEERS_MS).value
  return (
    <>
      <Answered answer={overview} path="api/overview" lines={1}>{data => <Sentence overview={data} />}</Answered>
      <Tiles />
      <div class="columns">
        <TrafficPanel />
        <Panel title="Needs a look" note={overview.data === undefined || overview.data.attention.length === 0 ? undefined : count(overview.data.attention.length)}>
          <Answered answer={overview} path="api/overview">{({ attention }) => <Attention entries={attention} />}</Answered>
        </Panel>
      </div>
      <div class="columns">
        <Panel title="Peers" actions={<a class="more" href={hrefOf('peers')}>All peers</a>}>
          <Answered answer={peers} path="api/peers">{data => <PeerTable peers={data.peers} brief />}</Answered>
        </Panel>
        <PacketsNow />
      </div>
    </>
  )
}

function Sentence ({ overview }: { overview: Overview }): JSX.Element {
  const risk = overview.attention.some(({ severity }) => severity === 'risk')
  const tone = risk ? 'risk' : overview.attention.length > 0 ? 'look' : 'good'
  return (
    <p class={`sentence ${tone}`} aria-live="polite">
      <Icon name={tone === 'good' ? 'check' : tone === 'risk' ? 'risk' : 'warn'} /><span>{overview.sentence}</span>
      <span class="earned">earned since the start <Amounts amounts={overview.earned} sign /></span>
    </p>
  )
}

function Tiles (): JSX.Element {
  const until = Math.floor(now.value / 1000) * 1000
  const points = seconds.value
  const assets = new Map(points.flatMap(point => [...Object.keys(point.in), ...Object.keys(point.out), ...Object.keys(point.earned)])
    .map(key => [key, { ...assetOf(key), amount: '0' }] as const))
  const sums = sumsOf(points, until - SETTLE_S * 1000, MINUTE_S, assets)
  const main = mainAsset(sums)
  const key = main === undefined ? '' : assetKey(main)
  const worth = (amounts: Record<string, string>): number => main === undefined ? 0 : approximate(amounts[key] ?? '0', main.assetScale)
  const lines = columns(points, until - (MINUTE_S + SETTLE_S) * 1000, until - SETTLE_S * 1000, 1000, {
    packets: point => point.fulfilled + point.rejected,
    paid: point => share(point),
    in: point => worth(point.in),
    out: point => worth(point.out),
    earned: point => worth(point.earned)
  }, idleSince())
  const total = sums.fulfilled + sums.rejected
  return (
    <ul class="tiles" aria-label="The last minute">
      <Tile label="Packets per second" at={lines.at} values={lines.packets} colour="--accent"><b>{count(total / MINUTE_S)}</b></Tile>
      <Tile label="Paid" at={lines.at} values={lines.paid} colour="--accent" note={codesInWords(sums)}><b>{percent(sums.fulfilled, total)}</b></Tile>
      <Tile label="In per hour" at={lines.at} values={lines.in} colour="--in"><PerHour amounts={sums.in} first={key} /></Tile>
      <Tile label="Out per hour" at={lines.at} values={lines.out} colour="--out"><PerHour amounts={sums.out} first={key} /></Tile>
      <Tile label="Earned per hour" at={lines.at} values={lines.earned} colour="--in"><PerHour amounts={sums.earned} first={key} /></Tile>
    </ul>
  )
}

function Tile ({ label, note, at, values, colour, children }: {
  label: string
  note?: string
  at: readonly number[]
  values: ReadonlyArray<number | undefined>
  colour: string
  children: JSX.Element
}): JSX.Element {
  return (
    <li class="tile">
      <span class="tile-label">{label}</span>
      <span class="tile-value">{children}</span>
      <span class="tile-note">{note ?? ''}</span>
      <Sparkline at={at} values={values} colour={colour} />
    </li>
  )
}

/** What a minute brought, for an hour. The asset in which most happens is large. */
function PerHour ({ amounts, first }: { amounts: readonly Money[], first: string }): JSX.Element {
  const hourly = amounts.map(money => ({ ...money, amount: (BigInt(money.amount) * 60n).toString() }))
  const moved = hourly.filter(({ amount }) => amount !== '0')
  const main = moved.find(money => assetKey(money) === first) ?? moved[0]
  const others = moved.filter(money => money !== main)
  return (
    <>
      <b>{main === undefined ? '–' : <Amount money={main} />}</b>
      {others.length > 0 && <small><Amounts amounts={others} most={2} /></small>}
    </>
  )
}

function TrafficPanel (): JSX.Element {
  const range = useSignal(0)
  const asset = useSignal('')
  const { seconds: length, step } = RANGES[range.value] ?? RANGES[0]
  return (
    <Panel title="Traffic" actions={
      <div class="choice" role="group" aria-label="Time span">
        {RANGES.map(({ label }, index) => (
          <button type="button" key={label} aria-pressed={range.value === index} onClick={() => { range.value = index }}>{label}</button>
        ))}
      </div>
    }>
      {step === 1 ? <LiveCharts length={length} asset={asset} /> : <PastCharts length={length} step={step} asset={asset} />}
    </Panel>
  )
}

function LiveCharts ({ length, asset }: { length: number, asset: Signal<string> }): JSX.Element {
  const until = (Math.floor(now.value / 1000) - SETTLE_S) * 1000
  return <Charts points={seconds.value} from={until - length * 1000} until={until} step={1} asset={asset} />
}

function PastCharts ({ length, step, asset }: { length: number, step: number, asset: Signal<string> }): JSX.Element {
  const until = Math.floor(now.value / (step * 1000)) * step * 1000
  const path = `api/series?since=${until - length * 1000}&until=${until}&step=${step}`
  const answer = useResource<Series>(path, Infinity).value
  return (
    <Answered answer={answer} path={path} lines={8}>
      {data => <Charts points={data.points} from={until - length * 1000} until={until} step={data.step} asset={asset} />}
    </Answered>
  )
}

function Charts ({ points, from, until, step, asset: chosen }: {
  points: readonly SeriesPoint[]
  from: number
  until: number
  step: number
  /** In which money is drawn; empty: the first in which something comes in. */
  asset: Signal<string>
}): JSX.Element {
  const assets = [...new Set(points.flatMap(point => [...Object.keys(point.in), ...Object.keys(point.out)]))]
  const main = assets.includes(chosen.value) ? chosen.value : mainAssetOf(points)
  const asset = main === undefined ? undefined : assetOf(main)
  const worth = (amounts: Record<string, string>): number =>
    main === undefined || asset === undefined ? 0 : approximate(amounts[main] ?? '0', asset.assetScale) / step
  const lines = columns(points, from, until, step * 1000, {
    paid: point => point.fulfilled / step,
    refused: point => point.rejected / step,
    in: point => worth(point.in),
    out: point => worth(point.out)
  }, step === 1 ? idleSince() : Infinity)
  if (points.length === 0) {
    return <Empty title="No packets in this time." text="Send one:" command="connector send -d g.me.test -a 1000" />
  }
  const code = asset === undefined ? '' : ` ${shortened(asset.assetCode, 8)}`
  const money = (value: number): string => asset === undefined ? '–' : shortAmount(BigInt(Math.round(value * 1e6)), 6).replace(/\.00$/, '')
  return (
    <>
      <Chart label={`Packets per second, paid and refused, over ${span(until - from)}`} at={lines.at} format={count} height={150}
        lines={[{ label: 'Paid /s', values: lines.paid, colour: '--accent', area: true }, { label: 'Refused /s', values: lines.refused, colour: '--look' }]} />
      {assets.length > 1 && (
        <div class="chart-choice">
          <select aria-label="Asset" value={main ?? ''} onChange={event => { chosen.value = event.currentTarget.value }}>
            {assets.map(key => <option key={key} value={key}>{assetOf(key).assetCode}</option>)}
          </select>
        </div>
      )}
      <Chart label={`Money in and out per second${code}, over ${span(until - from)}`} at={lines.at} format={money} height={130}
        lines={[{ label: `In${code}/s`, values: lines.in, colour: '--in', area: true }, { label: `Out${code}/s`, values: lines.out, colour: '--out' }]} />
    </>
  )
}

function Attention ({ entries }: { entries: readonly AttentionEntry[] }): JSX.Element {
  if (entries.length === 0) return <Empty title="Nothing needs a look." text="Limits have room, peers are connected, chains answer." />
  return (
    <ul class="attention">
      {entries.map(entry => (
        <li key={`${entry.kind}:${entry.subject}`} class={entry.severity}>
          <Icon name={entry.severity === 'risk' ? 'risk' : 'warn'} />
          <div>
            {!entry.text.includes(entry.subject) && <strong>{shortened(entry.subject, 32)}</strong>} <span class="sr">{entry.severity === 'risk' ? 'money at risk' : 'needs a look'}:</span>
            <span>{entry.text}</span>
            {entry.since !== undefined && <span class="note"> <Ago at={entry.since} /></span>}
          </div>
          {entry.amount !== undefined && <Amount money={entry.amount} />}
          <Action action={entry.action} />
        </li>
      ))}
    </ul>
  )
}

function Action ({ action: { label, page, command } }: { action: AttentionEntry['action'] }): JSX.Element {
  if (command !== undefined) return <Copy text={command} what={command} label={label} />
  const known = PAGES.some(name => name === page?.split(/[/?]/, 1)[0])
  return <a class="button" href={known ? `#/${page ?? ''}` : hrefOf('overview')}>{label}</a>
}

function PacketsNow (): JSX.Element {
  const rows = useComputed(() => version.value >= 0 ? packets.newest(NEWEST) : [])
  return (
    <Panel title="Packets now" actions={<a class="more" href={hrefOf('packets')}>All packets</a>}>
      {rows.value.length === 0
        ? <Empty title="No packets yet." text="Send one:" command="connector send -d g.me.test -a 1000" />
        : <ol class="now">
          {rows.value.map(row => (
            <li key={row.id}>
              <a href={hrefOf('packets', row.packetId)}>
                <time>{clock(row.at)}</time>
                <span class="way">{shortened(row.from, 14)} → {row.to === undefined ? '?' : shortened(row.to, 14)}</span>
                <Amount money={row} /><OutcomeTag row={row} brief />
              </a>
            </li>
          ))}
        </ol>}
    </Panel>
  )
}

/** From when on a second that the node told nothing of was one without packets. */
function idleSince (): number {
  return seconds.value[0]?.at ?? Infinity
}

function share ({ fulfilled, rejected }: SeriesPoint): number {
  return fulfilled + rejected === 0 ? 1 : fulfilled / (fulfilled + rejected)
}

function codesInWords ({ codes, fulfilled, rejected }: Sums): string {
  return codes.slice(0, 2).map(([code, times]) => `${code} ${percent(times, fulfilled + rejected)}`).join(' · ')
}

/** The asset in which most packets are: the first of what came in. */
function mainAsset (sums: Sums): Money | undefined {
  return sums.in.find(({ amount }) => amount !== '0') ?? sums.in[0]
}

function mainAssetOf (points: readonly SeriesPoint[]): string | undefined {
  return points.map(point => Object.entries(point.in).find(([, amount]) => amount !== '0')?.[0]).find(key => key !== undefined)
}
