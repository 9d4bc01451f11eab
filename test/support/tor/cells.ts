/** Starts nodes that have no way out but a proxy (cell.ts says how), where the machine lets us. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ConnectorConfig, PeerRegistrationRequest } from '../../../src/index.js'

export interface Start {
  what: 'start'
  config: ConnectorConfig
  /** Where the proxy is for the node. */
  socksPort: number
  /** The sockets that lead to the proxy, and from its onion service. */
  socks: string
  service: string
}

export type Command =
  | Start
  | { what: 'pay', destination: string }
  | { what: 'register', peer: PeerRegistrationRequest }
  | { what: 'escapes' | 'escape' | 'stop' }

const LOOPBACK = 'ip link set lo up'
const PROGRAM = fileURLToPath(new URL('cell.js', import.meta.url))
/** Anybody may be root of a namespace, where the machine allows that. */
const UNSHARE = [...process.getuid?.() === 0 ? [] : ['--map-root-user'], '--net', '--mount', '--']

/** Why there can be no namespaces of their own here. Undefined: there can. */
export function noCells (): string | undefined {
  const { error, stderr, status } = spawnSync('unshare', [...UNSHARE, 'sh', '-c', `${LOOPBACK} && mount --bind /etc/hosts /etc/resolv.conf`], { encoding: 'utf8' })
  if (error !== undefined) return `unshare cannot be run: ${error.message}`
  return status === 0 ? undefined : `the machine gives no network namespace: ${stderr.trim()}`
}

export class Cell {
  readonly #pending = new Map<number, { resolve: (answer: unknown) => void, reject: (error: Error) => void }>()
  #lastId = 0

  private constructor (private readonly child: ChildProcess) {
    child.on('message', (message: { id: number, answer?: unknown, error?: string } | 'ready') => {
      if (message === 'ready') return
      const { resolve, reject } = this.#pending.get(message.id) ?? {}
      this.#pending.delete(message.id)
      if (message.error === undefined) resolve?.(message.answer)
      else reject?.(new Error(message.error))
    })
    child.once('exit', () => { for (const { reject } of this.#pending.values()) reject(new Error('the cell has ended')) })
  }

  /** @param directory for the file that says whom to ask for names: somebody whom no route leads to */
  static async open (directory: string): Promise<Cell> {
    const names = join(directory, 'resolv.conf')
    await writeFile(names, 'nameserver 192.0.2.53\noptions timeout:1 attempts:1\n')
    const script = `${LOOPBACK} && mount --bind "$0" /etc/resolv.conf && exec "$1" "$2"`
    const child = spawn('unshare', [...UNSHARE, 'sh', '-c', script, names, process.execPath, PROGRAM], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    await once(child, 'message')
    return new Cell(child)
  }

  ask (command: Command): Promise<unknown> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.child.send({ id, command })
    })
  }

  async close (): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const exit = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await exit
  }
}
