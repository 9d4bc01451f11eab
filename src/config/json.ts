/**
 * Reads JSON from a variable and, when it is broken, says where. The parser's own messages quote the text, which may hold an
 * account's secrets; these give a line and a column and what was expected there, never the text. A key that stands twice in one object
 * is a fault too: the parser would drop the first, and an account with it.
 */

export type JsonReading = { ok: true, value: unknown } | { ok: false, fault: string }

export function readJson (text: string): JsonReading {
  try {
    const value: unknown = JSON.parse(text)
    const fault = repetitionIn(text)
    return fault === undefined ? { ok: true, value } : { ok: false, fault }
  } catch {
    return { ok: false, fault: faultIn(text) }
  }
}

const BLANK = /[ \t\r\n]*/y
const TOKEN = /[{}[\],:]|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

const EXPECTED = {
  value: 'a value',
  firstItem: 'a value or ]',
  firstKey: 'a key in double quotes or }',
  key: 'a key in double quotes',
  colon: 'a colon',
  afterMember: 'a comma or }',
  afterItem: 'a comma or ]',
  end: 'nothing more'
}
type State = keyof typeof EXPECTED

/** Walks the tokens up to the first one that cannot stand where it stands. */
function faultIn (text: string): string {
  const open: ('{' | '[')[] = []
  const afterValue = (): State => open.length === 0 ? 'end' : open.at(-1) === '{' ? 'afterMember' : 'afterItem'
  let state: State = 'value'
  let position = 0
  for (;;) {
    position += match(BLANK, text, position).length
    const token = match(TOKEN, text, position)
    const next = step(state, token, open, afterValue)
    if (next === undefined) return describe(text, position, state, token)
    state = next
    position += token.length
  }
}

/** Walks valid JSON up to the first key that its object has already. */
function repetitionIn (text: string): string | undefined {
  const open: (Set<unknown> | undefined)[] = []
  let position = 0
  let before = ''
  for (;;) {
    position += match(BLANK, text, position).length
    const token = match(TOKEN, text, position)
    if (token === '') return undefined
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : undefined)
    else if (token === '}' || token === ']') open.pop()
    else if (before === '{' || before === ',') {
      const keys = open.at(-1)
      const key: unknown = JSON.parse(token)
      if (keys?.has(key) === true) return `${placeOf(text, position)}: the key ${token} is in this object already`
      keys?.add(key)
    }
    before = token
    position += token.length
  }
}

/** The state after `token`, or undefined when it may not stand here. Keeps `open`, the brackets not yet closed. */
function step (state: State, token: string, open: ('{' | '[')[], afterValue: () => State): State | undefined {
  switch (state) {
  case 'colon': return token === ':' ? 'value' : undefined
  case 'end': return undefined
  case 'afterMember':
  case 'afterItem':
    if (token === ',') return state === 'afterMember' ? 'key' : 'value'
    return close(token, state === 'afterMember' ? '}' : ']', open, afterValue)
  case 'firstKey':
  case 'key':
    if (token.startsWith('"')) return 'colon'
    return state === 'firstKey' ? close(token, '}', open, afterValue) : undefined
  case 'firstItem':
  case 'value':
    if (token === '{' || token === '[') {
      open.push(token)
      return token === '{' ? 'firstKey' : 'firstItem'
    }
    if (token === ']' && state === 'firstItem') return close(token, ']', open, afterValue)
    return token === '' || '}],:'.includes(token) ? undefined : afterValue()
  }
}

function close (token: string, bracket: string, open: string[], afterValue: () => State): State | undefined {
  if (token !== bracket) return undefined
  open.pop()
  return afterValue()
}

function match (pattern: RegExp, text: string, position: number): string {
  pattern.lastIndex = position
  return pattern.exec(text)?.[0] ?? ''
}

function describe (text: string, position: number, state: State, token: string): string {
  const place = placeOf(text, position)
  if (position === text.length) return `${place} (its end): expected ${EXPECTED[state]}`
  if (token === '' && text[position] === '"') return `${place}: the string that starts there is not finished or has a bad escape`
  return `${place}: expected ${EXPECTED[state]}`
}

function placeOf (text: string, position: number): string {
  const lines = text.slice(0, position).split('\n')
  return `at line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`
}
