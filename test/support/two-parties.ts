/** A daemon with two accounts, and npm's BTP plugin connected to each: the least that a packet needs to get somewhere. */
import { createHash, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { freePort } from '../../examples/free-port.js'
import type { StreamPlugin } from '../../examples/stream-parties.js'
import { encodePrepare } from '../../src/index.js'
import { Daemon } from './daemon.js'

/** Also an event emitter: `disconnect` tells of a lost connection. */
export interface Party extends StreamPlugin {
  on (event: string, listener: () => void): unknown
}

const BtpPlugin = createRequire(import.meta.url)('ilp-plugin-btp') as new (options: object) => Party
export const SECRET = 's3cret'
export const FULFILLMENT = Buffer.alloc(32, 7)
const CONDITION = createHash('sha256').update(FULFILLMENT).digest()

export class TwoParties {
  private constructor (readonly daemon: Daemon, readonly alice: Party, readonly bob: Party, private readonly adminPort: number) {}

  /** `env` is added to what the accounts need. The connector is test.daemon. */
  static async start (env: Record<string, string> = {}): Promise<TwoParties> {
    const [btpPort, adminPort] = [await freePort(), await freePort()]
    const daemon = new Daemon({
      CONNECTOR_ILP_ADDRESS: 'test.daemon',
      CONNECTOR_ACCOUNTS: JSON.stringify({ alice: partyAccount('alice', btpPort), bob: partyAccount('bob', btpPort) }),
      CONNECTOR_BACKEND: 'one-to-one',
      CONNECTOR_SPREAD: '0',
      CONNECTOR_STORE: 'memdown',
      CONNECTOR_ADMIN_API: 'true',
      CONNECTOR_ADMIN_API_PORT: String(adminPort),
      ...env
    })
    await daemon.prints('listening for BTP connections')
    const [alice, bob] = [await connectParty('alice', btpPort), await connectParty('bob', btpPort)]
    await daemon.prints('connector ready')
    return new TwoParties(daemon, alice, bob, adminPort)
  }

  async balances (): Promise<Record<string, string>> {
    return await balancesAt(this.adminPort)
  }

  async stop (): Promise<void> {
    await Promise.all([this.alice.disconnect(), this.bob.disconnect()])
    await this.daemon.stop()
  }
}

/** An account whose peer connects to `port` on this machine with SECRET. USD, 9 decimals. */
export function partyAccount (username: string, port: number): object {
  return {
    relation: 'child',
    plugin: 'btp',
    assetCode: 'USD',
    assetScale: 9,
    balance: { minimum: '-1000000', maximum: '1000000' },
    options: { listener: { port, username, secret: SECRET } }
  }
}

export async function connectParty (username: string, port: number): Promise<Party> {
  const party = new BtpPlugin({ server: `btp+ws://${username}:${SECRET}@127.0.0.1:${port}`, responseTimeout: 10_000 })
  await party.connect()
  return party
}

/** Balances by account, in base units, from a daemon's admin API. */
export async function balancesAt (adminPort: number): Promise<Record<string, string>> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/balance`)
  const { accounts } = await response.json() as { accounts: Record<string, { balance: string }> }
  return Object.fromEntries(Object.entries(accounts).map(([id, { balance }]) => [id, balance]))
}

/** A Prepare of `amount` base units that FULFILLMENT fulfils, and that is no duplicate of another. */
export function prepareFor (destination: string, amount = 1000n, data = randomBytes(16)): Buffer {
  return encodePrepare({ amount, expiresAt: Date.now() + 20_000, executionCondition: CONDITION, destination, data })
}
