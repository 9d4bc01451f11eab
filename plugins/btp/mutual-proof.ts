/**
 * How two peers that dial each other know each other without a secret: by their addresses. What answers at the address that we dial is the
 * peer, so it may tell us a public key: every refusal of a listener has one. Of our key and the peer's, both sides make one shared secret
 * (X25519, RFC 7748), and a client that shows a proof made with it can only come from that address. Of strangers nothing is remembered, and
 * neither side waits for the other: a client that is refused for want of a proof has learnt the key, and comes again.
 */
import { createHmac, createPublicKey, diffieHellman, generateKeyPairSync, timingSafeEqual } from 'node:crypto'
import { WRONG_TOKEN, dataOf } from './auth.js'
import { ContentType } from '../../src/contracts/transport.js'
import type { SubProtocol } from './wire/frame.js'

/** In the refusal of a listener: its public key. */
const KEY = 'auth_key'
/** In the first frame of a client. */
const PROOF = 'auth_proof'

/** Of this process, as long as it lives. A peer that is started anew has another, and so is introduced anew. */
const own = generateKeyPairSync('x25519')
const OWN_KEY: SubProtocol = {
  protocolName: KEY, contentType: ContentType.OCTET_STREAM, data: own.publicKey.export({ type: 'spki', format: 'der' })
}

/** The entries of every refusal, the same for known and unknown names. */
export const REFUSAL_ENTRIES: readonly SubProtocol[] = [OWN_KEY]

/** A client that has yet to prove where it comes from. It hears what everybody hears who is not let in. */
export class UnprovenError extends Error {
  constructor () {
    super(WRONG_TOKEN)
  }
}

/** What we share with the peer at one address. */
export class MutualProof {
  #peerKey: Buffer | undefined
  #shared: Buffer | undefined

  /** Takes the key in a refusal that came from the peer's address. Returns whether it is news, so that another attempt may succeed. */
  learn (refusal: readonly SubProtocol[]): boolean {
    const key = dataOf(refusal, KEY)
    if (key === undefined || this.#peerKey?.equals(key) === true) return false
    try {
      this.#shared = diffieHellman({ privateKey: own.privateKey, publicKey: createPublicKey({ key, type: 'spki', format: 'der' }) })
      this.#peerKey = Buffer.from(key)
      return true
    } catch {
      return false // not a key
    }
  }

  /** For the first frame of a client that calls itself `username`; nothing before the peer's key is known. */
  entries (username: string): SubProtocol[] {
    const data = this.#proofOf(username)
    return data === undefined ? [] : [{ protocolName: PROOF, contentType: ContentType.OCTET_STREAM, data }]
  }

  /** Whether a client with this first frame comes from the peer's address. */
  isIn (first: readonly SubProtocol[], username: string): boolean {
    const [shown, expected] = [dataOf(first, PROOF), this.#proofOf(username)]
    return shown !== undefined && expected?.length === shown.length && timingSafeEqual(shown, expected)
  }

  /** Each side's is its own, so that none can be sent back to where it was made. */
  #proofOf (username: string): Buffer | undefined {
    return this.#shared && createHmac('sha256', this.#shared).update(`${PROOF} ${username}`).digest()
  }
}
