/**
 * How `keyId` names a key in a vault: a cloud's key service, or a hardware module. Says what is wrong with a name before anything is
 * reached, and loads no SDK: chain kinds use it to read configurations.
 */
import type { Curve } from '../../../src/contracts/signer.js'

export type VaultKind = 'aws-kms' | 'gcp-kms' | 'azure-kv' | 'pkcs11'

export interface VaultKey {
  kind: VaultKind
  /** What the vault itself calls the key; of a hardware module the label, or what follows `pkcs11:` in a URI (RFC 7512). */
  name: string
}

interface KindOfVault {
  readonly label: string
  readonly curves: readonly Curve[]
  readonly name: RegExp
  /** Fits after "expected". */
  readonly expected: string
}

const AWS_KEY = String.raw`(key/)?(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})|alias/[\w/-]{1,250}`

/** Source: the documentation of each, read in 2026. Azure has P-256K and no curve of Edwards; AWS has both since November 2025. */
export const VAULTS: Readonly<Record<VaultKind, KindOfVault>> = {
  'aws-kms': {
    label: 'AWS KMS',
    curves: ['secp256k1', 'ed25519'],
    name: new RegExp(String.raw`^(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:)?(${AWS_KEY})$`),
    expected: 'aws-kms: and an ARN, alias/<name> or the id of a key'
  },
  'gcp-kms': {
    label: 'Google Cloud KMS',
    curves: ['secp256k1', 'ed25519'],
    name: /^projects\/[^/\s]+\/locations\/[^/\s]+\/keyRings\/[^/\s]+\/cryptoKeys\/[^/\s]+\/cryptoKeyVersions\/[1-9]\d*$/,
    expected: 'gcp-kms:projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>/cryptoKeyVersions/<version>'
  },
  'azure-kv': {
    label: 'Azure Key Vault',
    curves: ['secp256k1'],
    name: /^https:\/\/[a-zA-Z0-9.-]+(:\d{1,5})?\/keys\/[a-zA-Z0-9-]{1,127}(\/[0-9a-f]{32})?$/,
    expected: 'azure-kv:https://<vault>.vault.azure.net/keys/<name>, with or without /<version>'
  },
  pkcs11: {
    label: 'the hardware module',
    curves: ['secp256k1', 'ed25519'],
    name: /^\S(.{0,1000}\S)?$/,
    expected: 'pkcs11: and the label of a key, or a URI such as pkcs11:token=sluice;object=evm'
  }
}

const SCHEME = /^(aws-kms|gcp-kms|azure-kv|pkcs11|hsm):(.*)$/s
const CLAIMS_OF_PACKETS = 'claims is packet, and a key in a vault cannot sign a claim for each packet: a vault signs some tens of times a second, and each ' +
  'signature takes a way over the network. Set claims to settlement (the default), or use a key that the node has itself'

/** Undefined for a key that is not in a vault. What is returned need not be right: see `vaultKeyFault`. */
export function vaultKeyIn (keyId: string): VaultKey | undefined {
  const [, scheme, rest = ''] = SCHEME.exec(keyId) ?? []
  if (scheme === undefined) return undefined
  const kind = scheme === 'hsm' ? 'pkcs11' : scheme as VaultKind
  if (kind === 'azure-kv' && rest.startsWith('//')) return { kind, name: `https:${rest}` }
  return { kind, name: kind === 'pkcs11' ? rest : rest.replace(/^\/\//, '') }
}

/** What is wrong with the name of a key in a vault, in a sentence without its end. Never repeats it: there may be a PIN in it. */
function vaultKeyFault ({ kind, name }: VaultKey, curves: readonly Curve[], chain: string): string | undefined {
  const { curves: has, label, name: format, expected } = VAULTS[kind]
  if (!curves.some(curve => has.includes(curve))) {
    const able = Object.entries(VAULTS).filter(([, vault]) => curves.some(curve => vault.curves.includes(curve))).map(([other]) => other)
    return `${label} has no keys of ${curves.join(' or ')}, which ${chain} needs. Use a key in one of these: ${able.join(', ')}`
  }
  return format.test(name) ? undefined : `this does not name a key in ${label}: expected ${expected}`
}

/** The same of a `keyId`. Undefined: it names a key in a vault well, or none. */
export function vaultFaultIn (keyId: string, curves: readonly Curve[], chain: string): string | undefined {
  const key = vaultKeyIn(keyId)
  return key && vaultKeyFault(key, curves, chain)
}

/** Why claims cannot go with every packet under this key. Undefined: they can, or need not. */
export function packetClaimsFault (keyId: string, claims: unknown): string | undefined {
  return claims === 'packet' && vaultKeyIn(keyId) !== undefined ? CLAIMS_OF_PACKETS : undefined
}
