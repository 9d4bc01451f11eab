/** Says what is wrong with a request: the first fault that its schema found, in the schema's own words. */
import { z } from 'zod'

/** Of unknown keys it says which they are, and at the top of a request also which are known. */
export function firstFault ({ issues: [issue] }: z.ZodError, schema: z.ZodType): string {
  if (issue?.code !== 'unrecognized_keys') return issue?.message ?? 'Invalid request body'
  const known = schema instanceof z.ZodObject ? ` Known are: ${Object.keys(schema.shape).join(', ')}.` : ''
  return `Unknown field: ${issue.keys.join(', ')}.${issue.path.length === 0 ? known : ''}`
}
