/**
 * The key of EVM chains as other connectors for agents are told of it: by KEY_BACKEND and the variables of that backend, or by the section
 * `security.keyManagement`, which variables override. It becomes the `keyId`, and how to get into the vault.
 */
import type { LegacySettings } from '../../src/contracts/chain-kind.js'
import { isSet } from '../../src/lib/environment.js'
import { isObject } from '../../src/lib/is-object.js'
import { nearest } from '../../src/lib/nearest.js'
import { vaultFaultIn } from '../lib/keys/key-id.js'
import type { VaultSettings } from '../lib/keys/vault.js'
import { CURVES } from './formats.js'

type Variables = Parameters<LegacySettings['withVariables']>[1]
type Given = Readonly<Record<string, string>>

const BACKENDS = ['env', 'aws-kms', 'gcp-kms', 'azure-kv', 'hsm'] as const
type Backend = typeof BACKENDS[number]

/** By place in the section, the variable that says the same. */
const FIELDS: Readonly<Record<string, string>> = {
  backend: 'KEY_BACKEND',
  nodeId: 'NODE_ID',
  evmPrivateKey: 'EVM_PRIVATE_KEY',
  'aws.region': 'AWS_REGION',
  'aws.evmKeyId': 'AWS_KMS_EVM_KEY_ID',
  'aws.accessKeyId': 'AWS_ACCESS_KEY_ID',
  'aws.secretAccessKey': 'AWS_SECRET_ACCESS_KEY',
  'gcp.projectId': 'GCP_PROJECT_ID',
  'gcp.locationId': 'GCP_LOCATION_ID',
  'gcp.keyRingId': 'GCP_KEY_RING_ID',
  'gcp.evmKeyId': 'GCP_KMS_EVM_KEY_ID',
  'azure.vaultUrl': 'AZURE_VAULT_URL',
  'azure.evmKeyName': 'AZURE_EVM_KEY_NAME',
  'azure.tenantId': 'AZURE_TENANT_ID',
  'azure.clientId': 'AZURE_CLIENT_ID',
  'azure.clientSecret': 'AZURE_CLIENT_SECRET',
  'hsm.pkcs11LibraryPath': 'HSM_PKCS11_LIBRARY_PATH',
  'hsm.slotId': 'HSM_SLOT_ID',
  'hsm.pin': 'HSM_PIN',
  'hsm.evmKeyLabel': 'HSM_EVM_KEY_LABEL'
}

const NEEDED: Readonly<Record<Backend, readonly string[]>> = {
  env: [],
  'aws-kms': ['AWS_REGION', 'AWS_KMS_EVM_KEY_ID'],
  'gcp-kms': ['GCP_PROJECT_ID', 'GCP_LOCATION_ID', 'GCP_KEY_RING_ID', 'GCP_KMS_EVM_KEY_ID'],
  'azure-kv': ['AZURE_VAULT_URL', 'AZURE_EVM_KEY_NAME'],
  hsm: ['HSM_PKCS11_LIBRARY_PATH', 'HSM_SLOT_ID', 'HSM_PIN', 'HSM_EVM_KEY_LABEL']
}
const VAULT_URL = /^https:\/\/[a-zA-Z0-9.-]+(:\d{1,5})?\/?$/

export interface KeyBackend {
  /** Undefined: the key is where it always was, in EVM_PRIVATE_KEY or in `keyId`. */
  backend?: Exclude<Backend, 'env'> | undefined
  keyId: string
  vault: VaultSettings
  /** Of the backend, and of what it needs. */
  faults: ReadonlyArray<{ source: string, message: string }>
  /** `KEY_BACKEND`, or the section, whichever says the backend. */
  source: string
  /** A key that the section itself has. */
  privateKey?: string | undefined
}

/** @param given the configuration as it is written */
export function keyBackendOf (given: Readonly<Record<string, unknown>>, env: Variables): KeyBackend {
  const section = isObject(given.security) && isObject(given.security.keyManagement) ? given.security.keyManagement : undefined
  const written = section === undefined ? {} : flat(section)
  const unknown = Object.keys(written).filter(field => FIELDS[field] === undefined)
  const said: Record<string, string> = {}
  for (const [field, variable] of Object.entries(FIELDS)) {
    const value = isSet(env, variable) && field !== 'nodeId' ? env[variable] : written[field]
    if (value !== undefined && value !== '') said[variable] = value
  }
  const { KEY_BACKEND: named = 'env' } = said
  const source = isSet(env, 'KEY_BACKEND') ? 'KEY_BACKEND' : 'security.keyManagement.backend'
  const faults = unknown.map(field => ({ source: `security.keyManagement.${field}`, message: `no such field${meant(field)}` }))
  const backend = BACKENDS.find(each => each === named)
  const none = { keyId: '', vault: {}, source, privateKey: written.evmPrivateKey }
  if (backend === undefined) {
    return { ...none, faults: [...faults, { source, message: `Invalid KEY_BACKEND: ${named}. Must be one of: ${BACKENDS.join(', ')}` }] }
  }
  if (backend === 'env') return { ...none, faults }
  const isArn = said.AWS_KMS_EVM_KEY_ID?.startsWith('arn:') === true // it names the region
  const missing = NEEDED[backend].filter(name => said[name] === undefined && !(isArn && name === 'AWS_REGION'))
  const lacks = missing.map(name => ({ source, message: `${name} required for ${backend} backend` }))
  const wrong = lacks.length > 0 ? [] : formatFaults(backend, said, source)
  return { backend, keyId: keyIdOf(backend, said), vault: settingsOf(said), faults: [...faults, ...lacks, ...wrong], source }
}

