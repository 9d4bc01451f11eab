/** The fields of a chain that say where a key in a vault is, the same on every chain. Loads no more than the schema. */
import { z } from 'zod'

const part = z.string().min(1).meta({ expected: 'a string that is not empty', secret: true }).optional()

/** At most so many keys are looked after besides the present one. */
const FORMER_MAX = 4

/** The keys that signed for us before, the latest first, until their channels are settled. @param keyId the schema of a key of the chain */
export function formerKeys<K extends z.ZodType<string>> (keyId: K): z.ZodOptional<z.ZodArray<K>> {
  return z.array(keyId).max(FORMER_MAX).meta({ expected: `a list of at most ${FORMER_MAX} keys, each as keyId names one`, secret: true }).optional()
}

/** Where the environment does not say it, or says it for another vault. */
export const VAULT = z.strictObject({
  transport: z.enum(['direct']).meta({ expected: 'direct, or nothing' }).optional(),
  region: part,
  endpoint: z.string().refine(url => /^https?:\/\//.test(url) && URL.canParse(url)).meta({ expected: 'an http:// or https:// URL' }).optional(),
  accessKeyId: part,
  secretAccessKey: part,
  tenantId: part,
  clientId: part,
  clientSecret: part,
  modulePath: part,
  slotId: z.int().min(0).meta({ expected: 'a whole number' }).optional(),
  pin: part
}).meta({ expected: 'an object: how to get into the vault that keyId names', secret: true }).optional()
