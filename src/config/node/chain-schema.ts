/** The fields of `chainProviders`: which chains a node settles on, with which contracts and key, and when. */
import { z } from 'zod'
import { milliseconds, millisecondsInWords } from '../fields.js'
import { amount, flag, optional, text } from '../../lib/field-kinds.js'

/** The contract takes no shorter challenge. */
const CHALLENGE_SECS_MIN = 3600
const YEAR_SECS = 365 * 24 * 60 * 60
const POLL_MS_MIN = 100
const POLL_MS_MAX = 3_600_000

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/).meta({ expected: '0x and 40 hexadecimal digits, in quotes' })
const whole = (minimum: number, maximum: number): z.ZodInt => z.int().min(minimum).max(maximum).meta({ expected: `a whole number from ${minimum} to ${maximum}` })

const CLAIMS = ['settlement', 'packet'] as const

const settlementOptions = z.strictObject({
  threshold: optional(amount),
  timeBasedIntervalMs: optional(milliseconds(1000).meta({ expected: millisecondsInWords(1000) })),
  settlementTimeoutSecs: optional(whole(CHALLENGE_SECS_MIN, YEAR_SECS)),
  initialDeposit: optional(amount),
  initialDepositMultiplier: optional(whole(1, 1_000_000)),
  topUpBelow: optional(amount),
  maxPrepaid: optional(amount),
  pollingIntervalMs: optional(whole(POLL_MS_MIN, POLL_MS_MAX)),
  claims: optional(z.enum(CLAIMS).meta({ expected: `one of ${CLAIMS.join(', ')}` })),
  requireClaims: optional(flag),
  redeemThreshold: optional(amount),
  redeemGasFactor: optional(whole(1, 1_000_000)),
  nativePrice: optional(amount),
  idleCloseSecs: optional(whole(0, YEAR_SECS)),
  confirmations: optional(whole(1, 1000)),
  startBlock: optional(whole(0, Number.MAX_SAFE_INTEGER)),
  ledgerSnapshotPath: optional(text()),
  ledgerPersistIntervalMs: optional(z.number().meta({ expected: 'a number' }))
}).meta({ expected: 'an object' })

// Providers of nodes put their keys into it.
const rpcUrl = z.string().refine(url => /^https?:\/\//.test(url) && URL.canParse(url))
  .meta({ expected: 'an http:// or https:// URL', secret: true, example: 'https://mainnet.base.org' })
const privateKey = z.string().regex(/^0x[0-9a-fA-F]{64}$/).meta({
  expected: 'a private key (0x and 64 hexadecimal digits, in quotes, or from a variable)', secret: true, example: '${EVM_PRIVATE_KEY}'
})

export const chainProvider = z.strictObject({
  chainType: z.literal('evm').meta({ expected: 'evm' }),
  chainId: z.string().regex(/^evm:([a-zA-Z0-9]+:)?[1-9]\d{0,15}$/).meta({ expected: 'a chain such as evm:8453', example: 'evm:8453' }),
  rpcUrl,
  registryAddress: address,
  tokenAddress: address,
  keyId: privateKey,
  settlementOptions: optional(settlementOptions)
}).meta({ expected: 'an object with chainType, chainId, rpcUrl, registryAddress, tokenAddress and keyId' })

const oldChain = z.strictObject({
  enabled: optional(flag),
  rpcUrl: optional(rpcUrl),
  chainId: optional(whole(1, Number.MAX_SAFE_INTEGER)),
  privateKey: optional(privateKey),
  registryAddress: optional(address),
  tokenAddress: optional(address),
  settlementOptions: optional(settlementOptions)
}).meta({ expected: 'an object' })

/** What earlier versions had in the place of `chainProviders`. */
export const blockchain = z.strictObject({ base: optional(oldChain), arbitrum: optional(oldChain) }).meta({ expected: 'an object with base or arbitrum' })

export type ParsedChainProvider = z.output<typeof chainProvider>
