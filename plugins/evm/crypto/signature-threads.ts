/** Checks signatures in JavaScript, spread over threads. A thread is started when it is needed and does not keep the process alive. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Curve } from './curve.js'
import type { SignatureAnswer, SignatureTask } from './signature-worker.js'

interface Waiting {
  resolve: (answer: SignatureAnswer) => void
  reject: (reason: Error) => void
}

const MAX_THREADS = 4

class Thread {
  readonly waiting = new Map<number, Waiting>()
  readonly #worker: Worker

  constructor (onEnd: () => void) {
    this.#worker = new Worker(new URL('./signature-worker.js', import.meta.url))
    this.#worker.unref()
    this.#worker.on('message', (answer: SignatureAnswer) => {
      this.waiting.get(answer.id)?.resolve(answer)
      this.waiting.delete(answer.id)
      if (this.waiting.size === 0) this.#worker.unref()
    })
    this.#worker.on('error', error => {
      onEnd()
      for (const { reject } of this.waiting.values()) reject(new Error('the thread for signatures has failed', { cause: error }))
      this.waiting.clear()
    })
  }

  ask (task: SignatureTask): Promise<SignatureAnswer> {
    return new Promise((resolve, reject) => {
      this.waiting.set(task.id, { resolve, reject })
      this.#worker.ref() // somebody waits
      this.#worker.postMessage(task)
    })
  }
}

export class SignatureThreads implements Curve {
  #threads: Thread[] = []
  #lastId = 0

  async isSignedBy (digest: Uint8Array, signature: Uint8Array, address: string): Promise<boolean> {
    return (await this.#ask({ digest, signature })).address === address
  }

  #ask (task: Omit<SignatureTask, 'id'>): Promise<SignatureAnswer> {
    return this.#leastBusy().ask({ id: ++this.#lastId, ...task })
  }

  #leastBusy (): Thread {
    const most = Math.min(Math.max(availableParallelism() - 1, 1), MAX_THREADS)
    let best: Thread | undefined
    for (const thread of this.#threads) if (best === undefined || thread.waiting.size < best.waiting.size) best = thread
    if (best !== undefined && (best.waiting.size === 0 || this.#threads.length >= most)) return best
    const thread = new Thread(() => { this.#threads = this.#threads.filter(other => other !== thread) })
    this.#threads.push(thread)
    return thread
  }
}
