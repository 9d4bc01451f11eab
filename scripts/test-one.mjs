// `npm run test:one <file>`: builds, and runs the tests of one file. The file is a test, or a source whose tests are found by its name.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const [given, ...more] = process.argv.slice(2)

function fail (text) {
  process.stderr.write(`${text}\n`)
  process.exit(1)
}

function run (command, args) {
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

if (given === undefined) fail('Usage: npm run test:one <file> [-- --grep <words>], with a test or a source such as src/ledger/book.ts')
const path = relative(ROOT, resolve(given)).split(sep).join('/').replace(/^dist\/(.*)\.js$/, '$1.ts')
if (!existsSync(resolve(ROOT, path))) fail(`There is no file ${path}.`)
run('npm', ['run', '--silent', 'build'])
const { testsOf } = await import('../dist/test/support/same-named-tests.js')
const tests = testsOf(path)
if (tests.length === 0) fail(`No test is known for ${path}. Add one of the same name under test/.`)
process.stdout.write(`${tests.join('\n')}\n`)
run('npx', ['mocha', '--no-config', '--exit', '--timeout', '60000', ...more, ...tests.map(test => `dist/${test.replace(/\.ts$/, '.js')}`)])
