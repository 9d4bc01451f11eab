/** Looks at a module that is to be a kind of chain: its default export, with all that a node asks of it. */
import { z } from 'zod'
import type { ChainKind } from '../contracts/chain-kind.js'

const fn = z.custom(value => typeof value === 'function', 'expected a function')
const format = { matches: fn, inWords: z.string() }

const shape = z.object({
  type: z.string().regex(/^[a-z0-9]+$/, 'expected small letters and digits'),
  label: z.string(),
  peerField: z.string().regex(/^[a-zA-Z0-9]+Address$/, 'expected a name that ends in Address'),
  address: z.object({ ...format, canonical: fn }),
  channelId: z.object(format),
  chainId: z.object({ ...format, canonical: fn, examples: z.array(z.string()) }),
  schema: z.custom(value => value instanceof z.ZodType, 'expected a zod schema'),
  decide: fn
})

/** Throws an Error that names the module and what it lacks. */
export function chainKindIn (module: unknown, name: string): ChainKind {
  const { default: found } = Object(module) as { default?: unknown }
  const { error } = shape.safeParse(found)
  if (isKind(found, error)) return found
  const [issue] = error?.issues ?? []
  throw new TypeError(`${name}/chain-kind exports no kind of chain as its default. ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
}

function isKind (found: unknown, error: unknown): found is ChainKind {
  return error === undefined && found !== undefined
}
