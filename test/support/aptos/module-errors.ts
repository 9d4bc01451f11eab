/** How a node tells of an abort: with the name and the words that the module has for the code, where its bytecode brings them. */
import { short } from './bcs.js'
import { ERRORS, type Abort } from './rules.js'

/** `Move abort in 0x5::core: E_ZERO(0x7): The amount is zero.` (K: aptos-api-types, convert.rs, `explain_vm_status`.) */
export function explained ({ module, code }: Abort, address: string): string {
  const number = `0x${code.toString(16)}`
  if (module.includes('::')) return `Move abort in ${module}: ${number}`
  const name = nameOf(code)
  return `Move abort in ${short(address)}::${module}: ${name}(${number}): ${WORDS[name]}`
}

function nameOf (code: bigint): keyof typeof ERRORS {
  for (const [name, each] of Object.entries(ERRORS)) if (each === code && name in WORDS) return name as keyof typeof ERRORS
  throw new Error(`the modules have no error ${code}`)
}

/** The comments beside the codes in the Move sources. */
const WORDS: Readonly<Record<keyof typeof ERRORS, string>> = {
  E_NOT_A_PARTY: 'The caller is none of the two parties.',
  E_KEY_IS_SET: 'The party has set its key before.',
  E_BAD_KEY: 'The key is no Ed25519 public key of 32 bytes, or one of small order.',
  E_NO_KEY: 'The party has not set its key yet.',
  E_BAD_SIGNATURE: 'The signature is not one of the payer over these terms.',
  E_NOTHING_NEW: 'There is nothing to record or to take out that has not been before.',
  E_ZERO: 'The amount is zero.',
  E_NOT_OPEN: 'The channel is not open.',
  E_NOT_CLOSING: 'The channel is not closing.',
  E_TOO_EARLY: 'The challenge is not over.',
  E_SETTLED: 'The channel is settled.',
  E_CONSENT_EXPIRED: 'The consent has expired.',
  E_ABOVE_DEPOSIT: 'The least that the consent asks for is above the deposit.',
  E_CHALLENGE: 'The challenge is shorter than an hour or longer than 30 days.',
  E_SAME_PARTY: 'The other party is the caller.',
  E_TOO_MUCH: 'The deposits of both do not fit in 64 bits.',
  E_OTHER_AMOUNT: 'The asset gave the vault another amount than was deposited.',
  E_NO_ASSET: 'The coin has no fungible asset.',
  E_NO_CHANNEL: 'There is no channel at this address.'
}
