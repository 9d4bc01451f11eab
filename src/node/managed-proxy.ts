/**
 * Runs the proxy of an overlay, `anon` or `tor`, as a process of the node: starts it, waits until it answers, starts it again when it ends,
 * with longer and longer pauses, and leaves none behind, whatever becomes of the node.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { SluiceError } from '../contracts/errors.js'
import type { ManagedProxy, NodeLogger } from '../contracts/node.js'
import { backoffMs } from '../lib/backoff.js'
import { describeError } from '../lib/describe-error.js'
import { withoutOverlayNames } from '../lib/socks-proxy.js'
import { pause } from '../lib/timers.js'
import { writeProxyFiles, type ProxyFiles } from './proxy-files.js'
import { proxyTrouble, type Place } from './socks-probe.js'

const LOOK_EVERY_MS = 100
const PROBE_MS = 1000
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 60_000
/** A process that ran for so long was not one that cannot start. */
const STEADY_MS = 60_000
/** Of what it says, this much is in the error when it does not start. */
const SAID_MAX = 1500
/** How often a process that was killed is looked at, until it is gone. */
const LEFT_BEHIND_LOOKS = 50
/** All that it gets of the environment: the keys of the node are not its concern. */
const ENVIRONMENT = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LD_LIBRARY_PATH', 'SYSTEMROOT']

export interface ManagedProxyOptions {
  managed: ManagedProxy
  /** Where it is to listen, on this machine. */
  socks: Place
  directory: string
  /** The BTP port, which a hidden service leads to. */
  target: number
  log: NodeLogger
}

export class ManagedProxyProcess {
  /** How often it was started again. */
  restarts = 0
  readonly #options: ManagedProxyOptions
  readonly #stopping = new AbortController()
  #child: ChildProcess | undefined
  #ended: Promise<void> = Promise.resolve()
  #restarting: Promise<void> | undefined
  #said = ''
  /** In a row, of starts that did not last. */
  #failures = 0
  readonly #killWithUs = (): void => { this.#child?.kill('SIGKILL') }

  constructor (options: ManagedProxyOptions) {
    this.#options = options
  }

