/** Connectors and parties on this machine, wired over real sockets: Sluice in process, the reference in process, npm plugins between. */
import { createRequire } from 'node:module'
import { PassThrough } from 'node:stream'
import { createApp, type AccountInfo, type ConnectorInput } from '../../src/index.js'
import { freePort } from '../../examples/free-port.js'
import type { StreamPlugin } from '../../examples/stream-parties.js'

const require = createRequire(import.meta.url)
const BtpPlugin = require('ilp-plugin-btp') as new (options: object) => StreamPlugin
const reference = require('ilp-connector') as { createApp (options: object): Connector }
const referenceLog = require('ilp-connector/dist/common/log') as { setOutputStream (stream: NodeJS.WritableStream): void }

export interface Connector {
  listen (): Promise<void>
  shutdown (): Promise<void>
}

export type Kind = 'sluice' | 'reference'
export const KINDS: Kind[] = ['sluice', 'reference']

const SECRET = 'hunter2'
const BALANCE = { minimum: '-10000000000000', maximum: '10000000000000' }

/** Starts and stops everything of one test. */
export class Network {
  private readonly open: Array<() => Promise<unknown>> = []

  async connector (kind: Kind, options: Partial<ConnectorInput>): Promise<Connector> {
    const settings = { backend: 'one-to-one', spread: 0, store: 'memory', accounts: {}, ...options }
    referenceLog.setOutputStream(new PassThrough().resume())
    const connector = kind === 'sluice' ? createApp(settings) : reference.createApp(settings)
    this.open.unshift(() => connector.shutdown())
    // npm's listener plugins count as connected once a client came: do not wait for that.
    const listening = connector.listen()
    await Promise.race([listening, new Promise(resolve => setImmediate(resolve))])
    return connector
  }

  /** A connected party of an account that listens on `port`. */
  async party (port: number, user = ''): Promise<StreamPlugin> {
    const plugin = new BtpPlugin({ server: `btp+ws://${user}:${SECRET}@127.0.0.1:${port}` })
    await plugin.connect()
    this.open.unshift(() => plugin.disconnect())
    return plugin
  }

  async stop (): Promise<void> {
    for (const close of this.open.splice(0)) await close()
  }
}

/** An account whose npm plugin waits for its peer on `port`. */
export function listeningAccount (port: number, more: object = {}): AccountInfo {
  return {
    relation: 'child',
    plugin: 'ilp-plugin-btp',
    assetCode: 'USD',
    assetScale: 9,
    balance: BALANCE,
    options: { listener: { port, secret: SECRET, wsOpts: { host: '127.0.0.1', port } } },
    ...more
  }
}

/** An account whose npm plugin dials a peer that waits on `port`. */
export function diallingAccount (port: number, more: object = {}): AccountInfo {
  return { ...listeningAccount(port), options: { server: `btp+ws://:${SECRET}@127.0.0.1:${port}` }, ...more }
}

export async function ports (count: number): Promise<number[]> {
  return await Promise.all(Array.from({ length: count }, freePort))
}
