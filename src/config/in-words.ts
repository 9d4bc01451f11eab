/** How names and values appear in error messages: on one line and of a bounded length, whatever they hold. */
import { redact } from '../lib/hide-secrets.js'

/** Longest part of a value or of a name that is shown. */
const SHOWN_MAX = 40

/** `alice.balance.maximum`, `routes[0]`, `["an odd id"].plugin`. */
export function showPath (path: readonly PropertyKey[]): string {
  return path.map((key, index) => {
    if (typeof key === 'number') return `[${key}]`
    const name = String(key)
    if (!/^[\w~-]{1,40}$/.test(name)) return `[${quote(name)}]`
    return index === 0 ? name : `.${name}`
  }).join('')
}

/** In double quotes, on one line, shortened, and of a URL no more than its scheme and host: the rest may hold secrets. */
export function quote (text: string): string {
  const shown = redact(withoutUrlSecrets(text))
  return JSON.stringify(shown.length > SHOWN_MAX ? `${shown.slice(0, SHOWN_MAX)}…` : shown)
}

const CREDENTIALS = /^([a-z][a-z\d+.-]*:\/\/)?(?!@).*@/is
const BEHIND_HOST = /^([a-z][a-z\d+.-]*:\/\/[^/?#]*)[/?#].+$/is

/** Whatever stands before an @, as the scheme may have been forgotten, and what follows the host. */
function withoutUrlSecrets (text: string): string {
  return text.replace(CREDENTIALS, '$1<credentials>@').replace(BEHIND_HOST, '$1/…')
}