/** In the form of `chainProviders[].keyId`. */
function keyIdOf (backend: Exclude<Backend, 'env'>, said: Given): string {
  switch (backend) {
  case 'aws-kms': return `aws-kms:${said.AWS_KMS_EVM_KEY_ID ?? ''}`
  case 'gcp-kms': {
    const { GCP_PROJECT_ID: project = '', GCP_LOCATION_ID: place = '', GCP_KEY_RING_ID: ring = '', GCP_KMS_EVM_KEY_ID: key = '' } = said
    const version = key.includes('/') ? '' : '/cryptoKeyVersions/1'
    return `gcp-kms:projects/${project}/locations/${place}/keyRings/${ring}/cryptoKeys/${key}${version}`
  }
  case 'azure-kv': return `azure-kv:${(said.AZURE_VAULT_URL ?? '').replace(/\/$/, '')}/keys/${said.AZURE_EVM_KEY_NAME ?? ''}`
  case 'hsm': return `pkcs11:object=${encodeURIComponent(said.HSM_EVM_KEY_LABEL ?? '')}`
  }
}

function settingsOf (said: Given): VaultSettings {
  const { HSM_SLOT_ID: slot } = said
  return present({
    region: said.AWS_REGION,
    accessKeyId: said.AWS_ACCESS_KEY_ID,
    secretAccessKey: said.AWS_SECRET_ACCESS_KEY,
    tenantId: said.AZURE_TENANT_ID,
    clientId: said.AZURE_CLIENT_ID,
    clientSecret: said.AZURE_CLIENT_SECRET,
    modulePath: said.HSM_PKCS11_LIBRARY_PATH,
    slotId: slot !== undefined && /^\d{1,15}$/.test(slot) ? Number(slot) : undefined,
    pin: said.HSM_PIN
  })
}

function formatFaults (backend: Exclude<Backend, 'env'>, said: Given, source: string): Array<{ source: string, message: string }> {
  const fault = (name: string, expected: string): Array<{ source: string, message: string }> =>
    [{ source, message: `Invalid ${name} format: expected ${expected}` }]
  if (backend === 'azure-kv' && !VAULT_URL.test(said.AZURE_VAULT_URL ?? '')) return fault('AZURE_VAULT_URL', 'https://<vault>.vault.azure.net')
  if (backend === 'hsm' && !/^\d{1,15}$/.test(said.HSM_SLOT_ID ?? '')) return fault('HSM_SLOT_ID', 'a whole number, at least 0')
  if (vaultFaultIn(keyIdOf(backend, said), CURVES, 'EVM') === undefined) return []
  if (backend === 'aws-kms') return fault('AWS_KMS_EVM_KEY_ID', 'an ARN, alias/<name> or the id of a key')
  if (backend === 'gcp-kms') return fault('GCP_KMS_EVM_KEY_ID', 'the name of a key, with or without /cryptoKeyVersions/<version>')
  return fault(backend === 'azure-kv' ? 'AZURE_EVM_KEY_NAME' : 'HSM_EVM_KEY_LABEL', 'the name of a key')
}

/** By place, with `credentials` of a cloud in the place of its own fields. */
function flat (section: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(section).flatMap(([key, value]) => {
    if (!isObject(value)) return value === undefined || value === null ? [] : [[key, textOf(value)]]
    const { credentials, ...fields } = value
    const all = { ...fields, ...isObject(credentials) && credentials }
    return Object.entries(all).map(([field, inner]): [string, string] => [`${key}.${field}`, textOf(inner)])
  }))
}

/** Of a list or the like nothing, which is refused where something is needed. */
function textOf (value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function meant (field: string): string {
  const near = nearest(field, Object.keys(FIELDS))
  return near === undefined ? '' : ` (did you mean ${near}?)`
}

function present (settings: VaultSettings): VaultSettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
}
