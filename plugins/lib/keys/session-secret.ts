/**
 * What claim keys are derived from where the account's own key is in a vault: a secret that the node draws once and keeps in its store. The
 * vault signs the transactions that put these keys into channels, and so authorises each of them for one channel and its deposit. Anyone
 * with the secret can promise the peers of open channels what is in those channels, and can touch nothing else:
 * docs/decisions/009-xrp-claims-beside-a-vault.md.
 */
import { randomBytes } from 'node:crypto'
import type { PluginStore } from '../../../src/contracts/plugin.js'

const SECRET_BYTES = 32
const SECRET = /^[0-9a-f]{64}$/

/**
 * Resolves once it is kept, also for after a power cut. Rejects when what is kept is not one.
 * @param name of the account, with its chain
 */
export async function sessionSecret (store: PluginStore, name: string): Promise<Buffer> {
  const kept = await store.get(name)
  if (kept !== undefined && !SECRET.test(kept)) throw new Error(`the secret of the claim keys is damaged in the store: restore the store from a copy. key=${name}`)
  if (kept !== undefined) return Buffer.from(kept, 'hex')
  const drawn = randomBytes(SECRET_BYTES)
  const text = drawn.toString('hex')
  await (store.putAll?.({ [name]: text }) ?? store.put(name, text))
  return drawn
}
