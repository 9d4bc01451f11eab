// `npm run watch`: compiles whenever a file is saved, and then runs the tests of what was saved. End-to-end tests run in `npm test`.
import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const ROOMS = ['src', 'middlewares', 'backends', 'stores', 'plugins', 'test']

const bin = name => join(ROOT, 'node_modules', '.bin', name)
/** The tests that run, if any: the next save ends them. */
let running
let lookedAtMs = Date.now()

function changedFiles () {
  const since = lookedAtMs
  lookedAtMs = Date.now()
  const files = ROOMS.flatMap(room => readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' }).map(name => `${room}/${name}`))
  return files.filter(file => file.endsWith('.ts') && statSync(join(ROOT, file), { throwIfNoEntry: false })?.mtimeMs >= since)
}

async function test (files) {
  const { testsOf } = await import(`../dist/test/support/same-named-tests.js?${Date.now()}`)
  const tests = [...new Set(files.flatMap(testsOf))].filter(file => !file.startsWith('test/e2e/'))
  if (tests.length === 0) return
  process.stdout.write(`${tests.join('\n')}\n`)
  running?.kill()
  const compiled = tests.map(file => `dist/${file.replace(/\.ts$/, '.js')}`)
  running = spawn(bin('mocha'), ['--no-config', '--exit', '--timeout', '60000', '--reporter', 'dot', ...compiled], { cwd: ROOT, stdio: 'inherit' })
}

const compiler = spawn(bin('tsc'), ['-p', '.', '--watch', '--preserveWatchOutput'], { cwd: ROOT, stdio: ['inherit', 'pipe', 'inherit'] })
compiler.stdout.on('data', chunk => {
  process.stdout.write(chunk)
  if (/Found 0 errors/.test(chunk.toString())) test(changedFiles()).catch(error => { process.stderr.write(`${error.message}\n`) })
})
compiler.on('close', code => {
  running?.kill()
  process.exit(code ?? 1)
})
