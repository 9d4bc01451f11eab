/** The peers that are paused, kept in a file, so that a restart resumes none of them. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { describeError } from '../../../src/lib/describe-error.js'
import { writePrivately } from '../../../src/lib/private-file.js'
import type { PausedPeer } from '../../../src/contracts/guard.js'
import type { Logger } from '../../../src/contracts/logger.js'

export const MAX_PAUSED = 10_000

const kept = z.strictObject({
  paused: z.array(z.strictObject({
    peerId: z.string(), since: z.number(), by: z.string(), reason: z.string(), isDisconnected: z.boolean()
  })).max(MAX_PAUSED)
})

export class PausedPeers {
  readonly #peers = new Map<string, PausedPeer & { isKept: boolean }>()

  /** @param file undefined: they are forgotten when the process ends */
  constructor (private readonly file: string | undefined, private readonly log: Logger) {
    for (const peer of this.#read()) this.#peers.set(peer.peerId, { ...peer, isKept: true })
  }

  get (peerId: string): PausedPeer | undefined {
    return this.#peers.get(peerId)
  }

  all (): PausedPeer[] {
    return [...this.#peers.values()].map(({ isKept: _isKept, ...peer }) => peer)
  }

  /** @param isKept false for a name that may be somebody else's after a restart. Throws if there are too many. */
  add (peer: PausedPeer, isKept: boolean): void {
    if (!this.#peers.has(peer.peerId) && this.#peers.size >= MAX_PAUSED) throw new Error(`${MAX_PAUSED} peers are paused already. Resume some, or remove them.`)
    this.#peers.set(peer.peerId, { ...peer, isKept })
    if (isKept) this.#write()
  }

  /** Whether it was there. */
  delete (peerId: string): boolean {
    const peer = this.#peers.get(peerId)
    this.#peers.delete(peerId)
    if (peer?.isKept === true) this.#write()
    return peer !== undefined
  }

  #read (): PausedPeer[] {
    if (this.file === undefined) return []
    try {
      return kept.parse(JSON.parse(readFileSync(this.file, 'utf8'))).paused
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      this.log.error('cannot read which peers were paused: none is now. file=%s error=%s', this.file, describeError(error))
      return []
    }
  }

  /** What cannot be written holds until the process ends. */
  #write (): void {
    if (this.file === undefined) return
    const paused = [...this.#peers.values()].filter(({ isKept }) => isKept).map(({ isKept: _isKept, ...peer }) => peer)
    try {
      writePrivately(this.file, `${JSON.stringify({ paused }, undefined, 2)}\n`)
    } catch (error) {
      this.log.error('cannot write which peers are paused: a restart would change that. file=%s error=%s', this.file, describeError(error))
    }
  }
}
