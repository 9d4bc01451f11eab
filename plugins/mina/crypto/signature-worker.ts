/** One thread of signature-threads.ts: makes and checks the signatures of claims, which takes mina-signer some milliseconds each. */
import { parentPort } from 'node:worker_threads'
import { claimFields } from '../hashes.js'
import type { ClaimTerms } from '../hashes.js'
import { openSigner, type MinaSigner } from './mina-signer.js'

export type SignatureTask =
  { id: number, type: 'sign', terms: ClaimTerms, key: string } |
  { id: number, type: 'verify', terms: ClaimTerms, signature: string, address: string }

/** `trouble`: why there is no answer. */
export type SignatureAnswer = { id: number, signature?: string, isGood?: boolean, trouble?: string }

let signer: Promise<MinaSigner> | undefined

async function answerTo (task: SignatureTask): Promise<SignatureAnswer> {
  const { id } = task
  let client: MinaSigner
  try {
    client = await (signer ??= openSigner('devnet')) // claims are signed the same way for every network: their domain names it
  } catch (error) {
    return { id, trouble: error instanceof Error ? error.message : 'mina-signer cannot be loaded' }
  }
  const fields = claimFields(task.terms)
  if (task.type === 'sign') return { id, signature: client.signFields(fields, task.key).signature }
  try {
    return { id, isGood: client.verifyFields({ data: fields, signature: task.signature, publicKey: task.address }) }
  } catch {
    return { id, isGood: false } // an address that nobody can have
  }
}

parentPort?.on('message', (task: SignatureTask) => {
  answerTo(task).then(answer => { parentPort?.postMessage(answer) }, () => {
    parentPort?.postMessage({ id: task.id, trouble: 'the signature cannot be made' } satisfies SignatureAnswer) // never with what it was asked
  })
})
