/**
 * Whether the module at an address is the one of this package, and stays it: money in channels belongs to anyone who can change their code.
 * Source: the package registry of an account, 0x1::code::PackageRegistry; policy 2 is "immutable".
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ChainError } from '../../lib/channels/types.js'
import { recordOf } from '../../lib/rpc/json-rpc.js'
import { bytesOf } from '../formats.js'
import { ADDRESS_PLACEHOLDER, MODULE_SHA256 } from '../move/artifact.js'
import type { Rest } from './rest.js'

const IMMUTABLE = 2
const Registry = z.object({
  data: z.object({
    packages: z.array(z.object({
      upgrade_policy: z.object({ policy: z.int() }),
      modules: z.array(z.object({ name: z.string() }))
    }))
  })
})
const BYTECODE = /^0x([0-9a-fA-F]{2})+$/
const INSTEAD = 'Set moduleAddress to an account that has published the module of this version as immutable (docs/settlement-aptos.md).'

/** Rejects with a final ChainError when the module is another one, or could become one; with another one while the node cannot say. */
export async function checkCode (rest: Rest, moduleAddress: string): Promise<void> {
  for (const [name, expected] of Object.entries(MODULE_SHA256)) {
    const answer = await rest.find(`/accounts/${moduleAddress}/module/${name}`)
    if (answer === undefined) throw new ChainError(`there is no module ${name} at moduleAddress. moduleAddress=${moduleAddress}. ${INSTEAD}`, true)
    const { bytecode } = recordOf(answer.body)
    if (typeof bytecode !== 'string' || !BYTECODE.test(bytecode)) throw new ChainError(`the node at ${rest.host} answers with anything but a module`, false)
    const found = sha256(templateOf(Buffer.from(bytecode.slice(2), 'hex'), moduleAddress))
    if (found === expected) continue
    throw new ChainError(`the module ${name} at moduleAddress is not the one of this version, so the node does not settle with it. ` +
      `moduleAddress=${moduleAddress} sha256=${found} expected=${expected}. ${INSTEAD}`, true)
  }
  await checkPolicy(rest, moduleAddress)
}

/** What can be upgraded belongs to anyone who can upgrade it. */
async function checkPolicy (rest: Rest, moduleAddress: string): Promise<void> {
  const answer = await rest.find(`/accounts/${moduleAddress}/resource/0x1::code::PackageRegistry`)
  const { data } = Registry.safeParse(answer?.body)
  const names = Object.keys(MODULE_SHA256)
  const home = data?.data.packages.filter(({ modules }) => modules.some(({ name }) => names.includes(name))) ?? []
  if (home.length > 0 && home.every(({ upgrade_policy: { policy } }) => policy === IMMUTABLE)) return
  throw new ChainError(`the module at moduleAddress can be replaced by its publisher, so the node does not settle with it. moduleAddress=${moduleAddress}. ${INSTEAD}`, true)
}

/** With the placeholder where the address of the publisher is. */
function templateOf (bytecode: Buffer, moduleAddress: string): Buffer {
  const [address, placeholder] = [bytesOf(moduleAddress), Buffer.from(ADDRESS_PLACEHOLDER, 'latin1')]
  if (bytecode.includes(placeholder)) return bytecode.subarray(0, 0) // none that was published with an address has it
  for (let at = bytecode.indexOf(address); at >= 0; at = bytecode.indexOf(address)) bytecode.set(placeholder, at)
  return bytecode
}

function sha256 (bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
