/** Where the search field leads: a packet by its condition, a peer or channel by its name, and an address to the routes. */
import type { PageName } from './pages.js'

export interface Found { page: PageName, item: string, query: URLSearchParams }

const PACKET = /^[0-9a-f]{64}$/i
const CHANNEL = /^0x[0-9a-f]{6,64}$|^[0-9A-F]{64}$/
const ADDRESS = /^(g|private|example|peer|self|test[1-3]?|local)(\.[A-Za-z0-9_~-]*)*$/
/** What people search for among refused packets. */
const CODE = /^[FTR]\d\d$/i

/** Undefined for nothing. What is not known by its form is looked for among packets, where names of peers are as well. */
export function searchPlace (typed: string): Found | undefined {
  const text = typed.trim()
  if (text === '') return undefined
  const found = (page: PageName, item: string, query: Record<string, string> = {}): Found =>
    ({ page, item, query: new URLSearchParams(query) })
  if (CHANNEL.test(text)) return found('settlement', '', { channel: text })
  if (PACKET.test(text)) return found('packets', text.toLowerCase())
  if (ADDRESS.test(text)) return found('routes', '', { destination: text })
  if (CODE.test(text)) return found('packets', '', { show: 'refused', text: text.toUpperCase() })
  return found('packets', '', { text })
}
