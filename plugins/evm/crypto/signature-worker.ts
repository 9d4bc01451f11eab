/** One thread of signature-threads.ts: recovers the signer of a signature. */
import { parentPort } from 'node:worker_threads'
import { Signature, hexlify, recoverAddress } from 'ethers'

export interface SignatureTask {
  id: number
  digest: Uint8Array
  signature: Uint8Array
}

export interface SignatureAnswer {
  id: number
  /** In lower case; absent when nobody can have made the signature. */
  address?: string
}

function answerTo ({ id, digest, signature }: SignatureTask): SignatureAnswer {
  try {
    if (signature[64] !== 27 && signature[64] !== 28) return { id }
    return { id, address: recoverAddress(digest, Signature.from(hexlify(signature))).toLowerCase() }
  } catch {
    return { id }
  }
}

parentPort?.on('message', (task: SignatureTask) => { parentPort?.postMessage(answerTo(task)) })
