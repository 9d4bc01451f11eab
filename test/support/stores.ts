/** What the store tests share: temporary directories, a log, and other processes that really use a store. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import LeveldownStore from '../../stores/leveldown.js'
import type { Logger } from '../../src/contracts/logger.js'

export function recordingLog (): Logger & { lines: string[] } {
  const lines: string[] = []
  const record = (level: string) => (message: unknown): void => { lines.push(`${level} ${String(message)}`) }
  return {
    lines,
    error: record('error'),
    warn: record('warn'),
    info: record('info'),
    debug: record('debug'),
    trace: record('trace'),
    debugEnabled: false
  }
}

export const leveldown = (path: string): LeveldownStore => new LeveldownStore({ path }, { log: recordingLog() })

export interface Workspace {
  /** An empty directory of its own for each test. */
  directory: string
}

/** Call inside a describe. */
export function useWorkspace (): Workspace {
  const workspace: Workspace = { directory: '' }
  beforeEach(async () => { workspace.directory = await mkdtemp(join(tmpdir(), 'store-')) })
  afterEach(() => rm(workspace.directory, { recursive: true, force: true }))
  return workspace
}

export async function failure (promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => undefined, (reason: unknown) => reason)
  if (!(error instanceof Error)) throw new Error(`expected a rejection with an Error, got ${String(error)}`)
  return error.message
}

export interface StoreProcess {
  process: ChildProcess
  /** The lines it prints, in order. */
  lines: AsyncIterator<string, undefined>
  /** Kills it without warning. */
  kill (): Promise<void>
}

/** Starts `store-process.ts` with a task and a store's path; `shell` is run first, in the same process (for limits). */
export function startStoreProcess (task: 'hold' | 'write' | 'write-until-full', path: string, shell = ':'): StoreProcess {
  const script = fileURLToPath(new URL('./stores/store-process.js', import.meta.url))
  const child = spawn('/bin/sh', ['-c', `${shell}; exec "$0" "$@"`, process.execPath, script, task, path], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  return {
    process: child,
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }
}

export async function nextLine ({ lines }: StoreProcess): Promise<string> {
  const { value, done } = await lines.next()
  if (done === true) throw new Error('the store process ended')
  return value
}
