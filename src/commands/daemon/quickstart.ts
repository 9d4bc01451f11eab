/**
 * `npm start` on a fresh machine: a connector that works without any set-up. `CONNECTOR_*` variables that are set stay as they are, the
 * rest get defaults, and the secret for plugins is generated once and stored next to the data.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { SluiceError } from '../../contracts/errors.js'
import { describeError } from '../../lib/describe-error.js'
import { makeDirectory } from '../../lib/make-directory.js'
import { writePrivately } from '../../lib/private-file.js'

const PORT = '7768'
const ADMIN_PORT = '7780'
const EXPLORER_PORT = 3001
const DATA_PATH = 'data'
/** How far it looks for ports to propose. */
const PORTS_TRIED_MAX = 100
const ACCOUNTS = ['alice', 'bob']
const SECRET_FILE = 'quickstart-secret'
/** Tells `npm run pay` where the connector is: `{ alice, bob, admin }`, each a URL. Holds the secret. */
const URLS_FILE = 'quickstart.json'

export interface Quickstart {
  address: string
  /** Where plugins connect, one URL per account. Holds the secret. */
  urls: string[]
  dataPath: string
  adminUrl: string
  /** Undefined where somebody turned the explorer off. */
  explorerUrl: string | undefined
}

/** Completes `env` in place; plugins connect on QUICKSTART_PORT. Returns undefined, and changes nothing, if accounts are configured. */
export async function applyQuickstart (env: NodeJS.ProcessEnv): Promise<Quickstart | undefined> {
  if (env.CONNECTOR_ACCOUNTS !== undefined) return undefined
  const dataPath = resolve(env.CONNECTOR_STORE_PATH ?? DATA_PATH)
  const address = env.CONNECTOR_ILP_ADDRESS ?? 'test.quickstart'
  const port = env.QUICKSTART_PORT ?? PORT
  const adminPort = env.CONNECTOR_ADMIN_API_PORT ?? ADMIN_PORT
  const hasExplorer = env.CONNECTOR_EXPLORER === undefined || env.CONNECTOR_EXPLORER === 'true'
  const explorerPort = env.CONNECTOR_EXPLORER_PORT
  const asked = hasExplorer && explorerPort !== undefined ? { CONNECTOR_EXPLORER_PORT: explorerPort } : {}
  await refuseTakenPorts({ QUICKSTART_PORT: port, CONNECTOR_ADMIN_API_PORT: adminPort, ...asked }, dataPath)
  const secret = await keptSecret(dataPath)
  const account = (username: string): object => ({
    relation: 'child',
    plugin: 'btp',
    assetCode: 'USD',
    assetScale: 9,
    balance: { minimum: '-1000000000000', maximum: '1000000000000' },
    options: { listener: { port: Number(port), username, secret } }
  })
  const defaults = {
    CONNECTOR_ACCOUNTS: JSON.stringify(Object.fromEntries(ACCOUNTS.map(name => [name, account(name)]))),
    CONNECTOR_ILP_ADDRESS: address,
    CONNECTOR_STORE_PATH: join(dataPath, 'store'),
    CONNECTOR_BACKEND: 'one-to-one',
    CONNECTOR_SPREAD: '0.002',
    CONNECTOR_ADMIN_API: 'true',
    CONNECTOR_ADMIN_API_PORT: adminPort,
    CONNECTOR_EXPLORER: String(hasExplorer),
    CONNECTOR_EXPLORER_PORT: explorerPort ?? String(await freePortFrom(EXPLORER_PORT)), // nobody asked for this one
    // A person reads the welcome, not the log; DEBUG and LOG_LEVEL ask for the log.
    ...env.DEBUG === undefined && !env.LOG_LEVEL && { CONNECTOR_LOG_LEVEL: 'warn' }
  }
  for (const [name, value] of Object.entries(defaults)) env[name] ??= value
  const urls = Object.fromEntries(ACCOUNTS.map(name => [name, `btp+ws://${name}:${secret}@127.0.0.1:${port}`]))
  const adminUrl = `http://127.0.0.1:${adminPort}`
  writePrivately(join(dataPath, URLS_FILE), JSON.stringify({ ...urls, admin: adminUrl }, null, 2))
  const explorerUrl = hasExplorer ? `http://127.0.0.1:${env.CONNECTOR_EXPLORER_PORT ?? ''}` : undefined
  return { address, urls: Object.values(urls), dataPath, adminUrl, explorerUrl }
}

