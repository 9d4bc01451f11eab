/**
 * Where signatures of a key in a vault wait for their turn. A vault sees the key and not the accounts that settle with it, so the bounds
 * are of the key, over all accounts of this process. The accounts take turns, and none fills the queue for the others.
 */
import { VaultError } from './vault.js'

/** Signatures of one key that wait. */
export const MAX_WAITING = 256

interface Waiter {
  enter: () => void
  refuse: (error: VaultError) => void
}

/** By key, as long as something is signed with it. */
const queues = new Map<string, SigningQueue>()

/**
 * Signs when it is its turn. Rejects with VaultError, and without a signature, when too many wait.
 * @param key what tells it from all others, such as the public key
 * @param account who signs
 * @param vault in words, and how many signatures may be asked for at a time
 */
export async function inQueueOf<T> (
  key: string, account: object, vault: { label: string, parallel: number }, sign: () => Promise<T>
): Promise<T> {
  const queue = queues.get(key) ?? new SigningQueue()
  queues.set(key, queue)
  await queue.enter(account, vault)
  try {
    return await sign()
  } finally {
    queue.leave()
    if (queue.isIdle) queues.delete(key)
  }
}

class SigningQueue {
  #active = 0
  /** By account; the first one is next. */
  readonly #waiting = new Map<object, Waiter[]>()

  get isIdle (): boolean {
    return this.#active === 0
  }

  async enter (account: object, { label, parallel }: { label: string, parallel: number }): Promise<void> {
    if (this.#active < parallel) {
      this.#active++
      return
    }
    const refusal = new VaultError(`${label} is too slow: ${MAX_WAITING} signatures are waiting already`, true)
    const own = this.#waiting.get(account) ?? []
    const lists = [...this.#waiting.values()]
    if (lists.reduce((sum, list) => sum + list.length, 0) >= MAX_WAITING) {
      const longest = lists.reduce((most, list) => list.length > most.length ? list : most, own)
      if (longest.length <= own.length + 1) throw refusal
      longest.pop()?.refuse(refusal)
    }
    await new Promise<void>((resolve, reject) => {
      own.push({ enter: resolve, refuse: reject })
      this.#waiting.set(account, own)
    })
  }

  leave (): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#active--
      return
    }
    const [account, list] = next
    const waiter = list.shift()
    this.#waiting.delete(account)
    if (list.length > 0) this.#waiting.set(account, list)
    waiter?.enter()
  }
}
