/**
 * Google Cloud KMS as its client sees it over HTTP: tokens that a service account has signed, which are checked, checksums both ways, and
 * the documented errors. Source: Cloud KMS REST reference; Google Cloud, "Self-signed JWTs".
 */
import { createVerify, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Curve } from '../../../src/contracts/signer.js'
import { crc32c } from '../../../plugins/lib/keys/crc32c.js'
import { derOf } from '../../../plugins/lib/keys/secp256k1.js'
import { StandInKey, StandInServer, type Answer, type Asked, type Fault } from './stand-in.js'

const NAME = 'projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1'
const ERRORS: Readonly<Partial<Record<Fault, [code: number, status: string]>>> = {
  busy: [429, 'RESOURCE_EXHAUSTED'],
  denied: [403, 'PERMISSION_DENIED'],
  gone: [400, 'FAILED_PRECONDITION'],
  fault: [503, 'UNAVAILABLE']
}
const ACCOUNT = 'node@p.iam.gserviceaccount.com'
const VARIABLE = 'GOOGLE_APPLICATION_CREDENTIALS'

interface Input {
  digest?: { sha256?: string }
  digestCrc32c?: string
  data?: string
  dataCrc32c?: string
}

export class GcpStandIn {
  readonly server = new StandInServer(asked => this.#answer(asked))
  readonly key: StandInKey
  readonly keyId = `gcp-kms:${NAME}`
  readonly #account = generateKeyPairSync('rsa', { modulusLength: 2048 })
  #port = 0
  #folder = ''
  #before: string | undefined

  constructor (readonly curve: Curve) {
    this.key = new StandInKey(curve)
  }

  /** Sets the variable that the client reads its account from, until `stop`. */
  async start (): Promise<this> {
    this.#port = await this.server.start()
    this.#folder = await mkdtemp(join(tmpdir(), 'gcp-stand-in-'))
    const file = join(this.#folder, 'account.json')
    await writeFile(file, JSON.stringify({
      type: 'service_account', project_id: 'p', private_key_id: '1', client_email: ACCOUNT, client_id: '1',
      private_key: this.#account.privateKey.export({ format: 'pem', type: 'pkcs8' }), token_uri: `http://127.0.0.1:${this.#port}/token`
    }))
    this.#before = process.env[VARIABLE]
    process.env[VARIABLE] = file
    return this
  }

  async stop (): Promise<void> {
    this.server.stop()
    if (this.#before === undefined) Reflect.deleteProperty(process.env, VARIABLE)
    else process.env[VARIABLE] = this.#before
    await rm(this.#folder, { recursive: true, force: true })
  }

  get settings (): { endpoint: string } {
    return { endpoint: `http://127.0.0.1:${this.#port}` }
  }

  #answer ({ request, body }: Asked): Answer | undefined {
    const path = decodeURIComponent((request.url ?? '').split('?')[0] ?? '')
    if (!this.#isSigned(request.headers.authorization ?? '')) return errorOf([401, 'UNAUTHENTICATED'])
    const fault = this.server.next()
    if (fault === 'away') return undefined
    const error = fault && ERRORS[fault]
    if (error !== undefined) return errorOf(error)
    const { key, curve } = this
    if (request.method === 'GET' && path === `/v1/${NAME}/publicKey`) {
      const pem = key.publicKey.export({ format: 'pem', type: 'spki' }).toString()
      const algorithm = curve === 'ed25519' ? 'EC_SIGN_ED25519' : 'EC_SIGN_SECP256K1_SHA256'
      return { body: { name: NAME, pem, algorithm, pemCrc32c: String(crc32c(Buffer.from(pem))), protectionLevel: 'HSM' } }
    }
    if (request.method === 'POST' && path === `/v1/${NAME}:asymmetricSign`) return this.#sign(JSON.parse(body.toString()) as Input, fault)
    return errorOf([404, 'NOT_FOUND'])
  }

  #sign ({ digest, digestCrc32c, data, dataCrc32c }: Input, fault: Fault | undefined): Answer {
    this.server.signatures++
    const isEd = this.curve === 'ed25519'
    const bytes = Buffer.from((isEd ? data : digest?.sha256) ?? '', 'base64')
    const checksum = isEd ? dataCrc32c : digestCrc32c
    if (bytes.length === 0 || (!isEd && bytes.length !== 32) || checksum !== String(crc32c(bytes))) return errorOf([400, 'INVALID_ARGUMENT'])
    const signature = isEd ? this.key.sign(bytes, fault) : derOf(this.key.sign(bytes, fault))
    const verified = isEd ? { verifiedDataCrc32c: true } : { verifiedDigestCrc32c: true }
    return { body: { name: NAME, signature: signature.toString('base64'), signatureCrc32c: String(crc32c(signature)), ...verified, protectionLevel: 'HSM' } }
  }

  #isSigned (authorization: string): boolean {
    const [head = '', claims = '', signature = ''] = authorization.replace('Bearer ', '').split('.')
    const { iss } = JSON.parse(Buffer.from(claims, 'base64url').toString() || '{}') as { iss?: string }
    return iss === ACCOUNT && createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(this.#account.publicKey, signature, 'base64url')
  }
}

function errorOf ([code, status]: [code: number, status: string]): Answer {
  return { status: code, body: { error: { code, status, message: 'hunter2 may not' } } }
}
