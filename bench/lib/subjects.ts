/**
 * What is measured: the reference (ilp-connector 23.0.2 with ilp-plugin-btp), Sluice and the floor, each a process with the accounts
 * alice and bob, whose peers connect to it. Sluice runs as it is deployed: the built daemon, all default middlewares, balances on disk
 * before an answer is sent, and its metrics served. All have the heap that launch.config.js gives Sluice.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../examples/free-port.js'
import { Party, type Address } from './party.js'
import { Process } from './processes.js'

const REFERENCE = createRequire(import.meta.url).resolve('ilp-connector')
const SLUICE = fileURLToPath(new URL('../../src/commands/daemon/main.js', import.meta.url))
const RELAY = fileURLToPath(new URL('../relay.js', import.meta.url))

const HEAP = '--max-semi-space-size=32'

/** No limit bites: what is measured is the cost of the checks. */
const WIDE = {
  relation: 'child',
  assetCode: 'USD',
  assetScale: 9,
  balance: { minimum: '-1000000000000000', maximum: '1000000000000000' },
  rateLimit: { refillCount: 1_000_000_000 }
}

const COMMON = {
  CONNECTOR_ILP_ADDRESS: 'test.bench',
  CONNECTOR_BACKEND: 'one-to-one',
  CONNECTOR_SPREAD: '0',
  CONNECTOR_ADMIN_API: 'true'
}

export interface Subject {
  readonly name: string
  readonly process: Process
  readonly alice: Party
  readonly bob: Party
  /** From the start of the process until both peers are let in. ms. */
  readonly startMs: number
  stop (): Promise<void>
}

export const starters: Readonly<Record<'reference' | 'sluice' | 'explored' | 'floor', () => Promise<Subject>>> = {
  async reference () {
    const ports = { alice: await freePort(), bob: await freePort() }
    const account = (port: number): object => ({ ...WIDE, plugin: 'ilp-plugin-btp', options: { listener: { port, secret: 'secret' } } })
    return await startSubject('reference', REFERENCE, {
      ...COMMON,
      CONNECTOR_STORE: 'ilp-store-memory', // where it keeps no balances
      CONNECTOR_ADMIN_API_PORT: String(await freePort()),
      CONNECTOR_ACCOUNTS: JSON.stringify({ alice: account(ports.alice), bob: account(ports.bob) })
    }, ports)
  },

  async sluice () {
    return await startSluice()
  },

  /** Sluice with its explorer, which nobody looks at. */
  async explored () {
    return await startSluice({ env: { CONNECTOR_EXPLORER: 'true', CONNECTOR_EXPLORER_PORT: String(await freePort()) } })
  },

  async floor () {
    const port = await freePort()
    return await startSubject('floor', RELAY, { PORT: String(port) }, { alice: port, bob: port })
  }
}

/** With the port of all its accounts, and that of its admin API. */
export type Sluice = Subject & { port: number, adminPort: number }

interface Settings {
  accounts?: Record<string, { options?: object, [setting: string]: unknown }>
  env?: Record<string, string>
  nodeArgs?: string[]
}

/** Sluice with more settings. `accounts` are those beside alice and bob, or others for them; their `options` add to the usual ones. */
export async function startSluice (
  { accounts = {}, env = {}, nodeArgs = [] }: Settings = {}
): Promise<Sluice> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  const [port, adminPort] = [await freePort(), await freePort()]
  const account = (username: string, options?: object): object =>
    ({ ...WIDE, plugin: 'btp', options: { listener: { port, username, secret: 'secret' }, ...options } })
  const named = { alice: account('alice'), bob: account('bob') }
  const others = Object.entries(accounts).map(([id, { options, ...more }]) => [id, { ...account(id, options), ...more }])
  const subject = await startSubject('sluice', SLUICE, {
    ...COMMON,
    CONNECTOR_STORE_PATH: folder,
    CONNECTOR_ADMIN_API_PORT: String(adminPort),
    CONNECTOR_COLLECT_DEFAULT_METRICS: 'true',
    CONNECTOR_ACCOUNTS: JSON.stringify({ ...named, ...Object.fromEntries(others) as object }),
    ...env
  }, { alice: port, bob: port }, nodeArgs)
  const stop = async (): Promise<void> => {
    await subject.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return { ...subject, stop, port, adminPort }
}

async function startSubject (
  name: string, script: string, env: Record<string, string>, ports: { alice: number, bob: number }, nodeArgs: string[] = []
): Promise<Subject> {
  const startedAt = performance.now()
  const child = new Process(script, { env, nodeArgs: [HEAP, ...nodeArgs] })
  try {
    const alice = await connectSoon(child, { port: ports.alice, username: 'alice' })
    const bob = await connectSoon(child, { port: ports.bob, username: 'bob' })
    const startMs = performance.now() - startedAt
    const stop = async (): Promise<void> => {
      await child.stop()
      await Promise.all([alice.closed, bob.closed])
    }
    return { name, process: child, alice, bob, startMs, stop }
  } catch (error) {
    await child.stop()
    throw error
  }
}

/** Tries until the process listens. */
async function connectSoon (child: Process, address: Address): Promise<Party> {
  for (;;) {
    try {
      return await Party.connect(address)
    } catch (error) {
      if (!child.isRunning) throw new Error(`a connector ended before it listened:\n${child.printed}`, { cause: error })
      await new Promise(resolve => { setTimeout(resolve, 5) })
    }
  }
}
