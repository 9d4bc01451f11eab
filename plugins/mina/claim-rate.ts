/** How many claims a second this machine can make and check on Mina: some tens to some hundreds, so an operator should know. */
import type { SignatureThreads } from './crypto/signature-threads.js'
import { domainOf } from './hashes.js'
import type { MinaKey } from './keys.js'

const MEASURED_MS = 100

/** Takes about a tenth of a second, after the threads are there. */
export async function measuredRate (signatures: Pick<SignatureThreads, 'sign' | 'isSignedBy'>, chainId: string, key: MinaKey): Promise<number> {
  const terms = { channel: key.address, domain: domainOf(chainId, key.address), amount: 1n, nonce: 0n }
  const signature = await signatures.sign(terms, key.text) // loads what is needed
  const startMs = performance.now()
  let done = 0
  for (let amount = 2n; performance.now() - startMs < MEASURED_MS; amount++, done++) {
    await signatures.isSignedBy({ ...terms, amount }, signature, key.address)
  }
  return Math.max(1, Math.floor(done * 1000 / (performance.now() - startMs)))
}
