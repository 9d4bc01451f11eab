/**
 * AWS KMS as its client sees it: JSON 1.1 over HTTP, requests signed by Signature Version 4, which is checked, and the documented errors.
 * Source: AWS KMS API reference; AWS General Reference, "Create a signed AWS API request".
 */
import { createHash, createHmac, randomUUID } from 'node:crypto'
import type { Curve } from '../../../src/contracts/signer.js'
import { derOf } from '../../../plugins/lib/keys/secp256k1.js'
import { StandInKey, StandInServer, type Answer, type Asked, type Fault } from './stand-in.js'

const ACCESS_KEY = 'AKIDEXAMPLE'
const SECRET_KEY = 'wJalrXUtnFEMI-EXAMPLE-KEY-of-the-test'
const REGION = 'eu-west-1'
const ERRORS: Readonly<Partial<Record<Fault, [status: number, type: string]>>> = {
  busy: [400, 'ThrottlingException'],
  denied: [400, 'AccessDeniedException'],
  gone: [400, 'DisabledException'],
  fault: [500, 'KMSInternalException']
}

interface Input {
  KeyId: string
  Message?: string
  MessageType?: string
  SigningAlgorithm?: string
}

export class AwsStandIn {
  readonly server = new StandInServer(asked => this.#answer(asked))
  readonly key: StandInKey
  readonly keyId = `aws-kms:arn:aws:kms:${REGION}:111122223333:key/${randomUUID()}`
  #port = 0

  constructor (readonly curve: Curve, secret?: Buffer) {
    this.key = new StandInKey(curve, secret)
  }

  async start (): Promise<this> {
    this.#port = await this.server.start()
    return this
  }

  get settings (): { endpoint: string, accessKeyId: string, secretAccessKey: string } {
    return { endpoint: `http://127.0.0.1:${this.#port}`, accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY }
  }

  #answer ({ request, body }: Asked): Answer | undefined {
    const operation = String(request.headers['x-amz-target']).split('.')[1]
    const input = JSON.parse(body.toString()) as Input
    if (!isSigned(request.headers, request.url ?? '/', body)) return refused('UnrecognizedClientException')
    if (`aws-kms:${input.KeyId}` !== this.keyId) return refused('NotFoundException')
    const fault = this.server.next()
    if (fault === 'away') return undefined
    const [status, type] = (fault && ERRORS[fault]) ?? []
    // What AWS says has the caller and the key in it.
    if (type !== undefined) return { status: status ?? 400, body: { __type: type, message: `User: arn:aws:iam::111122223333:user/hunter2 ${type}` } }
    const { curve, key } = this
    const isEd = curve === 'ed25519'
    if (operation === 'GetPublicKey') {
      return { body: {
        KeyId: input.KeyId, KeySpec: isEd ? 'ECC_NIST_EDWARDS25519' : 'ECC_SECG_P256K1', KeyUsage: 'SIGN_VERIFY',
        PublicKey: key.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
      } }
    }
    if (operation !== 'Sign') return refused('UnknownOperationException')
    this.server.signatures++
    const [type_, algorithm] = isEd ? ['RAW', 'ED25519_SHA_512'] : ['DIGEST', 'ECDSA_SHA_256']
    const message = Buffer.from(input.Message ?? '', 'base64')
    if (input.MessageType !== type_ || input.SigningAlgorithm !== algorithm) return refused('ValidationException')
    if (message.length === 0 || message.length > 4096 || (!isEd && message.length !== 32)) return refused('ValidationException')
    const signature = key.sign(message, fault)
    return { body: { KeyId: input.KeyId, SigningAlgorithm: algorithm, Signature: (isEd ? signature : derOf(signature)).toString('base64') } }
  }
}

function refused (type: string): Answer {
  return { status: 400, body: { __type: type, message: 'hunter2' } }
}

/** Signature Version 4, over the headers that the client names. */
function isSigned (headers: Record<string, unknown>, path: string, body: Buffer): boolean {
  const [, scope = '', names = '', given = ''] =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(String(headers.authorization)) ?? []
  const [access, date = '', region = '', service = '', end] = scope.split('/')
  if (access !== ACCESS_KEY || region !== REGION || service !== 'kms' || end !== 'aws4_request' || !names.includes('x-amz-target')) return false
  const canonical = ['POST', path, '', ...names.split(';').map(name => `${name}:${String(headers[name])}`), '', names, sha256(body)].join('\n')
  const text = ['AWS4-HMAC-SHA256', String(headers['x-amz-date']), `${date}/${region}/kms/aws4_request`, sha256(Buffer.from(canonical))].join('\n')
  const key = [date, region, 'kms', 'aws4_request'].reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${SECRET_KEY}`))
  return hmac(key, text).toString('hex') === given
}

function sha256 (bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function hmac (key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
