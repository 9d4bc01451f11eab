/** Where packets go and why; and for one destination, which way a packet would take. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import type { RouteCandidateView, RouteExplanation, RouteView } from '../../src/contracts/explorer.js'
import { contains } from '../model/filters.js'
import { count } from '../model/text.js'
import { hrefOf, place, replaceQuery } from '../state/page.js'
import { useResource } from '../state/resource.js'
import { Icon } from '../parts/icons.js'
import { Answered, Empty, Panel } from '../parts/panel.js'
import { Name, Tag } from '../parts/values.js'

const ROUTES_MS = 10_000
/** Rows that are drawn; a node may know many thousand prefixes. */
const SHOWN_MAX = 300

export function RoutesPage (): JSX.Element {
  return (
    <>
      <Explain />
      <Table />
    </>
  )
}

function Explain (): JSX.Element {
  const destination = place.value.query.get('destination') ?? ''
  const typed = useSignal<string | undefined>(undefined)
  const submit = (event: Event): void => {
    event.preventDefault()
    const text = (typed.value ?? destination).trim()
    replaceQuery(new URLSearchParams(text === '' ? {} : { destination: text }))
    typed.value = undefined
  }
  return (
    <Panel title="Explain a destination" wide>
      <form class="explain" onSubmit={submit}>
        <label class="sr" for="destination">ILP address</label>
        <input id="destination" class="mono" type="text" placeholder="g.dave.shop" autocomplete="off" spellcheck={false} maxLength={1023} value={typed.value ?? destination}
          onInput={event => { typed.value = event.currentTarget.value }} />
        <button type="submit" class="button primary">Explain</button>
      </form>
      {destination !== '' && <Explanation destination={destination} />}
    </Panel>
  )
}

function Explanation ({ destination }: { destination: string }): JSX.Element {
  const path = `api/explain?${new URLSearchParams({ destination }).toString()}`
  const answer = useResource<RouteExplanation>(path, ROUTES_MS).value
  return (
    <Answered answer={answer} path={path} lines={3}>
      {({ sentence, route, shorter, rate, trouble }) => (
        <div class="explanation" aria-live="polite">
          <p class="explanation-words"><Icon name={trouble === undefined ? 'check' : 'warn'} />{sentence}</p>
          {trouble !== undefined && <p class="trouble">{trouble}</p>}
          {rate !== undefined && <p class="note">1 {rate.from} = <b>{rate.rate}</b> {rate.to}</p>}
          {route !== undefined && <Candidates route={route} />}
          {shorter.length > 0 && <p class="note">Shorter prefixes that match as well: {shorter.map((prefix, index) => <>{index > 0 && ', '}<code>{prefix === '' ? '(every address)' : prefix}</code></>)}</p>}
        </div>
      )}
    </Answered>
  )
}

function Table (): JSX.Element {
  const answer = useResource<{ routes: RouteView[], total?: number }>('api/routes', ROUTES_MS).value
  const text = useSignal('')
  const open = useSignal<string | undefined>(undefined)
  return (
    <Panel title="Routes" note={answer.data && count(answer.data.total ?? answer.data.routes.length)} wide actions={
      <input type="search" class="filter-text" aria-label="Find routes" placeholder="Prefix, next hop, reason" maxLength={200} spellcheck={false}
        value={text.value} onInput={event => { text.value = event.currentTarget.value }} />
    }>
      <Answered answer={answer} path="api/routes" lines={8}>
        {({ routes, total = routes.length }) => {
          const found = routes.filter(({ prefix, nextHop, reason }) => contains([prefix, nextHop, reason], text.value))
          if (routes.length === 0) return <Empty title="No routes." text="Routes come from peers, from children and from the configuration." />
          if (found.length === 0) return <Empty title="No route is like that." />
          return (
            <>
              <table class="routes cards">
                <thead><tr><th scope="col">Prefix</th><th scope="col">Next hop</th><th scope="col">Why</th><th scope="col" class="num">Candidates</th></tr></thead>
                <tbody>
                  {found.slice(0, SHOWN_MAX).map(route => (
                    <RouteLine key={route.prefix} route={route} open={open.value === route.prefix}
                      onToggle={() => { open.value = open.value === route.prefix ? undefined : route.prefix }} />
                  ))}
                </tbody>
              </table>
              {(found.length > SHOWN_MAX || total > routes.length) && (
                <footer class="footing"><span>{count(Math.min(SHOWN_MAX, found.length))} of {count(total)} shown. Explain a destination to see its route.</span></footer>
              )}
            </>
          )
        }}
      </Answered>
    </Panel>
  )
}

function RouteLine ({ route, open, onToggle }: { route: RouteView, open: boolean, onToggle: () => void }): JSX.Element {
  const { prefix, nextHop, reason, candidates } = route
  return (
    <>
      <tr class={open ? 'open' : undefined}>
        <th scope="row"><Name text={prefix === '' ? '(every other address)' : prefix} length={48} mono copy={prefix !== ''} /></th>
        <td data-label="Next hop">{nextHop === '' ? <Tag tone="plain">this node</Tag> : <a href={hrefOf('peers', nextHop)}>{nextHop}</a>}</td>
        <td class="words" data-label="Why">{reason}</td>
        <td class="num" data-label="Candidates">
          <button type="button" class="button quiet" aria-expanded={open} onClick={onToggle} aria-label={`${candidates.length} candidates for ${prefix}`}>
            {count(candidates.length)}<Icon name={open ? 'up' : 'down'} />
          </button>
        </td>
      </tr>
      {open && <tr class="inside"><td colSpan={4}><Candidates route={route} /></td></tr>}
    </>
  )
}

function Candidates ({ route: { candidates, nextHop } }: { route: RouteView }): JSX.Element {
  return (
    <ol class="candidates">
      {candidates.map((candidate, index) => (
        <Candidate key={`${index}:${candidate.nextHop}`} candidate={candidate} wins={index === 0 && candidate.nextHop === nextHop} />
      ))}
    </ol>
  )
}

function Candidate ({ candidate: { nextHop, path, source, priority, connected }, wins }: {
  candidate: RouteCandidateView
  wins: boolean
}): JSX.Element {
  return (
    <li class={wins ? 'wins' : undefined}>
      <span class="candidate-hop">{nextHop === '' ? 'this node' : nextHop}</span>
      {wins ? <Tag tone="good">chosen</Tag> : <Tag tone="plain">{connected ? 'next best' : 'away'}</Tag>}
      <span class="note">{source}{priority !== undefined && `, priority ${priority}`}</span>
      <span class="mono path" title={path.join(' → ')}>{path.length === 0 ? 'direct' : path.join(' → ')}</span>
    </li>
  )
}
