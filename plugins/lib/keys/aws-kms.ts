/**
 * Keys in AWS KMS. secp256k1: ECDSA_SHA_256 over a digest that we make (MessageType DIGEST), answered in DER. Ed25519: ED25519_SHA_512 over
 * the message itself (RAW). Needs kms:GetPublicKey and kms:Sign. Source: AWS KMS API reference, "Sign" and "GetPublicKey".
 */
import type { KMSClientConfig, SignCommandInput } from '@aws-sdk/client-kms'
import type { Curve } from '../../../src/contracts/signer.js'
import { withPackage } from '../optional-package.js'
import { VAULTS } from './key-id.js'
import { agentsOf, pastProxy, PROXIED_ANSWER_MS } from './proxied.js'
import { compactOf } from './secp256k1.js'
import { keyInSpki, VaultError } from './vault.js'
import type { Vault, VaultSettings } from './vault.js'

const { label } = VAULTS['aws-kms']
/** Far below what AWS allows an account in a second. */
const PARALLEL = 8
const BUSY = new Set(['ThrottlingException', 'LimitExceededException', 'TooManyRequestsException', 'RequestLimitExceeded'])
const AWAY = new Set(['DependencyTimeoutException', 'KMSInternalException', 'KeyUnavailableException'])
const DENIED = new Set(['AccessDeniedException', 'UnrecognizedClientException', 'InvalidSignatureException', 'ExpiredTokenException', 'IncompleteSignatureException'])
const GONE = new Set(['NotFoundException', 'DisabledException', 'KMSInvalidStateException', 'InvalidKeyUsageException'])
const REGION_AT = 3

type Credentials = Exclude<KMSClientConfig['credentials'], undefined>

/** @throws Error that says what to install, when the client of AWS is not; or what to set, when no region is named */
export async function openAwsKms (name: string, settings: VaultSettings, proxy?: string): Promise<Vault> {
  const { GetPublicKeyCommand, KMSClient, SignCommand } = await withPackage('@aws-sdk/client-kms', `a key in ${label}`, () => import('@aws-sdk/client-kms'))
  const { endpoint } = settings
  const credentials = credentialsOf(settings, proxy)
  const agents = proxy === undefined ? undefined : agentsOf(proxy)
  const region = regionIn(name) ?? settings.region
  const client = new KMSClient({
    maxAttempts: 1, // the caller tries again
    ...region === undefined ? {} : { region },
    ...endpoint === undefined ? {} : { endpoint },
    ...credentials === undefined ? {} : { credentials },
    ...agents === undefined ? {} : { requestHandler: { httpAgent: agents.http, httpsAgent: agents.https } }
  })
  return {
    label,
    parallel: PARALLEL,
    answerMs: proxy === undefined ? undefined : PROXIED_ANSWER_MS,
    read: async abortSignal => {
      const { PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId: name }), { abortSignal }).catch(inOurWords)
      return keyInSpki(Buffer.from(PublicKey ?? []))
    },
    sign: async (curve, bytes, abortSignal) => {
      const command = new SignCommand({ KeyId: name, Message: bytes, ...waysOf(curve) })
      const { Signature } = await client.send(command, { abortSignal }).catch(inOurWords)
      const signature = Signature ?? new Uint8Array()
      return curve === 'ed25519' ? signature : compactOf(signature) ?? signature
    }
  }
}

/** Undefined: AWS's own order finds them, and asks the machine and other services past any proxy. @throws VaultError where it must not */
function credentialsOf ({ accessKeyId, secretAccessKey }: VaultSettings, proxy: string | undefined): Credentials | undefined {
  if (accessKeyId !== undefined && secretAccessKey !== undefined) return { accessKeyId, secretAccessKey }
  if (proxy === undefined) return undefined
  const { AWS_ACCESS_KEY_ID: id = '', AWS_SECRET_ACCESS_KEY: secret = '', AWS_SESSION_TOKEN: sessionToken } = process.env
  if (id !== '' && secret !== '') return { accessKeyId: id, secretAccessKey: secret, ...sessionToken === undefined ? {} : { sessionToken } }
  throw pastProxy(label, 'without AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY its credentials would be asked for past it')
}

function waysOf (curve: Curve): Pick<SignCommandInput, 'MessageType' | 'SigningAlgorithm'> {
  return curve === 'ed25519'
    ? { MessageType: 'RAW', SigningAlgorithm: 'ED25519_SHA_512' }
    : { MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' }
}

/** Of an ARN, which is good in its own region only. */
function regionIn (name: string): string | undefined {
  return name.startsWith('arn:') ? name.split(':')[REGION_AT] : undefined
}

/** Without what AWS adds to the name of an error: it has the caller and the account in it. */
function inOurWords (error: unknown): never {
  const name = error instanceof Error ? error.name : ''
  const status = error instanceof Error && '$metadata' in error ? Number((error.$metadata as { httpStatusCode?: number }).httpStatusCode) : NaN
  const cause = { cause: error }
  if (BUSY.has(name) || status === 429) throw new VaultError(`${label} has too many requests now (${name})`, true, cause)
  if (DENIED.has(name) || /Credential/.test(name)) {
    throw new VaultError(`${label} does not let us use the key (${name}): the credentials must be valid, and allow kms:GetPublicKey and kms:Sign`, false, cause)
  }
  if (GONE.has(name)) throw new VaultError(`the key in ${label} cannot be used (${name}): it must exist in this region, be enabled, and be for SIGN_VERIFY`, false, cause)
  if (error instanceof Error && /region is missing/i.test(error.message)) throw new VaultError(`${label} needs a region: set AWS_REGION, or name the key by its ARN`, false, cause)
  if (AWAY.has(name) || Number.isNaN(status) || status >= 500) throw new VaultError(`${label} cannot be reached, or has a fault of its own (${name})`, true, cause)
  throw new VaultError(`${label} refuses the request (${name})`, false, cause)
}
