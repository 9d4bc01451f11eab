/** One process that proves, seen from the main process: start it, ask it, kill it. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Answer, Request, Setup } from './messages.js'

/** What the process may know of ours: no keys, and nothing that names a network. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR']
const STDERR_KEPT = 500

/** It ended without an answer. */
class ProcessEndedError extends Error {}

export class ProverProcess {
  jobs = 0
  isSetUp = false
  isCompiled = false
  readonly #child: ChildProcess
  #waiting: { resolve: (answer: Answer) => void, reject: (reason: Error) => void } | undefined
  #stderr = ''
  #isOver = false

  /** @param onEnd called once, however it ends */
  constructor (onEnd: () => void) {
    const env = Object.fromEntries(PASSED_ON.flatMap(name => process.env[name] === undefined ? [] : [[name, process.env[name]]]))
    this.#child = fork(fileURLToPath(new URL('./process.js', import.meta.url)), [], {
      env, execArgv: [], serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc']
    })
    this.#child.stderr?.on('data', (piece: Buffer) => { this.#stderr = (this.#stderr + piece.toString()).slice(-STDERR_KEPT) })
    this.#child.on('message', (answer: Answer) => {
      const waiting = this.#waiting
      this.#waiting = undefined
      this.#release()
      waiting?.resolve(answer)
    })
    const end = (how: string): void => {
      if (this.#isOver) return
      this.#isOver = true
      this.#waiting?.reject(new ProcessEndedError(`The process that proves ${how}${this.#stderr === '' ? '' : `: ${lastLine(this.#stderr)}`}`))
      this.#waiting = undefined
      onEnd()
    }
    this.#child.once('error', error => { end(`could not be started: ${error.message}`) })
    this.#child.once('exit', (code, signal) => { end(signal === null ? `ended with code ${String(code)}` : `was ended by ${signal}`) })
    this.#release()
  }

  get pid (): number | undefined {
    return this.#child.pid
  }

  async setUp (setup: Setup): Promise<Answer> {
    const answer = await this.#ask({ kind: 'setup', setup })
    this.isSetUp = answer.kind === 'ready'
    return answer
  }

  async compile (): Promise<Answer> {
    const answer = await this.#ask({ kind: 'compile' })
    this.isCompiled = answer.kind === 'ready'
    return answer
  }

  work (job: Extract<Request, { kind: 'job' }>['job']): Promise<Answer> {
    this.jobs++
    return this.#ask({ kind: 'job', job })
  }

  kill (): void {
    this.#child.kill('SIGKILL')
  }

  /** One question at a time. Rejects with a ProcessEndedError. */
  #ask (request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) {
        reject(new ProcessEndedError('The process that proves has ended.'))
        return
      }
      this.#waiting = { resolve, reject }
      this.#child.ref()
      this.#child.channel?.ref()
      this.#child.send(request)
    })
  }

  /** An idle process keeps nobody alive. */
  #release (): void {
    this.#child.unref()
    this.#child.channel?.unref()
  }
}

function lastLine (text: string): string {
  return text.trim().split('\n').findLast(line => line.trim() !== '')?.trim() ?? ''
}
