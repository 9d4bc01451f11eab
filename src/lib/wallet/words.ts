/** The words of a wallet, and the seed that all its keys come from. Source: BIP-39, with the English list. */
import { entropyToMnemonic, mnemonicToEntropy, mnemonicToSeedSync } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { randomBytes } from 'node:crypto'

/** How many words a wallet may have, and how many bytes they stand for. */
const ENTROPY_BYTES: Readonly<Record<number, number>> = { 12: 16, 24: 32 }
const KNOWN = new Set(wordlist)

/** The random bytes of a new wallet. @param words 12 or 24 */
export function newEntropy (words: number): Buffer {
  return randomBytes(ENTROPY_BYTES[words] ?? 32)
}

/** Whether a wallet can be made of so many bytes. */
export function isEntropy (bytes: Uint8Array): boolean {
  return Object.values(ENTROPY_BYTES).includes(bytes.length)
}

/** The words that stand for these bytes, with a space between them. */
export function phraseOf (entropy: Uint8Array): string {
  return entropyToMnemonic(entropy, wordlist)
}

/**
 * The bytes that the words stand for. Takes any spaces and capitals.
 * @throws Error that says what is wrong by place, and never repeats a word: what is nearly a word of the wallet gives it away
 */
export function entropyOf (phrase: string): Buffer {
  const words = phrase.normalize('NFKD').toLowerCase().split(/\s+/).filter(word => word !== '')
  if (ENTROPY_BYTES[words.length] === undefined) throw new Error(`a phrase has 12 or 24 words, and this one has ${words.length}`)
  const strange = words.flatMap((word, index) => KNOWN.has(word) ? [] : [index + 1])
  if (strange.length > 0) throw new Error(`not in the English list of BIP-39: word number ${strange.join(', ')}. Check the spelling`)
  try {
    return Buffer.from(mnemonicToEntropy(words.join(' '), wordlist))
  } catch {
    throw new Error('the checksum of the words is wrong: one is another word, or two have changed places')
  }
}

/** The 64 bytes that keys are derived from, without a passphrase beside the words. Fill them with zeros after use. */
export function seedOf (entropy: Uint8Array): Buffer {
  return Buffer.from(mnemonicToSeedSync(phraseOf(entropy)))
}
