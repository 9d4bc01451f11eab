/** The operations of secp256k1 that claims need, computed either by libsecp256k1 on this thread, or in JavaScript on others. */

export interface Curve {
  /** Signs 32 bytes: 65 bytes r, s (the lower half), v (27 or 28). */
  sign (digest: Uint8Array, privateKey: Uint8Array): Buffer | Promise<Buffer>
  /** Whether the owner of `address` (lower case) made this signature of 65 bytes. */
  isSignedBy (digest: Uint8Array, signature: Uint8Array, address: string): boolean | Promise<boolean>
}
