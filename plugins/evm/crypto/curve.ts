/** How signatures of peers are checked: either by libsecp256k1 on this thread, or in JavaScript on others. */

export interface Curve {
  /** Whether the owner of `address` (lower case) made this signature of 65 bytes. */
  isSignedBy (digest: Uint8Array, signature: Uint8Array, address: string): boolean | Promise<boolean>
}
