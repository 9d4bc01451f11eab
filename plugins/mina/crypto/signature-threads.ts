/** Makes and checks the signatures of claims in threads, so that packets do not wait for them. A thread starts when it is needed. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { ClaimTerms } from '../hashes.js'
import type { SignatureAnswer, SignatureTask } from './signature-worker.js'

interface Waiting {
  resolve: (answer: SignatureAnswer) => void
  reject: (reason: Error) => void
}

const MAX_THREADS = 4
/** What waits for one thread, about ten seconds of work. */
const MAX_WAITING = 2000

class Thread {
  readonly waiting = new Map<number, Waiting>()
  readonly #worker: Worker

  constructor (onEnd: () => void) {
    this.#worker = new Worker(new URL('./signature-worker.js', import.meta.url))
    this.#worker.unref()
    this.#worker.on('message', (answer: SignatureAnswer) => {
      const waiting = this.waiting.get(answer.id)
      this.waiting.delete(answer.id)
      if (this.waiting.size === 0) this.#worker.unref()
      if (answer.trouble === undefined) waiting?.resolve(answer)
      else waiting?.reject(new Error(answer.trouble))
    })
    this.#worker.on('error', error => {
      onEnd()
      for (const { reject } of this.waiting.values()) reject(new Error('the thread for signatures has failed', { cause: error }))
      this.waiting.clear()
    })
  }

  ask (task: SignatureTask): Promise<SignatureAnswer> {
    if (this.waiting.size >= MAX_WAITING) return Promise.reject(new Error('too many claims wait for their signatures to be looked at'))
    return new Promise((resolve, reject) => {
      this.waiting.set(task.id, { resolve, reject })
      this.#worker.ref() // somebody waits
      this.#worker.postMessage(task)
    })
  }
}

export class SignatureThreads {
  #threads: Thread[] = []
  #lastId = 0

  /** @param key our private key as a text. Resolves to a signature in base58 */
  async sign (terms: ClaimTerms, key: string): Promise<string> {
    const { signature } = await this.#leastBusy().ask({ id: ++this.#lastId, type: 'sign', terms, key })
    if (signature === undefined) throw new Error('the thread for signatures has made none')
    return signature
  }

  /** Whether the key of `address` has made the signature (base58). */
  async isSignedBy (terms: ClaimTerms, signature: string, address: string): Promise<boolean> {
    return (await this.#leastBusy().ask({ id: ++this.#lastId, type: 'verify', terms, signature, address })).isGood === true
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

/** Of the process: all accounts share them. */
export const signatures = new SignatureThreads()
