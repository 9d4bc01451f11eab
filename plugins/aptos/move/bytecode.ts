/** Whether what is deployed are the channel modules that ship with this package. */
import { createHash } from 'node:crypto'
import { ADDRESS_PLACEHOLDER, MODULE_SHA256 } from './artifact.js'

const PLACEHOLDER = Buffer.from(ADDRESS_PLACEHOLDER)

/**
 * Whether this bytecode, deployed at this address (32 bytes), is the shipped module of this name. A module has the address of its
 * publisher in it, so its hash is another one at each address: the address is taken out of it first. Bytecode that has the placeholder in
 * it already is refused, or it could pass where the shipped module would have the address.
 */
export function isShippedModule (name: keyof typeof MODULE_SHA256, bytecode: Uint8Array, address: Uint8Array): boolean {
  if (address.length !== PLACEHOLDER.length) throw new TypeError(`An address of Aptos has ${PLACEHOLDER.length} bytes, and this one ${address.length}.`)
  const template = Buffer.from(bytecode)
  if (template.includes(PLACEHOLDER)) return false
  for (let at = template.indexOf(address); at !== -1; at = template.indexOf(address, at + 1)) PLACEHOLDER.copy(template, at)
  return createHash('sha256').update(template).digest('hex') === MODULE_SHA256[name]
}
