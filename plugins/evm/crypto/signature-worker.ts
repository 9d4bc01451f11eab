/** One thread of signature-threads.ts: signs with a key, or recovers the signer of a signature. */
import { parentPort } from 'node:worker_threads'
import { Signature, SigningKey, hexlify, recoverAddress } from 'ethers'

export interface SignatureTask {
  id: number
  digest: Uint8Array
  /** Sign with it. */
  privateKey?: Uint8Array
  /** Whose is it? */
  signature?: Uint8Array
}

export interface SignatureAnswer {
  id: number
  signature?: Uint8Array
  /** In lower case; absent when nobody can have made the signature. */
  address?: string
}

function answerTo ({ id, digest, privateKey, signature }: SignatureTask): SignatureAnswer {
  try {
    if (privateKey !== undefined) return { id, signature: Buffer.from(new SigningKey(privateKey).sign(digest).serialized.slice(2), 'hex') }
    if (signature?.[64] !== 27 && signature?.[64] !== 28) return { id }
    return { id, address: recoverAddress(digest, Signature.from(hexlify(signature))).toLowerCase() }
  } catch {
    return { id }
  }
}

parentPort?.on('message', (task: SignatureTask) => { parentPort?.postMessage(answerTo(task)) })
