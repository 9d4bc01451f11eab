/**
 * Keys in Google Cloud KMS. secp256k1: EC_SIGN_SECP256K1_SHA256 over a digest that we make (digest.sha256 carries it, of any hash),
 * answered in DER. Ed25519: EC_SIGN_ED25519 over the message itself (data). Checksums go both ways. Needs the role
 * roles/cloudkms.signerVerifier on the key. Source: Cloud KMS API reference, "asymmetricSign" and "getPublicKey".
 */
import type { Curve } from '../../../src/contracts/signer.js'
import { withPackage } from '../optional-package.js'
import { crc32c } from './crc32c.js'
import { VAULTS } from './key-id.js'
import { compactOf } from './secp256k1.js'
import { keyInSpki, VaultError } from './vault.js'
import type { Vault, VaultSettings } from './vault.js'

const { label } = VAULTS['gcp-kms']
const PARALLEL = 8
const ANSWER_MS = 5000
/** The name of an error, in the JSON that comes with it. Source: google.rpc.Code. */
const REASON = /"status":\s*"([A-Z_]+)"/
const ONCE = { timeout: ANSWER_MS, retry: null } // the caller tries again

interface Answer {
  name?: string | null
}

/** @throws Error that says what to install, when the client of Google is not */
export async function openGcpKms (name: string, { endpoint }: VaultSettings): Promise<Vault> {
  const { KeyManagementServiceClient } = await withPackage('@google-cloud/kms', `a key in ${label}`, () => import('@google-cloud/kms'))
  // Over HTTP as proxies know it, and not gRPC.
  const client = new KeyManagementServiceClient({ fallback: true, ...endpoint === undefined ? {} : placeOf(endpoint) })
  return {
    label,
    parallel: PARALLEL,
    read: async () => {
      const [{ pem, pemCrc32c, ...answer }] = await client.getPublicKey({ name }, ONCE).catch(inOurWords)
      checkName(answer, name)
      if (typeof pem !== 'string' || !isIntact(Buffer.from(pem), pemCrc32c?.value)) throw spoilt()
      return keyInSpki(pem)
    },
    sign: async (curve, bytes) => {
      const [answer] = await client.asymmetricSign({ name, ...requestOf(curve, bytes) }, ONCE).catch(inOurWords)
      const { signature, signatureCrc32c, verifiedDigestCrc32c, verifiedDataCrc32c } = answer
      checkName(answer, name)
      const given = typeof signature === 'string' ? Buffer.from(signature, 'base64') : Buffer.from(signature ?? [])
      const isTaken = curve === 'ed25519' ? verifiedDataCrc32c : verifiedDigestCrc32c
      if (isTaken !== true || !isIntact(given, signatureCrc32c?.value)) throw spoilt()
      return curve === 'ed25519' ? given : compactOf(given) ?? given
    }
  }
}

function requestOf (curve: Curve, bytes: Uint8Array): object {
  const checksum = { value: crc32c(bytes) }
  return curve === 'ed25519' ? { data: bytes, dataCrc32c: checksum } : { digest: { sha256: bytes }, digestCrc32c: checksum }
}

function placeOf (endpoint: string): object {
  const { protocol, hostname, port } = new URL(endpoint)
  return { apiEndpoint: hostname, protocol: protocol.slice(0, -1), ...port === '' ? {} : { port: Number(port) } }
}

function isIntact (bytes: Uint8Array, checksum: unknown): boolean {
  return crc32c(bytes) === Number(checksum) // over HTTP, numbers of 64 bits are texts
}

function checkName ({ name }: Answer, asked: string): void {
  if (name !== asked) throw new VaultError(`${label} has answered for another key than the one that was asked for`, false)
}

function spoilt (): VaultError {
  return new VaultError(`what ${label} and we say to each other was changed on the way: a checksum is wrong`, true)
}

function inOurWords (error: unknown): never {
  const status = error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined
  const reason = error instanceof Error ? REASON.exec(error.message)?.[1] ?? String(status ?? 'no answer') : ''
  const cause = { cause: error }
  if (status === 429) throw new VaultError(`${label} has too many requests now (${reason})`, true, cause)
  if (status === 401 || status === 403 || isWithoutCredentials(error)) {
    throw new VaultError(`${label} does not let us use the key (${reason}): GOOGLE_APPLICATION_CREDENTIALS must name a valid account, ` +
      'with roles/cloudkms.signerVerifier on the key', false, cause)
  }
  if (status === 404) throw new VaultError(`the key in ${label} does not exist: check project, location, ring, key and version`, false, cause)
  if (reason === 'FAILED_PRECONDITION') {
    throw new VaultError(`the key in ${label} cannot be used (${reason}): its version must be enabled, and its purpose ASYMMETRIC_SIGN`, false, cause)
  }
  if (status === undefined || status >= 500) throw new VaultError(`${label} cannot be reached, or has a fault of its own (${reason})`, true, cause)
  throw new VaultError(`${label} refuses the request (${reason})`, false, cause)
}

/** Without any, or with wrong ones, the client says so before it asks anything. */
function isWithoutCredentials (error: unknown): boolean {
  return error instanceof Error && /default credentials|invalid_grant|invalid_client|ENOENT/i.test(error.message)
}
