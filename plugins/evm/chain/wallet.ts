/**
 * The nonces of one address on one chain. Several accounts of a connector may pay with one key: within a process they share its wallet, so
 * that no two transactions get the same nonce. If somebody else used a nonce, or an earlier run of the process did and forgot, the code
 * that waits for a transaction notices.
 */
import { ChainError } from '../../lib/channels/types.js'

/** In flight at a time, of all accounts of an address. Nodes keep about as many for later. */
const MAX_UNMINED = 64

export class Wallet {
  /** Signed transactions that are not final, by nonce. */
  readonly #unmined = new Map<number, string>()
  #last: Promise<unknown> = Promise.resolve()
  #least = 0
  users = 0

  /** One after the other: between asking for a nonce and taking it nobody else may ask. */
  exclusively<T> (work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => undefined)
    return result
  }

  /**
   * The first nonce that is free.
   * @param next what the chain says that it is, with what waits in its pool
   * @throws ChainError when too much is under way
   */
  free (next: number): number {
    if (this.#unmined.size >= MAX_UNMINED) throw new ChainError(`${MAX_UNMINED} transactions of this address are already waiting to be mined`, false)
    let nonce = Math.max(next, this.#least)
    while (this.#unmined.has(nonce)) nonce++
    return nonce
  }

  take (nonce: number, raw: string): void {
    this.#unmined.set(nonce, raw)
  }

  /** What was signed with it, if it is not final. */
  rawAt (nonce: number): string | undefined {
    return this.#unmined.get(nonce)
  }

  /** Transactions with lower nonces are final, ours or not. */
  finalBelow (nonce: number): void {
    for (const old of this.#unmined.keys()) if (old < nonce) this.#unmined.delete(old)
    this.#least = Math.max(this.#least, nonce)
  }
}

const wallets = new Map<string, Wallet>()

/** The wallet of an address in this process. Each call needs one of `releaseWallet`; wallets are as many as keys are in use. */
export function acquireWallet (chainId: bigint, address: string): Wallet {
  const name = `${chainId}:${address}`
  const wallet = wallets.get(name) ?? new Wallet()
  wallets.set(name, wallet)
  wallet.users++
  return wallet
}

export function releaseWallet (chainId: bigint, address: string): void {
  const name = `${chainId}:${address}`
  const wallet = wallets.get(name)
  if (wallet !== undefined && --wallet.users === 0) wallets.delete(name)
}
