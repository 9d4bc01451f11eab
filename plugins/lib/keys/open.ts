/** Opens the holder of a key that is in a vault. What a vault needs to be spoken to is loaded here, and no earlier. */
import type { Logger } from '../../../src/contracts/logger.js'
import type { Curve, Signer } from '../../../src/contracts/signer.js'
import type { VaultKey } from './key-id.js'
import { openVaultSigner } from './vault-signer.js'
import type { Vault, VaultSettings } from './vault.js'

/** As the options of a chain name a key. */
export interface KeySource {
  keyId: string
  vault?: VaultSettings | undefined
}

interface Wanted {
  key: VaultKey
  settings?: VaultSettings | undefined
  /** That the chain takes. */
  curves: readonly Curve[]
  log: Logger
}

/**
 * Resolves when the public key is known. Rejects with VaultError while the vault cannot be reached, does not let us in, or has another kind
 * of key than the chain takes; and with what to install, when a package is missing.
 */
export async function openVaultKey ({ key: { kind, name }, settings = {}, curves, log }: Wanted): Promise<Signer> {
  return await openVaultSigner(await vaultOf(kind, name, settings), curves, log)
}

async function vaultOf (kind: VaultKey['kind'], name: string, settings: VaultSettings): Promise<Vault> {
  switch (kind) {
  case 'aws-kms': return await (await import('./aws-kms.js')).openAwsKms(name, settings)
  case 'gcp-kms': return await (await import('./gcp-kms.js')).openGcpKms(name, settings)
  case 'azure-kv': return await (await import('./azure-kv.js')).openAzureKv(name, settings)
  case 'pkcs11': return (await import('./pkcs11.js')).openPkcs11(name, settings)
  }
}
