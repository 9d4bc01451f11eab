/** Text from the environment becomes what its field needs, as far as it is that; the schema refuses the rest by name. */
import { z } from 'zod'
import { unwrap } from '../fields.js'
import type { Schema } from '../fields.js'

const NUMBER = /^-?\d+(\.\d+)?$/

/** The value for `field`. A list is written with commas. A field that nobody knows takes text. */
export function coerce (field: Schema | undefined, text: string): unknown {
  const bare = field && unwrap(field)
  if (bare instanceof z.ZodNumber) return NUMBER.test(text.trim()) ? Number(text) : text
  if (bare instanceof z.ZodBoolean || (bare instanceof z.ZodLiteral && bare.values.has(false))) return text === 'true' ? true : text === 'false' ? false : text
  if (bare instanceof z.ZodArray) return text.split(',').map(item => item.trim()).filter(item => item !== '')
  return text
}
