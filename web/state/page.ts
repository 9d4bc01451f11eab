/** What the reader chose: the page, its colours, and whether it stands still. And the time. */
import { computed, signal } from '@preact/signals'
import { PAGES, type PageName } from '../model/pages.js'

export interface Place {
  page: PageName
  /** What of the page: a packet, a peer. */
  item: string
  query: URLSearchParams
}

const THEME = 'sluice.theme'

export const place = signal<Place>(placeOf(location.hash))
export const pageName = computed(() => place.value.page)
/** The page stands still; the node goes on. */
export const paused = signal(false)
export const helpOpen = signal(false)
/** ms since the epoch, once a second. */
export const now = signal(Date.now())
export const dark = signal(isDark())

export function hrefOf (page: PageName, item = '', query?: URLSearchParams): string {
  const asked = query?.toString() ?? ''
  return `#/${page}${item === '' ? '' : `/${encodeURIComponent(item)}`}${asked === '' ? '' : `?${asked}`}`
}

export function go (page: PageName, item = '', query?: URLSearchParams): void {
  location.hash = hrefOf(page, item, query)
}

/** Changes the address without a new entry in the browser's history: for filters that are being typed. */
export function replaceQuery (query: URLSearchParams): void {
  const { page, item } = place.peek()
  history.replaceState(null, '', hrefOf(page, item, query))
  place.value = { page, item, query }
}

export function switchTheme (): void {
  dark.value = !dark.value
  localStorage.setItem(THEME, dark.value ? 'dark' : 'light')
  applyTheme()
}

export function watchPage (): void {
  applyTheme()
  addEventListener('hashchange', () => { place.value = placeOf(location.hash) })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    dark.value = isDark()
    applyTheme()
  })
  setInterval(() => { if (!paused.peek()) now.value = Date.now() }, 1000)
}

function placeOf (hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const [name = '', item = ''] = path.split('/', 2)
  return { page: PAGES.find(page => page === name) ?? 'overview', item: decoded(item), query: new URLSearchParams(query) }
}

function decoded (text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function isDark (): boolean {
  const chosen = localStorage.getItem(THEME)
  return chosen === null ? matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'dark'
}

function applyTheme (): void {
  document.documentElement.dataset['theme'] = dark.value ? 'dark' : 'light'
}
