/**
 * Keys in Azure Key Vault and its Managed HSM: secp256k1 (P-256K) only. ES256K over a digest that we make, answered as r and s. Needs the
 * permissions get and sign (role Key Vault Crypto User). Source: Azure Key Vault REST API, "Sign" and "Get Key".
 */
import type { KeyClientOptions } from '@azure/keyvault-keys'
import { withPackage } from '../optional-package.js'
import { VAULTS } from './key-id.js'
import { agentsOf, pastProxy, PROXIED_ANSWER_MS } from './proxied.js'
import { otherCurve, pointKey, VaultError } from './vault.js'
import type { Vault, VaultSettings } from './vault.js'

const { label } = VAULTS['azure-kv']
const PARALLEL = 8
const CURVES: readonly unknown[] = ['P-256K', 'SECP256K1']
const UNCOMPRESSED = Buffer.from([4])
const COORDINATE_BYTES = 32

type Policies = NonNullable<KeyClientOptions['additionalPolicies']>

/** @throws Error that says what to install, when the clients of Azure are not */
export async function openAzureKv (name: string, settings: VaultSettings, proxy?: string): Promise<Vault> {
  const { CryptographyClient, KeyClient } = await withPackage('@azure/keyvault-keys', `a key in ${label}`, () => import('@azure/keyvault-keys'))
  const ways = waysThrough(proxy)
  const credential = await credentialOf(settings, ways)
  const { origin, pathname } = new URL(name)
  const [, , key = '', version] = pathname.split('/')
  const options = { retryOptions: { maxRetries: 0 }, ...ways } // the caller tries again
  const keys = new KeyClient(origin, credential, { ...options, disableChallengeResourceVerification: !isOfAzure(origin) })
  const crypto = new CryptographyClient(name, credential, { ...options, disableChallengeResourceVerification: !isOfAzure(origin) })
  return {
    label,
    parallel: PARALLEL,
    answerMs: proxy === undefined ? undefined : PROXIED_ANSWER_MS,
    read: async abortSignal => {
      const { key: found } = await keys.getKey(key, { abortSignal, ...version === undefined ? {} : { version } }).catch(inOurWords)
      const { crv, x, y } = found ?? {}
      if (!CURVES.includes(crv) || x === undefined || y === undefined) throw otherCurve(crv ?? found?.kty ?? 'an unknown kind')
      return pointKey(Buffer.concat([UNCOMPRESSED, padded(x), padded(y)]))
    },
    sign: async (_curve, bytes, abortSignal) => (await crypto.sign('ES256K', bytes, { abortSignal }).catch(inOurWords)).result
  }
}

/** What the settings name, or else what Azure's own order finds: variables, the identity of the machine, the command line. */
async function credentialOf (settings: VaultSettings, ways: ReturnType<typeof waysThrough>) {
  const { tenantId, clientId, clientSecret } = ways === undefined ? settings : { ...secretInVariables(), ...settings }
  const { ClientSecretCredential, DefaultAzureCredential } = await withPackage('@azure/identity', `a key in ${label}`, () => import('@azure/identity'))
  const isOwnCloud = process.env.AZURE_AUTHORITY_HOST !== undefined // it is in no list
  const options = { retryOptions: { maxRetries: 0 }, disableInstanceDiscovery: isOwnCloud, ...ways }
  if (tenantId === undefined || clientId === undefined || clientSecret === undefined) {
    if (ways !== undefined) throw pastProxy(label, 'without AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET its credentials would be asked for past it')
    return new DefaultAzureCredential({ ...options, ...clientId === undefined ? {} : { managedIdentityClientId: clientId } })
  }
  return new ClientSecretCredential(tenantId, clientId, clientSecret, options)
}

/** What the client needs to send each request through the proxy, those for tokens, too. Undefined: nothing. */
function waysThrough (proxy: string | undefined): { additionalPolicies: Policies } | undefined {
  if (proxy === undefined) return undefined
  const agents = agentsOf(proxy)
  const policy: Policies[number]['policy'] = {
    name: 'through the proxy of the chain',
    sendRequest: async (request, next) => {
      request.agent = request.url.startsWith('https:') ? agents.https : agents.http
      return await next(request)
    }
  }
  return { additionalPolicies: [{ policy, position: 'perCall' }] }
}

function secretInVariables (): VaultSettings {
  const { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId, AZURE_CLIENT_SECRET: clientSecret } = process.env
  return { tenantId, clientId, clientSecret }
}

/** There, tokens for the vault are given to nobody else. Vaults under other names have no resource of their own name. */
function isOfAzure (origin: string): boolean {
  return /\.(vault|managedhsm)\.(azure\.(net|cn)|usgovcloudapi\.net)$/.test(new URL(origin).hostname)
}

function padded (coordinate: Uint8Array): Buffer {
  return Buffer.concat([Buffer.alloc(Math.max(0, COORDINATE_BYTES - coordinate.length)), coordinate])
}

function inOurWords (error: unknown): never {
  const name = error instanceof Error ? error.name : ''
  const status = error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined
  const cause = { cause: error }
  if (status === 429) throw new VaultError(`${label} has too many requests now (429)`, true, cause)
  if (status === 401 || status === 403 || /AuthenticationError|CredentialUnavailableError|AuthenticationRequiredError/.test(name)) {
    throw new VaultError(`${label} does not let us use the key (${status ?? name}): AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET must be valid, ` +
      'and allow get and sign for keys; and the key must be enabled', false, cause)
  }
  if (status === 404) throw new VaultError(`the key in ${label} does not exist: check the vault, the name and the version`, false, cause)
  if (status === undefined || status >= 500) throw new VaultError(`${label} cannot be reached, or has a fault of its own (${status ?? name})`, true, cause)
  throw new VaultError(`${label} refuses the request (${status})`, false, cause)
}
