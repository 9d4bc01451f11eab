/** What a packet gets on its way from one asset to another, and where the prices behind that come from. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import type { RatesView } from '../../src/contracts/explorer.js'
import type { AssetReport, PricesReport } from '../../src/contracts/prices.js'
import { atRate, fullAmount, typedAmount } from '../model/money.js'
import { contains } from '../model/filters.js'
import { span } from '../model/time.js'
import { count } from '../model/text.js'
import { useResource } from '../state/resource.js'
import { Answered, Empty, Panel } from '../parts/panel.js'
import { Tag } from '../parts/values.js'

const RATES_MS = 10_000
/** What is typed is counted in digits that no asset needs more of. */
const DIGITS = 18
const SHOWN_MAX = 200

export function RatesPage (): JSX.Element {
  const answer = useResource<RatesView>('api/rates', RATES_MS).value
  return (
    <>
      <Panel title="What a packet gets" note={answer.data === undefined ? undefined : `backend ${answer.data.backend}${answer.data.spread === undefined ? '' : `, spread ${answer.data.spread}`}`} wide>
        <Answered answer={answer} path="api/rates" lines={6}>{data => <Pairs pairs={data.pairs} />}</Answered>
      </Panel>
      {answer.data?.prices !== undefined && <Prices prices={answer.data.prices} />}
    </>
  )
}

function Pairs ({ pairs }: { pairs: RatesView['pairs'] }): JSX.Element {
  const amount = useSignal('100')
  const text = useSignal('')
  if (pairs.length === 0) return <Empty title="No rates." text="All accounts count in the same asset, or the backend has no prices yet." />
  const units = typedAmount(amount.value, DIGITS)
  const found = pairs.filter(({ from, to }) => contains([from, to, `${from} ${to}`], text.value))
  return (
    <>
      <div class="filters">
        <label class="inline">Amount <input type="text" inputMode="decimal" class="num" maxLength={40} value={amount.value} aria-invalid={units === undefined} onInput={event => { amount.value = event.currentTarget.value }} /></label>
        <input type="search" class="filter-text" aria-label="Find assets" placeholder="Asset" maxLength={60} value={text.value} onInput={event => { text.value = event.currentTarget.value }} />
        {units === undefined && <span class="trouble" role="status">Not an amount: write 100 or 0.25</span>}
      </div>
      <table class="rates cards">
        <thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col" class="num">Rate</th><th scope="col" class="num">{units === undefined ? 'Gets' : `${amount.value.trim()} gets`}</th></tr></thead>
        <tbody>
          {found.slice(0, SHOWN_MAX).map(({ from, to, rate }) => (
            <tr key={`${from}:${to}`}>
              <th scope="row">{from}</th><td data-label="To">{to}</td><td class="num" data-label="Rate">{rate}</td>
              <td class="num" data-label="Gets">{gets(units, rate)} <span class="unit">{to}</span></td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

function Prices ({ prices }: { prices: PricesReport }): JSX.Element {
  const assets = Object.entries(prices.assets)
  const sources = Object.entries(prices.sources)
  return (
    <div class="columns">
      <Panel title="Prices" note={`in ${prices.quote}`}>
        {assets.length === 0
          ? <Empty title="No prices." />
          : <table class="prices cards">
            <thead><tr><th scope="col">Asset</th><th scope="col" class="num">Price</th><th scope="col">From</th><th scope="col" class="num">Age</th></tr></thead>
            <tbody>{assets.map(([asset, report]) => <Price key={asset} asset={asset} report={report} />)}</tbody>
          </table>}
      </Panel>
      <Panel title="Sources">
        {sources.length === 0
          ? <Empty title="No sources." text="Prices come from the configuration." />
          : <ul class="sources">
            {sources.map(([source, { failures, trouble }]) => (
              <li key={source}>
                <strong>{source}</strong> {trouble === undefined ? <Tag tone="good">answers</Tag> : <Tag tone="look">fails</Tag>}
                <span class="note"> {count(failures)} failures since the start</span>
                {trouble !== undefined && <p class="trouble">{trouble}</p>}
              </li>
            ))}
          </ul>}
      </Panel>
    </div>
  )
}

function Price ({ asset, report }: { asset: string, report: AssetReport }): JSX.Element {
  const said = Object.entries(report.sources ?? {})
  return (
    <tr>
      <th scope="row">{asset}</th>
      <td class="num" data-label="Price">{report.price ?? <span class="none">none</span>}</td>
      <td data-label="From">
        <Tag tone={report.from === 'manual' ? 'look' : 'plain'}>{report.from === 'manual' ? 'set by hand' : report.from}</Tag>
        {report.until !== undefined && <span class="sub">until {report.until}</span>}
        {said.length > 0 && <span class="sub">{said.map(([source, quote]) => `${source} ${quote.price ?? quote.trouble ?? ''}`).join(' · ')}</span>}
        {report.trouble !== undefined && <p class="trouble">{report.trouble}</p>}
      </td>
      <td class="num" data-label="Age">{report.ageMs === undefined ? <span class="none">–</span> : span(report.ageMs)}</td>
    </tr>
  )
}

function gets (units: bigint | undefined, rate: string): string {
  const got = units === undefined ? undefined : atRate(units, DIGITS, rate, DIGITS)
  return got === undefined ? '–' : fullAmount(got, DIGITS).replace(/(\.\d\d(?:\d*[1-9])?)0+$/, '$1')
}
