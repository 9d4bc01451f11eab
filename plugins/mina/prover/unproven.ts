/**
 * What stands in the place of a proof on chains that take none, such as the stand-in of the tests: the method and its private inputs.
 * A chain that runs the method with them knows whether it allows the update. A real chain refuses it.
 */

type Method = 'redeem' | 'finish' | 'startClose' | 'settle'

/** Arguments of the method as decimal numbers, in their order; a signature is two, r and s. */
export interface Unproven {
  method: Method
  args: string[]
}

/** @returns base64, as proofs are written */
export function writeUnproven (unproven: Unproven): string {
  return Buffer.from(JSON.stringify(unproven)).toString('base64')
}
