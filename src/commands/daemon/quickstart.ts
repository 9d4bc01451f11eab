/**
 * `npm start` on a fresh machine: a connector that works without any set-up. `CONNECTOR_*` variables that are set stay as they are, the
 * rest get defaults, and the secret for plugins is generated once and stored next to the data.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { describeError } from '../../lib/describe-error.js'

const PORT = '7768'
const ACCOUNTS = ['alice', 'bob']
const SECRET_FILE = 'quickstart-secret'

export interface Quickstart {
  address: string
  /** Where plugins connect, one URL per account. Holds the secret. */
  urls: string[]
  dataPath: string
  adminPort: string
}

/** Completes `env` in place; plugins connect on QUICKSTART_PORT. Returns undefined, and changes nothing, if accounts are configured. */
export async function applyQuickstart (env: NodeJS.ProcessEnv): Promise<Quickstart | undefined> {
  if (env.CONNECTOR_ACCOUNTS !== undefined) return undefined
  const dataPath = resolve(env.CONNECTOR_STORE_PATH ?? 'data')
  const secret = await keptSecret(dataPath)
  const address = env.CONNECTOR_ILP_ADDRESS ?? 'test.quickstart'
  const adminPort = env.CONNECTOR_ADMIN_API_PORT ?? '7780'
  const port = env.QUICKSTART_PORT ?? PORT
  if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
    throw new Error(`QUICKSTART_PORT: found ${JSON.stringify(port)}, expected a whole number from 1 to 65535. Correct or unset it.`)
  }
  await refuseTakenPort(Number(port))
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
    CONNECTOR_INITIAL_CONNECT_TIMEOUT: '500'
  }
  for (const [name, value] of Object.entries(defaults)) env[name] ??= value
  return { address, urls: ACCOUNTS.map(name => `btp+ws://${name}:${secret}@127.0.0.1:${port}`), dataPath, adminPort }
}

/** Prints what a person needs to know next. */
export function printWelcome ({ address, urls, dataPath, adminPort }: Quickstart, output: NodeJS.WritableStream): void {
  output.write(`
Your connector is running.

  ILP address     ${address}
  Data            ${dataPath}
  Accounts        two, in USD with 9 decimals; to connect, set the option "server" of a plugin (ilp-plugin-btp or Sluice's btp) to one of
${urls.map(url => `                    ${url}`).join('\n')}
  Admin API       http://127.0.0.1:${adminPort}   (try: curl http://127.0.0.1:${adminPort}/accounts)

What to try next
  npm run demo                      sends a real STREAM payment through a connector, and shows who paid and received what
  curl http://127.0.0.1:${adminPort}/balance   shows who owes whom
  docs/configuration.md             lists every setting; README.md explains how to connect to others
  Ctrl-C                            stops the connector cleanly; npm start continues with the same data

`)
}

async function keptSecret (dataPath: string): Promise<string> {
  const file = join(dataPath, SECRET_FILE)
  try {
    await mkdir(dataPath, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new Error(`cannot create the data directory. path=${dataPath} error=${describeError(error)}. Set CONNECTOR_STORE_PATH to another one.`)
  }
  try {
    await writeFile(file, randomBytes(18).toString('base64url'), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return await readFile(file, 'utf8')
}

/** The connector itself would start and keep trying to listen. But here a person is waiting to connect, so it fails at once. */
async function refuseTakenPort (port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new Error(`cannot listen for plugins on port ${port}. error=${describeError(error)}. Stop the program that uses it (another connector?), or set QUICKSTART_PORT to a free port.`)
  }
  server.close()
  await once(server, 'close')
}
