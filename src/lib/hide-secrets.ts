/**
 * Keeps secrets out of texts that people read: out of an error in which a module quotes its options (`hideSecrets`), and out of a log line
 * that holds a secret, recognised by its name, by its form, or because it is known (`redact`, `secretsIn`).
 */
import { isPlainData } from './is-object.js'

/** Shorter text is not a secret, and hiding it would break up words. */
const LENGTH_MIN = 3
/** Options are read from JSON; what lies deeper than this belongs to some instance. */
const DEPTH_MAX = 8
const REDACTED = '[redacted]'
const LITERAL_MAX = 2000

const WORDS = '(?:[\\w-]*(?:secret|passw(?:or)?d|passphrase|mnemonic|credentials?|private_?key|encryption_?key|signing_?key|api_?key|' +
  '(?:auth|access|bearer|btp|refresh|id|session|incoming|outgoing)[_-]?token)|seed|master_?seed|authorization|wallet)'
const SECRET_NAME = new RegExp(`^${WORDS}$`, 'i')
/** `name=value`, `"name":"value"`, `name: 'value'`, `'name' => 'value'`: as queries, JSON and `util.inspect` write them. */
const NAMED = new RegExp(`(?<![\\w-])(${WORDS})(?:` +
  `(=["']?)[^\\s"'&,;)}\\]]+|(["']?\\s*(?::|=>)\\s*)(?:"(?:[^"\\\\]|\\\\.)*"|'(?:[^'\\\\]|\\\\.)*'))`, 'gi')
/** `<secret>` is where one belongs. */
const PASSWORD_IN_URL = /((?<![a-z\d+.-])[a-z][a-z\d+.-]*:\/\/[^\s:@/?#]*):(?!<[a-z]+>@)[^\s/]*@/gi
const TOKEN_IN_QUERY = /([?&](?:token|key|sig|signature)=)[^\s&#"']+/gi
const BEARER = /\b(Bearer|Basic)\s+[\w.~+/=-]{3,}/gi

/**
 * `text` with each string found in `options`, and each password in a URL there, replaced by its place: `<options.listener.secret>`. What no
 * name says to be a secret may be one, and is replaced too, but not inside other words.
 */
export function hideSecrets (text: string, options: unknown): string {
  const found = [...stringsIn(options, 'options', DEPTH_MAX)].filter(([value]) => value.length >= LENGTH_MIN)
  if (found.length === 0) return text
  const places = new Map(found)
  const secrets = new Set(secretValues(options, false, DEPTH_MAX))
  return text.replace(oneOf([...places.keys()], value => !secrets.has(value)), value => `<${places.get(value) ?? 'options'}>`)
}

/** Whether what stands under this name is a secret: `authToken`, `privateKey`, `OUR_API_KEY`. */
export function isSecretName (name: string): boolean {
  return SECRET_NAME.test(name)
}

/** What finds the secrets in a module's options again, in a text: as they are, and as Buffers are written. Undefined if there are none. */
export function secretsIn (options: unknown): RegExp | undefined {
  const found = [...secretValues(options, false, DEPTH_MAX)].flatMap(value => {
    const bytes = Buffer.from(value)
    return [value, encodeURIComponent(value), bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url')]
  })
  const values = new Set(found.filter(value => value.length >= LENGTH_MIN))
  return values.size === 0 ? undefined : oneOf([...values])
}

/** `text` without what its form or the name beside it gives away as a secret, and without the `known` ones. */
export function redact (text: string, known?: RegExp): string {
  const plain = known === undefined ? text : text.replace(known, REDACTED)
  return plain
    .replace(PASSWORD_IN_URL, `$1:${REDACTED}@`)
    .replace(TOKEN_IN_QUERY, `$1${REDACTED}`)
    .replace(BEARER, `$1 ${REDACTED}`)
    .replace(NAMED, (_all, name: string, equals: string | undefined, colon: string | undefined) => `${name}${equals ?? colon ?? ''}${REDACTED}`)
}

function * stringsIn (value: unknown, place: string, depth: number): Generator<[value: string, place: string]> {
  if (typeof value === 'string') {
    yield [value, place]
    if (URL.canParse(value)) yield [new URL(value).password, `password in ${place}`]
  } else if (depth > 0 && isPlainData(value)) {
    for (const [key, inner] of Object.entries(value)) yield * stringsIn(inner, `${place}.${key}`, depth - 1)
  }
}

function * secretValues (value: unknown, isSecret: boolean, depth: number): Generator<string> {
  if (typeof value === 'string') {
    if (isSecret) yield value
    if (URL.canParse(value)) yield * passwordsIn(new URL(value))
  } else if (value instanceof Uint8Array) {
    if (isSecret) yield Buffer.from(value).toString('utf8')
  } else if (depth > 0 && isPlainData(value)) {
    for (const [key, inner] of Object.entries(value)) yield * secretValues(inner, isSecret || key === 'token' || isSecretName(key), depth - 1)
  }
}

/** A URL writes its password encoded; who quotes it may have decoded it. */
function passwordsIn ({ password }: URL): string[] {
  try {
    return [password, decodeURIComponent(password)]
  } catch {
    return [password]
  }
}

/** The longest first: a URL is hidden as a whole, not only the password in it. */
function oneOf (values: string[], isWord: (value: string) => boolean = () => false): RegExp {
  return new RegExp(values.sort((a, b) => b.length - a.length).map(value => isWord(value) ? asWord(value) : literal(value)).join('|'), 'g')
}

function asWord (text: string): string {
  return `${/^\w/.test(text) ? '\\b' : ''}${literal(text)}${/\w$/.test(text) ? '\\b' : ''}`
}

/** A pattern has a largest size: what begins like a long secret is taken for it, up to the next space. */
function literal (text: string): string {
  const pattern = text.slice(0, LITERAL_MAX).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return text.length > LITERAL_MAX ? `${pattern}\\S*` : pattern
}