/** Prints what a person needs to know next. */
export function printWelcome ({ address, urls, dataPath, adminUrl, explorerUrl }: Quickstart, output: NodeJS.WritableStream): void {
  const pay = dataPath === resolve(DATA_PATH) ? 'npm run pay' : `npm run pay -- ${dataPath}`
  output.write(`
Your connector is running. Ctrl-C stops it; npm start continues with the same data.

  ILP address     ${address}
  Accounts        alice and bob, in USD with 9 decimals: 1000000000 is 1.000000000 USD
  Data            ${dataPath}
  Admin API       ${adminUrl}
${explorerUrl === undefined ? '' : `  Explorer        ${explorerUrl}   (open it in a browser, and watch)\n`}
What to try next, in another terminal

  ${pay}
      alice pays bob 1.5 USD through this connector. Shows both balances, before and after.
  npx connector ledger balances --url ${adminUrl}
      shows who owes whom. ${adminUrl}/docs in a browser shows what else you can ask.

To connect a program of your own, set the option "server" of its plugin (ilp-plugin-btp, or Sluice's btp) to one of these. They hold a secret.

${urls.map(url => `  ${url}`).join('\n')}

`)
}

async function keptSecret (dataPath: string): Promise<string> {
  const file = join(dataPath, SECRET_FILE)
  try {
    await makeDirectory(dataPath)
  } catch (error) {
    throw new Error(`cannot create the data directory. path=${dataPath} error=${describeError(error)}. Set CONNECTOR_STORE_PATH to another one.`)
  }
  try {
    // No option takes a value that begins with a dash, as other forms of it may.
    await writeFile(file, randomBytes(18).toString('hex'), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return await readFile(file, 'utf8')
}

/**
 * The connector itself would start and keep trying to listen. But here a person is waiting to connect, so it fails at once, and says with
 * which variables a second connector runs beside the first.
 */
async function refuseTakenPorts (ports: Readonly<Record<string, string>>, dataPath: string): Promise<void> {
  const taken: string[] = []
  const free: string[] = []
  for (const [name, text] of Object.entries(ports)) {
    if (!/^\d+$/.test(text) || Number(text) < 1 || Number(text) > 65535) {
      throw new SluiceError('SLUICE_CONFIG_INVALID', `${name}: found ${JSON.stringify(text)}, expected a whole number from 1 to 65535. Correct or unset it.`)
    }
    const reason = await whyTaken(Number(text))
    if (reason !== undefined) taken.push(`port ${text} (${name}, ${reason})`)
    free.push(`${name}=${await freePortFrom(reason === undefined ? Number(text) : Number(text) + 1)}`)
  }
  if (taken.length === 0) return
  const beside = [`CONNECTOR_STORE_PATH=${asWord(`${dataPath}-2`)}`, ...free].join(' ')
  throw new Error(`cannot listen on ${taken.join(' and ')}. Stop the program that uses it (another connector?), ` +
    `or run this one beside it: ${beside} npm start`)
}

/** As a shell reads it as one word. */
function asWord (text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

async function freePortFrom (first: number): Promise<number> {
  for (let port = first; port < first + PORTS_TRIED_MAX && port <= 65535; port++) if (await whyTaken(port) === undefined) return port
  return first
}

async function whyTaken (port: number): Promise<string | undefined> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    return describeError(error)
  }
  server.close()
  await once(server, 'close')
  return undefined
}
