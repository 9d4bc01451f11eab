/** Type arguments in BCS, as text: `0x1::aptos_coin::AptosCoin`. */
import { BcsError, short, type BcsReader } from './bcs.js'

const PRIMITIVES = new Map([[0, 'bool'], [1, 'u8'], [2, 'u64'], [3, 'u128'], [4, 'address'], [5, 'signer'], [8, 'u16'], [9, 'u32'], [10, 'u256']])
const VECTOR = 6
const STRUCT = 7

export function readTypeTag (reader: BcsReader): string {
  const kind = reader.uleb()
  const primitive = PRIMITIVES.get(kind)
  if (primitive !== undefined) return primitive
  if (kind === VECTOR) return `vector<${readTypeTag(reader)}>`
  if (kind !== STRUCT) throw new BcsError(`type tags of kind ${kind} are not known`)
  const name = `${short(reader.address())}::${reader.text()}::${reader.text()}`
  const args = reader.list(() => readTypeTag(reader))
  return args.length === 0 ? name : `${name}<${args.join(', ')}>`
}
