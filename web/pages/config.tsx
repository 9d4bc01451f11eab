/** The configuration as it is in effect, and where each value comes from. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import type { ConfigView, ExplorerHealth } from '../../src/contracts/explorer.js'
import { contains } from '../model/filters.js'
import { bytes, count } from '../model/text.js'
import { useResource } from '../state/resource.js'
import { Answered, Empty, Panel } from '../parts/panel.js'
import { Copy, Tag } from '../parts/values.js'

const CONFIG_MS = 60_000
const HEALTH_MS = 10_000
const SOURCE_WORDS = { file: 'file', environment: 'environment', default: 'default', given: 'given' } as const

export function ConfigPage (): JSX.Element {
  const answer = useResource<ConfigView>('api/config', CONFIG_MS).value
  const audit = answer.data?.audit
  const health = useResource<ExplorerHealth>('api/health', HEALTH_MS).value
  const text = useSignal('')
  const changed = useSignal(false)
  return (
    <>
      <Answered answer={health} path="api/health" lines={1}>
        {({ explorer, error }) => (
          <p class="history-line note">
            History: {count(explorer.eventCount)} events, {bytes(explorer.databaseSizeBytes)} on disk. {count(explorer.wsConnections)} {explorer.wsConnections === 1 ? 'page is' : 'pages are'} connected.
            {error !== undefined && <span class="trouble"> {error}</span>}
          </p>
        )}
      </Answered>
      {audit !== undefined && (
        <p class="history-line note">
          Audit log: {count(audit.entries)} {audit.entries === 1 ? 'entry' : 'entries'}. Hash of the last one: <span class="mono">{audit.head}</span>
          <Copy text={audit.head} what="the hash" />
        </p>
      )}
      <Panel title="Configuration in effect" note="secrets are hidden" wide actions={
        <>
          <button type="button" class="chip" aria-pressed={changed.value} onClick={() => { changed.value = !changed.value }}>Without defaults</button>
          <input type="search" class="filter-text" aria-label="Find settings" placeholder="Name or value" maxLength={100} spellcheck={false}
            value={text.value} onInput={event => { text.value = event.currentTarget.value }} />
        </>
      }>
        <Answered answer={answer} path="api/config" lines={10}>
          {({ settings }) => {
            const found = settings.filter(({ name, value, source }) => (!changed.value || source !== 'default') && contains([name, value], text.value))
            if (found.length === 0) return <Empty title="No setting is like that." />
            return (
              <table class="config cards">
                <thead><tr><th scope="col">Name</th><th scope="col">Value</th><th scope="col">Comes from</th></tr></thead>
                <tbody>
                  {found.map(({ name, value, source }) => (
                    <tr key={name}>
                      <th scope="row" class="mono">{name}</th>
                      <td class="mono value" data-label="Value">{value === '' ? <span class="none">(empty)</span> : value}<Copy text={value} what={name} /></td>
                      <td data-label="Comes from">{source === 'default' ? <span class="note">default</span> : <Tag tone="plain">{SOURCE_WORDS[source]}</Tag>}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )
          }}
        </Answered>
      </Panel>
    </>
  )
}
