// Lint and all tests, for `npm test`, as two cores allow: first most tests, two files at a time, with lint beside them; then, one after the
// other, the tests that would disturb others or be disturbed. All of it always runs. It fails if any part fails.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const ALONE = [
  'dist/test/plugins/btp/connection-log.test.js', // counts lines of the whole process, so it comes first
  'dist/test/e2e/first-hour/*.test.js', // runs the commands of the papers as they are printed, with the ports that stand there
  'dist/test/e2e/bounds.test.js', // these look at memory
  'dist/test/e2e/customers/*.test.js',
  'dist/test/e2e/adversary/idle-channels.test.js', // its node has 60 peers, and little time to answer while they come
  'dist/test/accounts/accounts.test.js', // counts timers
  'dist/test/e2e/daemon/soak.test.js',
  'dist/test/middlewares/deduplicate.test.js',
  'dist/test/routing/table/segment-map.test.js',
  'dist/test/plugins/btp/btp.test.js' // counts timers of the whole process
]
/** A test beside another file, and beside lint, may have to wait for chains and processes. */
const BUSY_TIMEOUT_MS = '120000'
/** Those that take longest come first, so that none of them is left for the end. */
const TOGETHER = [
  'dist/test/routing/simulator.test.js', 'dist/test/e2e/**/*.test.js', 'dist/test/!(e2e|routing)/**/*.test.js', 'dist/test/routing/**/!(simulator).test.js'
]

/** The options for all tests are in .mocharc.json. */
function mocha (...args) {
  return succeeds(spawn('npx', ['mocha', ...args], { cwd: ROOT, stdio: 'inherit' }))
}

/** What it says comes in one piece. */
async function lint () {
  const child = spawn('npm', ['run', 'lint'], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', piece => said.push(piece))
  const passed = await succeeds(child)
  process.stdout.write(Buffer.concat(said))
  return passed
}

async function succeeds (child) {
  const [code] = await once(child, 'close')
  return code === 0
}

const together = await Promise.all([
  lint(),
  mocha('--parallel', '--jobs', '2', '--timeout', BUSY_TIMEOUT_MS, ...ALONE.flatMap(files => ['--ignore', files]), ...TOGETHER)
])
const passed = [...together, await mocha(...ALONE)]
process.exitCode = passed.includes(false) ? 1 : 0
