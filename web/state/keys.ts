/** The keyboard: digits switch pages, / searches, ? helps, Esc closes. */
import { PAGES } from '../model/pages.js'
import { pause, resume } from './live.js'
import { go, helpOpen, paused, place } from './page.js'

export const KEYS: ReadonlyArray<readonly [key: string, what: string]> = [
  ['1 – 7', 'go to a page'],
  ['/', 'search for a packet, a peer, a prefix or a channel'],
  ['Space', 'pause and go on'],
  ['J, K', 'next and previous packet'],
  ['Esc', 'close what is open'],
  ['?', 'this help']
]

export function watchKeys (): void {
  addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Escape') closeWhatIsOpen()
    else if (!isTyping(event.target) && document.querySelector('dialog[open]') === null && onKey(event.key)) event.preventDefault()
  })
}

function onKey (key: string): boolean {
  const page = PAGES[Number(key) - 1]
  if (page !== undefined) {
    go(page)
  } else if (key === '/') {
    document.querySelector<HTMLInputElement>('#search')?.focus()
  } else if (key === '?') {
    helpOpen.value = true
  } else if (key === ' ' && !(document.activeElement instanceof HTMLButtonElement) && !(document.activeElement instanceof HTMLAnchorElement)) {
    if (paused.peek()) resume()
    else pause()
  } else if (key === 'j' || key === 'k') {
    return selectNeighbour(key === 'j' ? 1 : -1)
  } else {
    return false
  }
  return true
}

function selectNeighbour (step: number): boolean {
  const rows = [...document.querySelectorAll<HTMLAnchorElement>('a[data-packet]')]
  if (rows.length === 0) return false
  const at = rows.findIndex(row => row.dataset['packet'] === place.peek().item)
  rows[Math.max(0, Math.min(rows.length - 1, at + step))]?.click()
  return true
}

function closeWhatIsOpen (): void {
  if (helpOpen.peek()) {
    helpOpen.value = false
  } else if (document.activeElement instanceof HTMLInputElement) {
    document.activeElement.blur()
  } else if (place.peek().item !== '') {
    const { page, query } = place.peek()
    go(page, '', query)
  }
}

function isTyping (target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement
}
