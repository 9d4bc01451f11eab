/**
 * Keys that stay where they are, in a cloud or in hardware. They are not supported yet, and rejected: an operator who asks for one must not
 * find out later that another key signed.
 */

const REMOTE_KEY = /^(aws-kms|gcp-kms|azure-kv|pkcs11|hsm):/

/** The store that a key is in. Undefined for a key that is not in one. */
export function remoteStoreOf (keyId: string): string | undefined {
  return REMOTE_KEY.exec(keyId)?.[1]
}
