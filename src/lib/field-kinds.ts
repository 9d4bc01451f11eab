/** Kinds of fields that a node's configuration has many of, with their words for errors. */
import { z } from 'zod'

/** Words stand on the schema that is asked, so a wrapper needs them too. */
export const optional = <S extends z.ZodType>(schema: S): z.ZodOptional<S> => schema.optional().meta({ ...z.globalRegistry.get(schema) })

export const text = (expected = 'a string that is not empty'): z.ZodString => z.string().min(1).meta({ expected })
export const flag = z.boolean().meta({ expected: 'true or false' })
export const amount = z.union([z.bigint().min(0n), z.int().min(0), z.string().regex(/^\d{1,78}$/)])
  .meta({ expected: 'a whole number of base units, as a string such as "1000"' })
