/** What the stand-ins of vaults have in common: their keys, what goes wrong in them, and what was asked of them. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type JsonWebKeyInput, type KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { Curve } from '../../../src/contracts/signer.js'
import { rawSigner } from '../../../plugins/lib/keys/raw.js'

/** `spoilt`: a signature that is none. `otherKey`: one of another key. `upper`: with the other s. */
export type Fault = 'busy' | 'away' | 'denied' | 'gone' | 'fault' | 'spoilt' | 'otherKey' | 'upper'

const ORDER = secp256k1.Point.Fn.ORDER

export class StandInKey {
  #pair: { publicKey: KeyObject, privateKey: KeyObject }

  /** @param secret what was imported, 32 bytes */
  constructor (readonly curve: Curve, secret?: Buffer) {
    this.#pair = secret === undefined ? this.#fresh() : imported(curve, secret)
  }

  get publicKey (): KeyObject {
    return this.#pair.publicKey
  }

  /** Of 32 bytes. */
  get secret (): Buffer {
    return Buffer.from(this.#pair.privateKey.export({ format: 'jwk' }).d ?? '', 'base64url')
  }

  /** Another key takes its place. Returns how the former comes back. */
  rotate (): () => void {
    const former = this.#pair
    this.#pair = this.#fresh()
    return () => { this.#pair = former }
  }

  /** r and s, or the 64 bytes of Ed25519. The s is whichever comes, as that of a real vault. */
  sign (bytes: Buffer, fault?: Fault): Buffer {
    const { privateKey } = fault === 'otherKey' ? this.#fresh() : this.#pair
    if (this.curve === 'ed25519') return fault === 'spoilt' ? Buffer.alloc(64, 1) : sign(null, bytes, privateKey)
    const key = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url')
    const { r, s } = secp256k1.Signature.fromBytes(secp256k1.sign(bytes, key, { prehash: false }))
    const isUpper = fault === 'upper' || (fault === undefined && bytes.at(0) !== undefined && (bytes.at(0) ?? 0) % 2 === 1)
    const given = new secp256k1.Signature(fault === 'spoilt' ? r - 1n : r, isUpper ? ORDER - s : s)
    return Buffer.from(given.toBytes())
  }

  #fresh (): { publicKey: KeyObject, privateKey: KeyObject } {
    return this.curve === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
  }
}

function imported (curve: Curve, secret: Buffer): { publicKey: KeyObject, privateKey: KeyObject } {
  const key = (jwk: object): { publicKey: KeyObject, privateKey: KeyObject } => {
    const privateKey = createPrivateKey({ key: { ...jwk, d: secret.toString('base64url') } as JsonWebKeyInput['key'], format: 'jwk' })
    return { privateKey, publicKey: createPublicKey(privateKey) }
  }
  if (curve === 'ed25519') return key({ kty: 'OKP', crv: 'Ed25519', x: rawSigner(curve, secret).publicKey.toString('base64url') })
  const point = Buffer.from(secp256k1.getPublicKey(secret, false))
  return key({ kty: 'EC', crv: 'secp256k1', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') })
}

export interface Asked {
  request: IncomingMessage
  body: Buffer
}

/** A server on a free port of this machine. `faults` go wrong one after the other, the last for as long as `isLasting`. */
export class StandInServer {
  readonly faults: Fault[] = []
  isLasting = false
  /** How many requests it was asked for signatures. */
  signatures = 0
  /** At the same time, at most. */
  most = 0
  #now = 0
  readonly #server: Server

  constructor (answer: (asked: Asked) => Promise<Answer | undefined> | Answer | undefined, tls?: { key: string, cert: string }) {
    const listener: RequestListener = (request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        this.most = Math.max(this.most, ++this.#now)
        void Promise.resolve(answer({ request, body: Buffer.concat(parts) })).then(given => {
          this.#now--
          if (given === undefined) { request.socket.destroy(); return }
          const { status = 200, headers = {}, body } = given
          response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
        })
      })
    }
    this.#server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  }

  async start (): Promise<number> {
    await new Promise<void>(resolve => { this.#server.listen(0, '127.0.0.1', resolve) })
    return (this.#server.address() as AddressInfo).port
  }

  stop (): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  /** What goes wrong with this request. */
  next (): Fault | undefined {
    return this.isLasting && this.faults.length === 1 ? this.faults[0] : this.faults.shift()
  }
}

export interface Answer {
  status?: number
  headers?: Record<string, string>
  body: unknown
}
