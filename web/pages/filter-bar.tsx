/** The filters of the Packets page. They stand in the address, so that a link shows what its sender saw. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import type { Direction } from '../../src/contracts/explorer-events.js'
import type { PeerView } from '../../src/contracts/explorer.js'
import { SPANS, NO_FILTERS, queryOf, type Filters } from '../model/filters.js'
import type { Group } from '../model/words.js'
import { replaceQuery } from '../state/page.js'
import { useResource } from '../state/resource.js'
import { Icon } from '../parts/icons.js'

const GROUP_WORDS: ReadonlyArray<readonly [Group, string]> =
  [['paid', 'Paid'], ['refused', 'Refused'], ['flying', 'In flight'], ['money', 'Settlement'], ['network', 'Peers and routes']]
const DIRECTION_WORDS: ReadonlyArray<readonly [Direction | '', string]> =
  [['', 'Any direction'], ['received', 'Came from'], ['sent', 'Went to'], ['internal', 'Internal']]
const PEERS_MS = 10_000

export function FilterBar ({ filters, past }: { filters: Filters, past: boolean }): JSX.Element {
  const { data } = useResource<{ peers: PeerView[] }>('api/peers', PEERS_MS).value
  const more = useSignal(false)
  const change = (change: Partial<Filters>, inPast = past): void => {
    const query = queryOf({ ...filters, ...change })
    if (inPast) query.set('mode', 'history')
    replaceQuery(query)
  }
  const toggle = (group: Group): void => {
    const groups = GROUP_WORDS.map(([name]) => name).filter(name => filters.groups.includes(name) !== (name === group))
    change({ groups })
  }
  const peers = [...new Set([...data?.peers.map(({ peerId }) => peerId) ?? [], ...filters.peer === '' ? [] : [filters.peer]])]
  return (
    <div class="filters" role="group" aria-label="Filters">
      <div class="choice" role="group" aria-label="Which packets">
        <button type="button" aria-pressed={!past} onClick={() => change({}, false)}>Live</button>
        <button type="button" aria-pressed={past} onClick={() => change({}, true)}>History</button>
      </div>
      <div class="chips" role="group" aria-label="What to show">
        {GROUP_WORDS.map(([group, words]) => (
          <button type="button" key={group} class="chip" aria-pressed={filters.groups.includes(group)} onClick={() => toggle(group)}>{words}</button>
        ))}
      </div>
      <button type="button" class="button quiet more-filters" aria-expanded={more.value} onClick={() => { more.value = !more.value }}>
        More filters<Icon name={more.value ? 'up' : 'down'} />
      </button>
      <div class={more.value ? 'selects open' : 'selects'}>
        <Select label="Direction" value={filters.direction} options={DIRECTION_WORDS}
          onChange={value => change({ direction: DIRECTION_WORDS.find(([known]) => known === value)?.[0] ?? '' })} />
        <Select label="Peer" value={filters.peer} options={[['', 'Any peer'], ...peers.map(peer => [peer, peer] as const)]} onChange={peer => change({ peer })} />
        <Select label="Time" value={filters.minutes.toString()} options={SPANS.map(([minutes, words]) => [minutes.toString(), words] as const)}
          onChange={minutes => change({ minutes: Number(minutes) })} />
      </div>
      <input class="filter-text" type="search" aria-label="Text in packets" placeholder="Text, code, packet id" maxLength={200} spellcheck={false}
        value={filters.text} onInput={event => change({ text: event.currentTarget.value })} />
      {queryOf(filters).size > 0 && <button type="button" class="button quiet" onClick={() => change(NO_FILTERS)}>Clear</button>}
    </div>
  )
}

function Select ({ label, value, options, onChange }: {
  label: string
  value: string
  options: ReadonlyArray<readonly [value: string, words: string]>
  onChange: (value: string) => void
}): JSX.Element {
  return (
    <select aria-label={label} value={value} onChange={event => onChange(event.currentTarget.value)}>
      {options.map(([option, words]) => <option key={option} value={option}>{words}</option>)}
    </select>
  )
}
