/**
 * Whoever holds the key of an EVM account. Keys in the cloud or in hardware fit here as well: a digest goes in, a signature comes out,
 * and the key stays where it is.
 */
export interface Signer {
  /** `0x` and 40 hex digits in lower case. */
  readonly address: string
  /** Signs 32 bytes. 65 bytes: r, s (of the lower half, EIP-2), v (27 or 28). */
  sign (digest: Uint8Array): Promise<Buffer>
}
