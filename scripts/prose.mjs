/**
 * Keeps the English plain, and the papers true: `node scripts/prose.mjs`, part of `npm run lint`. It finds phrases that a native speaker
 * would not use (CONTRIBUTING.md has the list for writers), links and paths that lead nowhere, and npm scripts that do not exist. In papers
 * it reads everything but code blocks; in programs it reads comments and texts.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Made by the compiler of contracts; and this file, which quotes what it looks for. */
const LEFT_OUT = /^plugins\/evm\/artifacts\/|^scripts\/prose\.mjs$/

const PAPERS = [...filesIn('.', /\.md$/, false), ...filesIn('docs', /\.md$/), ...filesIn('examples', /\.md$/)]
const PROGRAMS = ['src', 'plugins', 'middlewares', 'backends', 'stores', 'examples', 'bench', 'scripts'].flatMap(folder => filesIn(folder, /\.(ts|mjs)$/))
/** [what not to write, what to write instead] */
const PHRASES = [
  [/\b(?:that|which|who) (?:is|are|was|were) none\b/i, 'an invalid ..., a malformed ..., or "not a ..."'],
  [/\bbe it\b/i, 'even, whether'],
  [/\bto be had\b/i, 'available'],
  [/\b(?:is|are|was|were|be|been) waited for\b/i, 'it waits for ..., up to ...'],
  [/\b(?:is|are|was|were|be) settled with\b/i, 'we settle with ...'],
  [/\bto be tried\b/i, 'so you can try ...'],
  [/(?<!, )\bwhoever\b/i, 'anyone who, the side that, the peer that'],
  [/(?:^|[.;] )Who (?!may\b|can\b|is\b|are\b|owes\b|signs\b)[a-z]+ (?![^.]*\?)/, 'anyone who, the side that, the peer that'],
  [/(?<!there )\b(?:is|are|was|were) no (?!longer\b|more\b|other\b|one\b|need\b|use\b|different\b|better\b|room\b)[a-z]+/i, 'is not a ...'],
  [/\bmend(?:s|ed|ing)?\b/i, 'fix, repair'],
  [/\bfor ever\b/i, 'forever'],
  [/\b(?:something|anything|nothing) else than\b/i, 'anything but, anything other than'],
  [/\b(?:has|have|shows|is|are|there), beside\b|^Beside\b|[.;] Beside\b/i, 'in addition to, besides'],
  [/\bwhat there is to know\b/i, 'what you need to know'],
  [/\brefused by name\b/i, 'rejected'],
  [/\bwhere there is none\b/i, 'where it is missing'],
  [/\bhas got to\b|\bgotten\b/i, 'must'],
  [/\bis let in\b/i, 'gets in, may connect']
]

const problems = []

for (const path of PAPERS) {
  const text = readFileSync(join(ROOT, path), 'utf8')
  lookAtPhrases(path, withoutWordList(withoutCode(text)))
  lookAtLinks(path, text)
  lookAtNames(path, text)
}
for (const path of PROGRAMS) lookAtPhrases(path, wordsOf(readFileSync(join(ROOT, path), 'utf8')))

for (const problem of problems) console.error(problem)
if (problems.length > 0) {
  console.error(`${problems.length} problems in the prose: see "Words" in CONTRIBUTING.md.`)
  process.exitCode = 1
}

function filesIn (folder, name, recursive = true) {
  return readdirSync(join(ROOT, folder), { recursive })
    .map(path => join(folder, path))
    .filter(path => name.test(path) && !LEFT_OUT.test(path))
    .sort()
}

function lookAtPhrases (path, text) {
  text.split('\n').forEach((line, index) => {
    for (const [phrase, better] of PHRASES) {
      const found = phrase.exec(line)
      if (found !== null) problems.push(`${path}:${index + 1}: "${found[0].trim()}" (better: ${better})`)
    }
  })
}

function lookAtLinks (path, text) {
  for (const [, target = ''] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(target)) continue
    const [file = '', anchor] = target.split('#')
    const place = file === '' ? join(ROOT, path) : join(ROOT, dirname(path), file)
    if (!existsSync(place)) problems.push(`${path}: the link ${target} leads to no file`)
    else if (anchor !== undefined && !anchorsOf(place).has(anchor)) problems.push(`${path}: the link ${target} leads to no heading`)
  }
}

/** Files of this repository and npm scripts that a paper names. */
function lookAtNames (path, text) {
  for (const [name] of text.matchAll(/\b(?:src|plugins|middlewares|backends|stores|test|scripts|bench|examples|docker|docs)\/[\w./*-]*[\w*/]/g)) {
    if (/[<>*]/.test(name) || text.includes(`${name}<`) || text.includes(`dist/${name}`)) continue
    if (!existsSync(join(ROOT, name))) problems.push(`${path}: there is no ${name}`)
  }
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  for (const [, name = ''] of text.matchAll(/npm run ([\w:-]+)/g)) if (!(name in scripts)) problems.push(`${path}: there is no npm script ${name}`)
}

/** As GitHub makes them of headings. */
function anchorsOf (path) {
  const headings = withoutCode(readFileSync(path, 'utf8')).matchAll(/^#+ (.*)$/gm)
  return new Set(Array.from(headings, ([, title = '']) => title.toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-')))
}

/** The same number of lines, without blocks of code. */
function withoutCode (text) {
  return text.replaceAll(/^( *)```[\s\S]*?^\1```/gm, block => block.replaceAll(/[^\n]/g, ''))
}

/** Without the table that shows what not to write. */
function withoutWordList (text) {
  return text.replace(/^\| not \| but \|\n(?:\|.*\n)*/m, table => table.replaceAll(/[^\n]/g, ''))
}

/** The same number of lines, with comments and texts only. */
function wordsOf (source) {
  return source.split('\n').map(line => {
    const comment = /^\s*(?:\/\*\*|\*(?!\/)|\/\/)\s?(.*)$/.exec(line)
    if (comment !== null) return comment[1].replace(/\s*\*\/$/, '')
    const [, trailing = ''] = /\s\/\/ (.*)$/.exec(line) ?? []
    const texts = [...line.matchAll(/'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`?/g)].map(([text]) => text.slice(1))
    return [...texts, trailing].join('. ')
  }).join('\n')
}
