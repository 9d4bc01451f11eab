/** The fields that say which chain of Mina it is, as a configuration and the options of the plugin have them. Loads no SDK. */
import { z } from 'zod'
import { faultInWords } from '../../src/lib/field-kinds.js'
import { minaKeyFault } from './keys.js'
import { isOnCurve } from './crypto/pallas.js'
import { pointOf } from './formats.js'

export const NANOMINA = 1_000_000_000n
export const TX_FEE = 100_000_000n
export const MAX_FEE = 2_000_000_000n
export const CONFIRMATIONS = 15
export const MAX_CONFIRMATIONS = 290
/** Thirty slow blocks, twice over: a payee that was away has to see a close, to prove, and to be included. */
export const CHALLENGE_SECS_MIN = 10_800
export const CHALLENGE_SECS_MAX = 365 * 24 * 60 * 60
/** Nodes that have to agree; more would only be slower. */
const NODES_MAX = 5
const URL_EXPECTED = 'an http:// or https:// URL, or a list of them'

export const MAINNET_REFUSED = 'mina:mainnet takes transactions of o1js 3 and mina-signer 4 only since its fork of September 2026, and this version is tested with ' +
  'o1js 2.15.0 and mina-signer 3.1.0: what it signs would be refused there, with money in channels. Use mina:devnet, or a network of your own'
export const TOKENS_REFUSED = 'channels on Mina are in MINA only: a custom token would need the proof of its owner in every payment'

export const ADDRESS_IN_WORDS = 'an address of Mina: B62 and 52 letters and digits'

/** Also of a point that is on the curve: what is sent elsewhere, nobody can take. */
export function isAddress (text: string): boolean {
  const point = pointOf(text)
  return point !== undefined && isOnCurve(point)
}

const isUrl = (url: string): boolean => /^https?:\/\//.test(url) && URL.canParse(url)
const Url = z.string().refine(isUrl, `expected ${URL_EXPECTED}`)

/** Providers of nodes put their keys into it. */
export const GRAPHQL_URLS = z.union([Url, z.array(Url).min(1).max(NODES_MAX)], `expected ${URL_EXPECTED}`)
  .meta({ expected: URL_EXPECTED, secret: true, example: 'https://api.minascan.io/node/devnet/v1/graphql' })

const KEY_EXPECTED = 'a private key (EK and 50 letters and digits, from a variable), or wallet:0'

export const KEY_ID = z.string().superRefine((key, context) => {
  const fault = minaKeyFault(key)
  if (fault !== undefined) context.addIssue(fault.words === undefined ? { code: 'custom', message: `expected ${KEY_EXPECTED}` } : faultInWords(`${fault.words}.`))
}).meta({ expected: KEY_EXPECTED, secret: true, example: '${MINA_PRIVATE_KEY}' })

/** How the process that makes proofs is run. */
export const PROVER = z.strictObject({
  cacheDir: z.string().min(1).meta({ expected: 'the path of a folder' }).optional(),
  timeoutMs: z.int().min(1000).max(3_600_000).meta({ expected: 'a whole number from 1000 to 3600000' }).optional(),
  maxRssMb: z.int().min(500).max(1_000_000).meta({ expected: 'a whole number from 500 to 1000000' }).optional(),
  idleSecs: z.int().min(1).max(86_400).meta({ expected: 'a whole number from 1 to 86400' }).optional(),
  proofs: z.boolean().meta({ expected: 'true, or false for a chain that looks at no proofs' }).optional()
}).meta({ expected: 'an object with cacheDir, timeoutMs, maxRssMb, idleSecs or proofs' })

/** In their one form. */
export function urlsOf (urls: string | readonly string[]): readonly string[] {
  return typeof urls === 'string' ? [urls] : urls
}
