/**
 * Whether the program on the chain is the one of this package, and nobody can change it: anyone who could would own what is in all
 * channels.
 * The loader keeps a program's code in an account of its own, behind 45 bytes that say when it was deployed and who may replace it.
 */
import { createHash } from 'node:crypto'
import { ChainError } from '../../lib/channels/types.js'
import { recordOf, type JsonRpc } from '../../lib/rpc/json-rpc.js'
import { bytesOf, encodeBase58, KEY_BYTES } from '../formats.js'
import { programOf } from '../program/binary.js'

const LOADER = 'BPFLoaderUpgradeab1e11111111111111111111111'
const HEADER_BYTES = 45
const AUTHORITY_AT = 12
/** Both kinds of accounts begin with what they are. */
const PROGRAM = 2
const PROGRAM_DATA = 3

/** Rejects with a final ChainError when the code is another, or may be replaced. */
export async function checkProgram (rpc: JsonRpc, programId: string, genesis: string): Promise<void> {
  const data = await programData(rpc, programId)
  const account = await dataOf(rpc, data)
  checkAuthority(account, programId)
  const expected = await programOf(bytesOf(genesis))
  const code = account.subarray(HEADER_BYTES, HEADER_BYTES + expected.length)
  const rest = account.subarray(HEADER_BYTES + expected.length)
  if (hashOf(code) === hashOf(expected) && rest.every(byte => byte === 0)) return
  throw new ChainError('the program on the chain is not the one of this package: nobody knows what it does with what is put into its channels. ' +
    `programId=${programId} sha256=${hashOf(code)} expected=${hashOf(expected)}. Set programId to one that was deployed from this package.`, true)
}

/** Rejects with a final ChainError when somebody can replace the program by now. */
export async function isAsDeployed (rpc: JsonRpc, programId: string): Promise<void> {
  checkAuthority(await dataOf(rpc, await programData(rpc, programId), HEADER_BYTES), programId)
}

function checkAuthority (header: Buffer, programId: string): void {
  if (header.length < HEADER_BYTES || header.readUInt32LE(0) !== PROGRAM_DATA) throw noProgram(programId)
  if (header.readUInt8(AUTHORITY_AT) === 0) return
  throw new ChainError(`somebody can replace the program on the chain, and with it what becomes of all channels. programId=${programId} ` +
    'Remove its upgrade authority, or set programId to a program without one.', true)
}

async function programData (rpc: JsonRpc, programId: string): Promise<string> {
  const program = await dataOf(rpc, programId)
  if (program.length < 4 + KEY_BYTES || program.readUInt32LE(0) !== PROGRAM) throw noProgram(programId)
  return encodeBase58(program.subarray(4, 4 + KEY_BYTES))
}

async function dataOf (rpc: JsonRpc, address: string, length?: number): Promise<Buffer> {
  const options = { encoding: 'base64', commitment: 'confirmed', ...length !== undefined && { dataSlice: { offset: 0, length } } }
  const { owner, data } = recordOf(recordOf(await rpc.call('getAccountInfo', address, options)).value)
  if (owner !== LOADER || !Array.isArray(data)) throw noProgram(address)
  return Buffer.from(String(data[0]), 'base64')
}

function noProgram (programId: string): ChainError {
  return new ChainError(`there is no program at this address, or not one of the upgradeable loader. programId=${programId}`, true)
}

function hashOf (bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
