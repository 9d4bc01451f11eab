/**
 * A key in a vault, as a Signer. The public key is read once and never changes: each signature is checked against it, so that a vault whose
 * key was replaced signs nothing for us. A vault that is slow, busy or away is asked again a few times, with growing waits, and what waits
 * meanwhile is bounded (signing-queue.ts).
 */
import { randomInt, verify } from 'node:crypto'
import type { Logger } from '../../../src/contracts/logger.js'
import type { Curve, Signer } from '../../../src/contracts/signer.js'
import { backoffMs } from '../../../src/lib/backoff.js'
import { pause } from '../../../src/lib/timers.js'
import { ed25519PublicKey } from './ed25519.js'
import { completed } from './secp256k1.js'
import { inQueueOf } from './signing-queue.js'
import { VaultError } from './vault.js'
import type { FoundKey, Vault } from './vault.js'

/** For one answer of a vault, ms. */
const ANSWER_MS = 5000
/** How often it is asked for one signature. */
const ATTEMPTS = 4
const FIRST_WAIT_MS = 200
const LONGEST_WAIT_MS = 2000
/** What has waited longer for its turn is given up: a vault that is away would have a caller wait for many minutes. */
const TURN_MS = 30_000
const DIGEST_BYTES = 32

/**
 * Reads the key, and pins it.
 * @param curves that the chain takes
 * Rejects with VaultError: the vault cannot be reached, or may not be used, or the key is of another curve.
 */
export async function openVaultSigner (vault: Vault, curves: readonly Curve[], log: Logger): Promise<Signer> {
  const key = await patiently(vault, signal => vault.read(signal))
  if (!curves.includes(key.curve)) {
    throw new VaultError(`the key in ${vault.label} is of ${key.curve}, and the chain takes ${curves.join(' or ')}. Create one of that curve`, false)
  }
  return new VaultSigner(vault, key, log)
}

class VaultSigner implements Signer {
  readonly curve: Curve
  readonly publicKey: Buffer
  trouble: string | undefined

  constructor (private readonly vault: Vault, { curve, publicKey }: FoundKey, private readonly log: Logger) {
    this.curve = curve
    this.publicKey = publicKey
  }

  async sign (bytes: Uint8Array): Promise<Buffer> {
    if (this.curve === 'secp256k1' && bytes.length !== DIGEST_BYTES) throw new VaultError(`not a digest of ${DIGEST_BYTES} bytes`, false)
    const askedMs = Date.now()
    return await inQueueOf(`${this.curve} ${this.publicKey.toString('hex')}`, this, this.vault, () => this.#signNow(bytes, askedMs))
  }

  async #signNow (bytes: Uint8Array, askedMs: number): Promise<Buffer> {
    const { label } = this.vault
    try {
      if (Date.now() - askedMs > TURN_MS) throw new VaultError(`${label} is too slow: no turn for a signature within ${TURN_MS} ms`, true)
      const signature = await patiently(this.vault, async signal =>
        await this.#ours(await this.vault.sign(this.curve, bytes, signal), bytes, signal))
      if (this.trouble !== undefined) this.log.info('the key can sign again. vault=%s', label)
      this.trouble = undefined
      return signature
    } catch (error) {
      this.#hear(error instanceof Error ? error.message : String(error))
      throw error
    }
  }

  /** What the vault gave, in the form of a Signer. Rejects when our key has not made it. */
  async #ours (given: Uint8Array, bytes: Uint8Array, signal: AbortSignal): Promise<Buffer> {
    const signature = this.curve === 'secp256k1' ? completed(bytes, given, this.publicKey) : this.#checked(given, bytes)
    if (signature !== undefined) return signature
    const now = await this.vault.read(signal)
    const isOther = now.curve !== this.curve || !now.publicKey.equals(this.publicKey)
    throw isOther
      ? new VaultError(`the key in ${this.vault.label} is another one than at the start: it was replaced, or its alias moved. Nothing is signed with it. ` +
        'Put the former key back; to change to the new one, first settle the channels of the former, then restart', false)
      : new VaultError(`${this.vault.label} has given a signature that is not one of its key`, false)
  }

  #checked (signature: Uint8Array, bytes: Uint8Array): Buffer | undefined {
    return verify(null, bytes, ed25519PublicKey(this.publicKey), signature) ? Buffer.from(signature) : undefined
  }

  #hear (trouble: string): void {
    if (trouble !== this.trouble) this.log.warn('the key cannot sign. vault=%s error=%s', this.vault.label, trouble)
    this.trouble = trouble
  }
}

/** Asks again where that may help. */
async function patiently<T> (vault: Vault, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTime(vault, ask)
    } catch (error) {
      if (!(error instanceof VaultError) || !error.isPassing || attempt === ATTEMPTS) throw error
      const waitMs = backoffMs(attempt - 1, FIRST_WAIT_MS, LONGEST_WAIT_MS)
      await pause(waitMs / 2 + randomInt(waitMs / 2)) // many that were refused together do not come back together
    }
  }
}

/** Also where the client of a vault does not listen to the signal. */
async function inTime<T> (vault: Vault, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController()
  const asking = ask(stop.signal)
  asking.catch(() => undefined) // what it says too late
  const over = new AbortController()
  const { answerMs = ANSWER_MS } = vault
  const late = pause(answerMs, over.signal).then(() => {
    if (!over.signal.aborted) throw new VaultError(`${vault.label} has not answered within ${answerMs} ms`, true)
    return undefined as never
  })
  late.catch(() => undefined)
  try {
    return await Promise.race([asking, late])
  } finally {
    over.abort()
    stop.abort()
  }
}
