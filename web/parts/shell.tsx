/** What stands around every page: the bar with the pages, the line with the node, and what lies on top of them. */
import { useSignal } from '@preact/signals'
import type { FunctionComponent, JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { Overview } from '../../src/contracts/explorer.js'
import { PAGES, type PageName } from '../model/pages.js'
import { span } from '../model/time.js'
import { count } from '../model/text.js'
import { searchPlace } from '../model/search.js'
import { connection } from '../state/connection.js'
import { missed, pause, resume } from '../state/live.js'
import { dark, go, helpOpen, hrefOf, now, pageName, paused, switchTheme } from '../state/page.js'
import { useResource } from '../state/resource.js'
import { OverviewPage } from '../pages/overview.js'
import { PacketsPage } from '../pages/packets.js'
import { PeersPage } from '../pages/peers.js'
import { RoutesPage } from '../pages/routes.js'
import { SettlementPage } from '../pages/settlement.js'
import { RatesPage } from '../pages/rates.js'
import { ConfigPage } from '../pages/config.js'
import { Help, KeyPrompt } from './dialogs.js'
import { Icon } from './icons.js'
import { Name, Tag } from './values.js'

/** How long the node is asked again for what the head line and the overview show. */
export const OVERVIEW_MS = 5000
/** A connection that is away for less is not yet called lost. */
const LOST_AFTER_MS = 3000

const COMPONENTS: Record<PageName, FunctionComponent> = {
  overview: OverviewPage,
  packets: PacketsPage,
  peers: PeersPage,
  routes: RoutesPage,
  settlement: SettlementPage,
  rates: RatesPage,
  config: ConfigPage
}
const TITLES: Record<PageName, string> = {
  overview: 'Overview', packets: 'Packets', peers: 'Peers', routes: 'Routes', settlement: 'Settlement', rates: 'Rates', config: 'Config'
}

export function Shell (): JSX.Element {
  const page = pageName.value
  const Page = COMPONENTS[page]
  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>Skip to the page</a>
      <Pages />
      <div class="column">
        <Head />
        <main id="main" tabIndex={-1} class={`page-${page}`}>
          <h1 class="sr">{TITLES[page]}</h1>
          <Page />
        </main>
      </div>
      <Help />
      <KeyPrompt />
    </>
  )
}

function Pages (): JSX.Element {
  return (
    <nav class="pages" aria-label="Pages">
      <a class="brand" href={hrefOf('overview')} aria-label="Sluice: overview"><Brand /><span>Sluice</span></a>
      <ul>
        {PAGES.map((page, index) => (
          <li key={page}>
            <a href={hrefOf(page)} aria-current={pageName.value === page ? 'page' : undefined} title={`${TITLES[page]} (${index + 1})`}>
              <Icon name={page} /><span>{TITLES[page]}</span><kbd aria-hidden="true">{index + 1}</kbd>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function Head (): JSX.Element {
  const { data } = useResource<Overview>('api/overview', OVERVIEW_MS).value
  useEffect(() => { document.title = data === undefined ? 'Sluice' : `${TITLES[pageName.value]} · ${data.nodeId}` }, [data?.nodeId, pageName.value])
  return (
    <header class="head">
      <div class="node">
        {data === undefined
          ? <span class="note">Waiting for the node</span>
          : <>
            <strong title={data.nodeId}>{data.nodeId}</strong>
            <Name text={data.ilpAddress} length={34} mono />
            <Tag tone={data.environment === 'production' ? 'plain' : 'look'}>{data.environment}</Tag>
            <span class="note up">up {span(now.value - data.startedAt)} · v{data.version}</span>
          </>}
      </div>
      <Search />
      <div class="controls">
        <Dot />
        <PauseButton />
        <button type="button" class="tool" onClick={switchTheme} aria-label={dark.value ? 'Light colours' : 'Dark colours'} title={dark.value ? 'Light colours' : 'Dark colours'}>
          <Icon name={dark.value ? 'sun' : 'moon'} />
        </button>
        <button type="button" class="tool help-button" onClick={() => { helpOpen.value = true }} aria-label="Keyboard" title="Keyboard (?)"><Icon name="help" /></button>
      </div>
    </header>
  )
}

function Dot (): JSX.Element {
  const state = connection.value
  if (state.state === 'live') return <span class="dot live" role="status">Live</span>
  if (state.state === 'connecting') return <span class="dot" role="status">Connecting</span>
  const away = now.value - state.since
  const words = away < LOST_AFTER_MS ? 'Reconnecting' : 'Lost'
  return (
    <span class="dot lost" title={`Attempt ${state.tries} failed. The next one is in ${span(Math.max(0, state.nextAt - now.value))}.`}>
      <span role="status">{words}</span>{away >= LOST_AFTER_MS && <span aria-hidden="true"> for {span(away)}</span>}
    </span>
  )
}

function PauseButton (): JSX.Element {
  const words = paused.value ? 'Go on' : 'Pause'
  return (
    <button type="button" class={paused.value ? 'tool on' : 'tool'} onClick={paused.value ? resume : pause} aria-pressed={paused.value} title={`${words}: this page, not the node (Space)`}>
      <Icon name={paused.value ? 'play' : 'pause'} />
      {paused.value ? <span>Paused{missed.value > 0 && ` · ${count(missed.value)} waiting`}</span> : <span class="sr">{words}</span>}
    </button>
  )
}

function Search (): JSX.Element {
  const text = useSignal('')
  const submit = (event: Event): void => {
    event.preventDefault()
    const found = searchPlace(text.value)
    if (found === undefined) return
    go(found.page, found.item, found.query)
    text.value = ''
    document.querySelector<HTMLInputElement>('#search')?.blur()
  }
  return (
    <form class="search" role="search" onSubmit={submit}>
      <Icon name="search" />
      <label class="sr" for="search">Search for a packet, a peer, a prefix or a channel</label>
      <input id="search" type="search" placeholder="Packet, peer, prefix, channel" autocomplete="off" spellcheck={false} maxLength={200} value={text.value} onInput={event => { text.value = event.currentTarget.value }} />
      <kbd aria-hidden="true">/</kbd>
    </form>
  )
}

function Brand (): JSX.Element {
  return (
    <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" class="brand-ground" />
      <path d="M9 6v20M23 6v20M9 10h14" class="brand-line" /><path d="M12.500 14h7v5.500h-7z" class="brand-gate" />
      <path d="M12.200 23.500c1.300-1.200 2.500-1.200 3.800 0s2.500 1.200 3.800 0" class="brand-line" />
    </svg>
  )
}

/** The address of the page stands in the hash, so the link cannot lead there by itself. */
function skipToMain (event: Event): void {
  event.preventDefault()
  document.querySelector<HTMLElement>('#main')?.focus()
}
