/** Text from the environment becomes what its field needs, as far as it is that; the schema refuses the rest by name. */
import { z } from 'zod'
import { inside, unwrap } from '../fields.js'
import type { Schema } from '../fields.js'
import { nodeSchema } from './schema.js'

const NUMBER = /^-?\d+(\.\d+)?$/

/** The value for the field at `path`. A list is written with commas. */
export function coerce (path: readonly PropertyKey[], text: string): unknown {
  const field = path.reduce<Schema | undefined>((outer, key) => outer && inside(outer, key), nodeSchema)
  const bare = field && unwrap(field)
  if (bare instanceof z.ZodNumber) return NUMBER.test(text.trim()) ? Number(text) : text
  if (bare instanceof z.ZodBoolean) return text === 'true' ? true : text === 'false' ? false : text
  if (bare instanceof z.ZodArray) return text.split(',').map(item => item.trim()).filter(item => item !== '')
  return text
}
