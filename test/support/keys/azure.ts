/**
 * Azure Key Vault, and the directory that gives out its tokens, as their clients see them: the challenge, tokens for a client secret, keys
 * in JWK, and the documented errors. Over TLS, without which the client sends no token. Source: Azure Key Vault REST API, "Authentication,
 * requests and responses", "Sign", "Get Key".
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { StandInKey, StandInServer, type Answer, type Asked, type Fault } from './stand-in.js'

const TENANT = '11111111-2222-3333-4444-555555555555'
const CLIENT = '66666666-7777-8888-9999-000000000000'
const SECRET = 'secret-of-the-test'
const TOKEN = 'token-of-the-test'
const VERSION = '0'.repeat(32)
const AUTHORITY = 'AZURE_AUTHORITY_HOST'
const ERRORS: Readonly<Partial<Record<Fault, [status: number, code: string]>>> = {
  busy: [429, 'Throttled'],
  denied: [403, 'Forbidden'],
  gone: [404, 'KeyNotFound'],
  fault: [500, 'InternalServerError']
}

export class AzureStandIn {
  server!: StandInServer
  readonly key = new StandInKey('secp256k1')
  #port = 0
  readonly #before = new Map<string, string | undefined>()

  /** Sets the variable that names the directory, and takes any certificate in this process, until `stop`. */
  async start (): Promise<this> {
    const tls = await certificate()
    this.server = new StandInServer(asked => this.#answer(asked), tls)
    this.#port = await this.server.start()
    this.#set(AUTHORITY, `https://localhost:${this.#port}`)
    this.#set('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    return this
  }

  stop (): void {
    this.server.stop()
    for (const [name, value] of this.#before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = value
    }
  }

  get keyId (): string {
    return `azure-kv:https://localhost:${this.#port}/keys/node`
  }

  get settings (): { tenantId: string, clientId: string, clientSecret: string } {
    return { tenantId: TENANT, clientId: CLIENT, clientSecret: SECRET }
  }

  #set (name: string, value: string): void {
    this.#before.set(name, process.env[name])
    process.env[name] = value
  }

  #answer ({ request, body }: Asked): Answer | undefined {
    const path = (request.url ?? '').split('?')[0] ?? ''
    const here = `https://localhost:${this.#port}`
    if (path.endsWith('/.well-known/openid-configuration')) {
      const at = `${here}/${TENANT}`
      return { body: { issuer: `${at}/v2.0`, authorization_endpoint: `${at}/authorize`, token_endpoint: `${at}/oauth2/v2.0/token`, jwks_uri: `${at}/keys` } }
    }
    if (path === `/${TENANT}/oauth2/v2.0/token`) {
      const form = new URLSearchParams(body.toString())
      const isGood = form.get('client_id') === CLIENT && form.get('client_secret') === SECRET
      return isGood
        ? { body: { access_token: TOKEN, expires_in: 3600, token_type: 'Bearer' } }
        : { status: 401, body: { error: 'invalid_client', error_description: 'AADSTS7000215 hunter2', error_codes: [7000215], correlation_id: '1', trace_id: '1', timestamp: '' } }
    }
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      const challenge = `Bearer authorization="${here}/${TENANT}", resource="https://vault.azure.net"`
      return { status: 401, headers: { 'www-authenticate': challenge }, body: { error: { code: 'Unauthorized', message: 'AKV10000' } } }
    }
    const fault = this.server.next()
    if (fault === 'away') return undefined
    const [status, code] = (fault && ERRORS[fault]) ?? []
    if (status !== undefined) return { status, body: { error: { code, message: 'hunter2 may not' } } }
    const kid = `${here}/keys/node/${VERSION}`
    if (request.method === 'GET' && /^\/keys\/node\/?$/.test(path)) {
      const { x, y } = this.key.publicKey.export({ format: 'jwk' })
      return { body: { key: { kid, kty: 'EC', crv: 'P-256K', key_ops: ['sign', 'verify'], x, y }, attributes: { enabled: true } } }
    }
    if (request.method !== 'POST' || !/^\/keys\/node\/+sign$/.test(path)) return { status: 404, body: { error: { code: 'KeyNotFound' } } }
    this.server.signatures++
    const { alg, value = '' } = JSON.parse(body.toString()) as { alg?: string, value?: string }
    const digest = Buffer.from(value, 'base64url')
    if (alg !== 'ES256K' || digest.length !== 32) return { status: 400, body: { error: { code: 'BadParameter' } } }
    return { body: { kid, value: this.key.sign(digest, fault).toString('base64url') } }
  }
}

async function certificate (): Promise<{ key: string, cert: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'azure-stand-in-'))
  const [keyPath, certPath] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  await promisify(execFile)(process.env.OPENSSL ?? 'openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost', '-keyout', keyPath, '-out', certPath
  ])
  const [key, cert] = await Promise.all([readFile(keyPath, 'utf8'), readFile(certPath, 'utf8')])
  await rm(folder, { recursive: true, force: true })
  return { key, cert }
}
