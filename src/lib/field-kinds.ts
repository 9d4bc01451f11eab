/**
 * Kinds of fields that configurations have many of, with their words for errors. The words, and whether a value is a secret, are kept as
 * zod metadata, so that the schema is the only place where a field is described.
 */
import { z } from 'zod'
import { TIMER_LONGEST_MS } from './timers.js'

declare module 'zod' {
  interface GlobalMeta {
    /** The values that are accepted, in words that fit after "expected". */
    expected?: string
    /** What applies when an optional field without a schema default is left out. */
    absent?: string
    /** Shown to somebody who left a required field out. */
    example?: string
    /** Values at and below this field are never shown. */
    secret?: boolean
  }
}

export const text = (expected = 'a string that is not empty'): z.ZodString => z.string().min(1).meta({ expected })
export const flag = z.boolean().meta({ expected: 'true or false' })
export const amount = z.union([z.bigint().min(0n), z.int().min(0), z.string().regex(/^\d{1,78}$/)])
  .meta({ expected: 'a whole number of base units, as a string such as "1000"' })

export function whole (minimum: number, maximum: number): z.ZodInt {
  return z.int().min(minimum).max(maximum).meta({ expected: `a whole number from ${minimum} to ${maximum}` })
}

const ASSET_SCALE_MAX = 255
const ASSET_CODE = /^[^\s/]{1,64}$/

const CODE = 'a code such as USD, of up to 64 characters without spaces and slashes'
const SCALE = `a whole number from 0 to ${ASSET_SCALE_MAX}`
const ASSET = 'an object with code and scale, such as { code: USD, scale: 6 }'

/** What amounts are in. The code has no slash, as pairs of assets are written with one between them. */
export const assetField = z.strictObject({
  code: z.string(`asset.code must be ${CODE}`).regex(ASSET_CODE, `asset.code must be ${CODE}`).meta({ expected: CODE, example: 'USD' }),
  scale: z.int(`asset.scale must be ${SCALE}`).min(0, `asset.scale must be ${SCALE}`).max(ASSET_SCALE_MAX, `asset.scale must be ${SCALE}`)
    .describe('One unit of the asset is 10^scale base units').meta({ expected: SCALE, example: '6' })
}, { error: ({ code }) => code === 'unrecognized_keys' ? undefined : `asset must be ${ASSET}` }).meta({ expected: ASSET })

/** A duration in whole milliseconds. */
export function milliseconds (minimum: number): z.ZodNumber {
  return z.number().int().min(minimum).max(TIMER_LONGEST_MS).meta({ expected: `a whole number of milliseconds from ${minimum} to ${TIMER_LONGEST_MS}` })
}

/** A fault for a check of a schema, in its own words instead of "found ..., expected ...". The message must not hold a secret. */
export function faultInWords (message: string): { code: 'custom', message: string, params: { isInOwnWords: true } } {
  return { code: 'custom', message, params: { isInOwnWords: true } }
}

/** Whether the message of a fault says all that there is to say. */
export function isInOwnWords (issue: z.core.$ZodIssue): boolean {
  return issue.code === 'custom' && issue.params?.isInOwnWords === true
}
