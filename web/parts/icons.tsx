/** Signs, drawn with lines in the colour of the text. Each stands beside a word, so none is read aloud. */
import type { JSX } from 'preact'
import type { PageName } from '../model/pages.js'

const PATHS = {
  overview: 'M3 12.500 8 7l4 4 5-6.500M3 17h14',
  packets: 'M3 5h9M3 10h14M3 15h6M15 3l2.500 2L15 7M12 13l2.500 2-2.500 2',
  peers: 'M10 4.500v4M10 8.500 5 13M10 8.500l5 4.500M8.200 3h3.600v2.500H8.200zM3.200 13h3.600v2.500H3.200zM13.200 13h3.600v2.500h-3.600z',
  routes: 'M4 16V9a4 4 0 0 1 4-4h8M13 2l3 3-3 3M4 12h6a3 3 0 0 0 3-3',
  settlement: 'M3 7.500 10 3l7 4.500M4 8v7M8 8v7M12 8v7M16 8v7M3 16.500h14',
  rates: 'M4 7h11l-2.500-3M16 13H5l2.500 3',
  config: 'M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4',
  search: 'M9 15a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM13.500 13.500 17 17',
  pause: 'M7 5v10M13 5v10',
  play: 'M6 4.500v11l9-5.500z',
  sun: 'M10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM10 2v2M10 16v2M2 10h2M16 10h2M4.500 4.500 6 6M14 14l1.500 1.500M4.500 15.500 6 14M14 6l1.500-1.500',
  moon: 'M16 11.500A6.500 6.500 0 0 1 8.500 4a6.500 6.500 0 1 0 7.500 7.500Z',
  help: 'M7.500 7.500a2.500 2.500 0 1 1 3.500 2.300c-.7.3-1 .8-1 1.700M10 14.500v.01',
  copy: 'M7 7V3.500h9.500V13H13M3.500 7H13v9.500H3.500z',
  check: 'm4 10.500 4 4 8-9',
  cross: 'm5 5 10 10M15 5 5 15',
  right: 'm8 5 5 5-5 5',
  down: 'm5 8 5 5 5-5',
  up: 'm5 12 5-5 5 5',
  out: 'M11 4h5v5M16 4l-7 7M13 12v4H4V7h4',
  warn: 'M10 3 2.500 16.500h15zM10 8v4M10 14.200v.01',
  risk: 'M7 3h6l4 4v6l-4 4H7l-4-4V7zM10 6.500v4.500M10 13.500v.01',
  dots: 'M5 10h.01M10 10h.01M15 10h.01'
} as const

export type IconName = keyof typeof PATHS | PageName

export function Icon ({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 20 20" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  )
}
