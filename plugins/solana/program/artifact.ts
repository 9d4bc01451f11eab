/** What plugins/solana/program/channel.so is. Made by `npm run build:solana-program`. Do not edit. */

/** The SHA-256 of the template, in hexadecimal digits, and its size. */
export const TEMPLATE_SHA256 = '1d1b947a098cf48183350ff91db605c54b4cb6daa8d065be8201057393d338b8'
export const TEMPLATE_BYTES = 20384

/** Where the template has 32 bytes for the genesis hash of a cluster. */
export const GENESIS_HASH_OFFSET = 18632

/** Of the C sources that the template was made of. */
export const SOURCES_SHA256 = '4a89759ad7670fb23a86946b4a1d4e504d424e9d8dc3c197e431c66db9571d5f'

/** The SHA-256 of the program of each public cluster, by its genesis hash. */
export const PROGRAM_SHA256: Readonly<Record<string, string>> = {
  '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d': '1af1957255dceec7958ae1aedf124fc1bf8e647f0ae05b86dfff7256e918248b',
  'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG': 'a5efd5f7e1dc4ed997397056b8735f16ead77c1201a19862dafa1f7e4a4278ea',
  '4uhcVJyU9pJkvQyS88uRDiswHXSGkY3zQawwpjk2NsNY': 'f6fee9f624e2a04387b5d91ac10d4ca32c9aa31345f56327465bdf2a975cfc60'
}
