/**
 * The holder of a key: the configuration, a wallet, a cloud, a hardware module. Whatever signs for us on a chain takes one of these, and
 * the key never leaves it. What a chain makes of a public key (an address) and of a signature (its own form) is in that chain's plugin.
 */

export type Curve = 'secp256k1' | 'ed25519'

export interface Signer {
  readonly curve: Curve
  /**
   * secp256k1: the 33 bytes of its compressed form (SEC 1, 2.3.3). Ed25519: the 32 bytes of RFC 8032. Never changes, for as long as there
   * is this object.
   */
  readonly publicKey: Buffer
  /**
   * secp256k1 signs a digest of 32 bytes as it is, and answers 65 bytes: r, s (the lower half, as EIP-2 and the XRP Ledger want it), and
   * the recovery id (0 or 1). Ed25519 signs a message, and answers the 64 bytes of RFC 8032.
   * Rejects when the holder cannot or may not sign now; its words never have a secret in them.
   */
  sign (bytes: Uint8Array): Promise<Buffer>
  /** Why it could not sign when it was asked last, without secrets. Undefined when it could, and where a key is always there. */
  readonly trouble?: string | undefined
}