  /** Resolves when the proxy answers. @throws SluiceError with what it said last, when it does not within its time; then it is stopped */
  async start (): Promise<void> {
    const { managed, socks, directory, target, log } = this.#options
    const place = `${socks.host.includes(':') ? `[${socks.host}]` : socks.host}:${socks.port}`
    const files = await writeProxyFiles(managed, { directory, socks: place, target })
    await endLeftBehind(files)
    if (await proxyTrouble(socks, PROBE_MS) === undefined) {
      throw new SluiceError('SLUICE_PROXY_UNUSABLE', `something else is at ${place} already, where transport.managed would start the proxy. Set transport.socksProxy to a ` +
        'free port, or transport.managed to false to use what is there.')
    }
    process.once('exit', this.#killWithUs)
    try {
      await this.#run(files)
    } catch (error) {
      await this.stop()
      throw error
    }
    log.info({ pid: this.#child?.pid, socks: place }, 'managed_anon_started')
  }

  /** SIGTERM, and SIGKILL when that does not help in time. Resolves when there is no process any more. */
  async stop (): Promise<void> {
    this.#stopping.abort()
    await this.#restarting
    const { managed: { stopTimeoutMs }, log } = this.#options
    const child = this.#child
    if (child !== undefined) {
      child.kill('SIGTERM')
      const late = setTimeout(() => {
        log.warn({ pid: child.pid, timeoutMs: stopTimeoutMs }, 'managed_anon_stop_timeout')
        child.kill('SIGKILL')
      }, stopTimeoutMs)
      await this.#ended
      clearTimeout(late)
    }
    process.removeListener('exit', this.#killWithUs)
  }

  /** Resolves when the process answers; rejects when it ends before, or does not in time, and then it has ended. */
  async #run (files: ProxyFiles): Promise<void> {
    const { managed: { startupTimeoutMs }, socks } = this.#options
    const startedAt = Date.now()
    const child = this.#spawn(files)
    let end: string | undefined
    this.#ended = new Promise(resolve => {
      const over = (how: string): void => {
        end ??= how
        if (this.#child === child) this.#child = undefined
        resolve()
      }
      child.once('error', error => { over(describeError(error)) })
      child.once('exit', (code, signal) => { over(`it ended with ${signal ?? `code ${code ?? ''}`}`) })
    })
    let trouble: string | undefined = 'not asked yet'
    while (trouble !== undefined) {
      await pause(LOOK_EVERY_MS, this.#stopping.signal)
      const isLate = Date.now() - startedAt > startupTimeoutMs
      if (end === undefined && !isLate && !this.#stopping.signal.aborted) {
        trouble = await proxyTrouble(socks, PROBE_MS)
        continue
      }
      if (end === undefined) child.kill('SIGKILL')
      await this.#ended
      const why = this.#stopping.signal.aborted ? 'the node stops' : isLate ? `it did not answer within ${startupTimeoutMs} ms` : end ?? ''
      const said = this.#said === '' ? '' : ` It said: ${withoutOverlayNames(this.#said.trim())}`
      throw new SluiceError('SLUICE_PROXY_UNUSABLE', `the proxy ${files.binary} does not start: ${why}.${said}`)
    }
    void this.#ended.then(() => {
      if (this.#stopping.signal.aborted) return
      this.#options.log.warn({ reason: end }, 'managed_anon_crash_detected')
      if (Date.now() - startedAt > STEADY_MS) this.#failures = 0
      this.#restarting = this.#restart(files)
    })
  }

  async #restart (files: ProxyFiles): Promise<void> {
    const { log } = this.#options
    for (;;) {
      await pause(backoffMs(this.#failures++, FIRST_PAUSE_MS, LONGEST_PAUSE_MS), this.#stopping.signal)
      if (this.#stopping.signal.aborted) return
      this.restarts++
      try {
        await this.#run(files)
        log.info({ pid: this.#child?.pid, restarts: this.restarts }, 'managed_anon_started')
        return
      } catch (error) {
        if (!this.#isStopping()) log.warn({ error: describeError(error) }, 'managed_anon_restart_failed')
      }
    }
  }

  #isStopping (): boolean {
    return this.#stopping.signal.aborted
  }

  #spawn ({ binary, settings }: ProxyFiles): ChildProcess {
    const env = Object.fromEntries(ENVIRONMENT.flatMap(name => process.env[name] === undefined ? [] : [[name, process.env[name]]]))
    const child = this.#child = spawn(binary, ['-f', settings], { stdio: ['ignore', 'pipe', 'pipe'], env, detached: true })
    this.#said = ''
    let isConnected = false
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#said = (this.#said + text).slice(-SAID_MAX)
        this.#options.log.debug({ text: text.slice(0, SAID_MAX) }, 'managed_anon_says')
        if (isConnected || !this.#said.includes('Bootstrapped 100%')) return
        isConnected = true
        this.#options.log.info({ pid: child.pid }, 'managed_anon_bootstrapped')
      })
    }
    return child
  }
}

/** Of a node that was killed: a process that has not noticed yet. It is known by its settings, which no other process has. */
async function endLeftBehind ({ pid: file, settings }: ProxyFiles): Promise<void> {
  const pid = Number(await readFile(file, 'utf8').catch(() => ''))
  if (!Number.isInteger(pid) || pid <= 1) return
  const commandLine = async (): Promise<string> => await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  if (!(await commandLine()).split('\0').includes(settings)) return
  process.kill(pid, 'SIGKILL')
  for (let looks = 0; (await commandLine()) !== '' && looks < LEFT_BEHIND_LOOKS; looks++) await pause(LOOK_EVERY_MS)
}
