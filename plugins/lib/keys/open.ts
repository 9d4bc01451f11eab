/** Opens the holder of a key that is in a vault. What a vault needs to be spoken to is loaded here, and no earlier. */
import type { Logger } from '../../../src/contracts/logger.js'
import type { Curve, Signer } from '../../../src/contracts/signer.js'
import { VAULTS, type VaultKey } from './key-id.js'
import { pastProxy } from './proxied.js'
import { openVaultSigner } from './vault-signer.js'
import type { Vault, VaultSettings } from './vault.js'

/** As the options of a chain name a key. */
export interface KeySource {
  keyId: string
  vault?: VaultSettings | undefined
  /** `socks5h://...`, through which alone the chain is reached. */
  socksProxy?: string | undefined
}

interface Wanted {
  key: VaultKey
  settings?: VaultSettings | undefined
  /** Through which alone the vault is reached, where it is not on this machine, and the settings do not say that it is reached directly. */
  socksProxy?: string | undefined
  /** That the chain takes. */
  curves: readonly Curve[]
  log: Logger
}

/**
 * Resolves when the public key is known. Rejects with VaultError while the vault cannot be reached, does not let us in, or has another kind
 * of key than the chain takes; and with what to install, when a package is missing.
 */
export async function openVaultKey ({ key: { kind, name }, settings = {}, socksProxy, curves, log }: Wanted): Promise<Signer> {
  const proxy = settings.transport === 'direct' ? undefined : socksProxy
  return await openVaultSigner(await vaultOf(kind, name, settings, proxy), curves, log)
}

async function vaultOf (kind: VaultKey['kind'], name: string, settings: VaultSettings, proxy: string | undefined): Promise<Vault> {
  switch (kind) {
  case 'aws-kms': return await (await import('./aws-kms.js')).openAwsKms(name, settings, proxy)
  case 'gcp-kms':
    if (proxy !== undefined) throw pastProxy(VAULTS[kind].label, 'its client cannot go through a SOCKS proxy')
    return await (await import('./gcp-kms.js')).openGcpKms(name, settings)
  case 'azure-kv': return await (await import('./azure-kv.js')).openAzureKv(name, settings, proxy)
  case 'pkcs11': return (await import('./pkcs11.js')).openPkcs11(name, settings)
  }
}
