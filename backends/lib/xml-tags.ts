/**
 * A small strict reader of XML: elements with quoted attributes, text, comments and a declaration. It checks that every element is
 * closed, so that half a document is never mistaken for a whole one, and refuses what rate documents have no use for (a document type,
 * entities, processing instructions).
 */

export interface Tag {
  name: string
  attributes: ReadonlyMap<string, string>
}

const DEPTH_MAX = 32
const SKIPPED = [['<!--', '-->'], ['<?xml', '?>']] as const
const TAG = /^<(\/?)([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<&]*"|'[^'<&]*'))*)\s*(\/?)>$/
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g

/** @returns all elements in the order they open. Throws at the first thing that is not well-formed. */
export function tagsOf (xml: string): Tag[] {
  const tags: Tag[] = []
  const open: string[] = []
  for (const markup of markupOf(xml.replace(/^\uFEFF/, ''))) {
    const [match, slash, name = '', attributes = '', selfClosing] = TAG.exec(markup) ?? []
    if (match === undefined) throw malformed(`unexpected ${shorten(markup)}`)
    if (slash === '/') {
      if (attributes !== '' || selfClosing === '/' || open.pop() !== name) throw malformed(`unexpected ${shorten(markup)}`)
      continue
    }
    if (open.length === 0 && tags.length > 0) throw malformed('more than one root element')
    tags.push({ name, attributes: attributesOf(attributes) })
    if (selfClosing !== '/') open.push(name)
    if (open.length > DEPTH_MAX) throw malformed(`elements nested deeper than ${DEPTH_MAX}`)
  }
  if (open.length > 0) throw malformed(`<${open.at(-1) ?? ''}> is not closed; the document is cut off`)
  if (tags.length === 0) throw malformed('no element in it')
  return tags
}

/** Yields each `<...>`; skips text, comments and the declaration. */
function * markupOf (xml: string): Generator<string> {
  if (!/^\s*</.test(xml)) throw malformed('it does not begin with an element')
  for (let start = xml.indexOf('<'); start !== -1;) {
    const skipped = SKIPPED.find(([opening]) => xml.startsWith(opening, start))
    const [opening, closing] = skipped ?? ['<', '>']
    const end = xml.indexOf(closing, start + opening.length)
    if (end === -1) throw malformed('the document is cut off inside a tag')
    if (skipped === undefined) yield xml.slice(start, end + 1)
    start = xml.indexOf('<', end + closing.length)
  }
}

function attributesOf (text: string): Map<string, string> {
  const attributes = new Map<string, string>()
  for (const [, name = '', double, single] of text.matchAll(ATTRIBUTE)) {
    if (attributes.has(name)) throw malformed(`attribute ${name} given twice`)
    attributes.set(name, double ?? single ?? '')
  }
  return attributes
}

function malformed (reason: string): Error {
  return new Error(`not a well-formed XML document: ${reason}`)
}

function shorten (markup: string): string {
  return markup.length > 60 ? `${markup.slice(0, 60)}...` : markup
}
