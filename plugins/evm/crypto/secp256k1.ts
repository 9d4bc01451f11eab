/**
 * Checks signatures on secp256k1, which decides how many claims a node can take. Uses npm's `secp256k1` (libsecp256k1, about 50 us each)
 * if it is installed and built; otherwise the JavaScript of ethers (2 ms), in threads of its own, so that packets do not wait.
 */
import { keccak256 } from 'ethers'
import type * as Native from 'secp256k1'
import { nativeSecp256k1 } from '../../lib/keys/secp256k1.js'
import type { Curve } from './curve.js'
import { SignatureThreads } from './signature-threads.js'

const SIGNATURE_BYTES = 65
const V_BASE = 27
/** Public keys of peers, so that their addresses are not hashed anew for every claim. */
const REMEMBERED_KEYS = 1000

let loaded: Curve | undefined

/** The same for all accounts of the process. */
export function curve (): Curve {
  return loaded ??= nativeCurve() ?? new SignatureThreads()
}

/** Undefined where the package is not installed or not built for this machine. */
export function nativeCurve (): Curve | undefined {
  const native = nativeSecp256k1()
  return native && new NativeCurve(native)
}

class NativeCurve implements Curve {
  readonly #keys = new Map<string, Buffer>()

  constructor (private readonly native: typeof Native) {}

  isSignedBy (digest: Uint8Array, signature: Uint8Array, address: string): boolean {
    const v = signature[SIGNATURE_BYTES - 1]
    if (signature.length !== SIGNATURE_BYTES || (v !== V_BASE && v !== V_BASE + 1)) return false
    const compact = signature.subarray(0, SIGNATURE_BYTES - 1)
    if (this.native.signatureNormalize(Uint8Array.from(compact)).some((byte, i) => byte !== compact[i])) return false
    const key = this.#recover(digest, compact, v - V_BASE)
    if (key === undefined) return false
    const known = this.#keys.get(address)
    if (known !== undefined) return known.equals(key)
    if (addressOf(key) !== address) return false
    if (this.#keys.size < REMEMBERED_KEYS) this.#keys.set(address, Buffer.from(key))
    return true
  }

  #recover (digest: Uint8Array, compact: Uint8Array, recid: number): Uint8Array | undefined {
    try {
      return this.native.ecdsaRecover(compact, recid, digest, false)
    } catch {
      return undefined // no key can have made it
    }
  }
}

function addressOf (publicKey: Uint8Array): string {
  return `0x${keccak256(publicKey.subarray(1)).slice(-40)}`
}
