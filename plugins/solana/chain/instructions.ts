/** The calls of the program of channels, and of the others that a transaction needs beside them. */
import type { ChannelId } from '../formats.js'
import { bytesOf, isBefore, u64 } from '../formats.js'
import { claimMessage, termsMessage, type Place, type Terms } from '../messages.js'
import { ATA_PROGRAM, tokenAccountOf, vaultOf, type Contract } from './addresses.js'

export const SYSTEM_PROGRAM = '11111111111111111111111111111111'
const ED25519_PROGRAM = 'Ed25519SigVerify111111111111111111111111111'
const COMPUTE_BUDGET = 'ComputeBudget111111111111111111111111111111'
const INSTRUCTIONS_SYSVAR = 'Sysvar1nstructions1111111111111111111111111'

/** As the SDK numbers them: bit 0 for what is written, bit 1 for who signs. */
const READ = 0
const WRITE = 1
const SIGN = 2
const PAY = 3

interface Account { address: string, role: number }
export interface Instruction { programAddress: string, accounts: Account[], data: Buffer }

/** The names of the program's errors, by their number. */
export const PROGRAM_ERRORS = [
  'ChannelAlreadyExists', 'ChannelNotOpened', 'ChannelNotClosed', 'ChannelChallengeNotExpired', 'InvalidParticipant', 'ZeroAmountDeposit',
  'NonceNotMonotonic', 'TransferredAmountDecreased', 'InvalidSignature', 'UnauthorizedSigner', 'ArithmeticOverflow', 'InvalidPDA', 'InvalidVaultPDA',
  'InvalidInstruction', 'InvalidAccount', 'WrongInstance', 'InstanceNotRecent', 'TooYoung', 'InvalidChallenge', 'UnsupportedMint', 'ExceedsDeposit',
  'TermsExpired', 'TermsBehindChain', 'NothingToDo', 'InvalidTokenAccount', 'NotExpired', 'WrongArrival'
] as const
export type ProgramError = typeof PROGRAM_ERRORS[number]

/** A channel, with all that calls name of it. */
export interface Channel extends ChannelId, Contract {
  genesis: string
  vault: string
  /** Side a has the lower key. */
  parties: readonly [string, string]
  /** Where each is paid. */
  tokenAccounts: readonly [string, string]
  opener: string
}

export async function channelWith (place: Place & Contract, id: ChannelId, opener: string, peer: string): Promise<Channel> {
  const { genesis, programId, mint, tokenProgram } = place
  const parties = isBefore(opener, peer) ? [opener, peer] as const : [peer, opener] as const
  const [vault, one, other] = await Promise.all([
    vaultOf(programId, id.account), tokenAccountOf(parties[0], place), tokenAccountOf(parties[1], place)
  ])
  return { ...id, genesis, programId, mint, tokenProgram, vault, parties, tokenAccounts: [one, other], opener }
}

/** `challengeSecs` from 3,600 to 2,592,000. The rents of the channel and its vault have to be there already. */
export function initialize (channel: Channel, peer: string, lane: number, challengeSecs: bigint): Instruction {
  const { opener, mint, account, vault, tokenProgram } = channel
  const accounts = [on(opener, SIGN), on(peer), on(mint), on(account, WRITE), on(vault, WRITE), on(SYSTEM_PROGRAM), on(tokenProgram)]
  return call(channel, 1, accounts, u64(challengeSecs), Buffer.from([lane]))
}

/** Raises what the depositor has put in to `total` in all. */
export function deposit (channel: Channel, depositor: string, total: bigint): Instruction {
  const { vault, account, mint, tokenProgram } = channel
  const source = on(ownAccount(channel, depositor), WRITE)
  const accounts = [on(depositor, SIGN), source, on(vault, WRITE), on(account, WRITE), on(mint), on(tokenProgram)]
  return call(channel, 2, accounts, u64(total))
}

export function close (channel: Channel, closer: string): Instruction {
  return call(channel, 3, [on(closer, SIGN), on(channel.account, WRITE)])
}

export function settle (channel: Channel): Instruction {
  return call(channel, 4, payout(channel))
}

/** With the signature over it before it: the two belong together, in this order. */
export function claim (channel: Channel, payer: string, nonce: bigint, total: bigint, signature: Buffer): Instruction[] {
  const { account, vault, mint, tokenProgram, parties, tokenAccounts } = channel
  const side = parties.indexOf(payer)
  const payee = on(tokenAccounts[side === 0 ? 1 : 0], WRITE)
  const accounts = [on(account, WRITE), on(vault, WRITE), payee, on(mint), on(tokenProgram), on(INSTRUCTIONS_SYSVAR)]
  return [
    verified(claimMessage(channel, channel, nonce, total), [[payer, signature]]),
    call(channel, 6, accounts, u64(nonce), u64(total), Buffer.from([side]))
  ]
}

/** `signatures` are of both sides, a first. */
export function cooperativeClose (channel: Channel, terms: Terms, signatures: readonly [Buffer, Buffer]): Instruction[] {
  const [a, b] = channel.parties
  return [
    verified(termsMessage(channel, channel, terms), [[a, signatures[0]], [b, signatures[1]]]),
    call(channel, 7, [...payout(channel), on(INSTRUCTIONS_SYSVAR)], u64(terms.paidA), u64(terms.paidB), u64(terms.validUntil))
  ]
}

/** Makes the account that an owner is paid to, where it is not there. */
export function createTokenAccount (payer: string, channel: Channel, owner: string): Instruction {
  const { mint, tokenProgram } = channel
  const accounts = [on(payer, PAY), on(ownAccount(channel, owner), WRITE), on(owner), on(mint), on(SYSTEM_PROGRAM), on(tokenProgram)]
  return { programAddress: ATA_PROGRAM, accounts, data: Buffer.from([1]) }
}

/** Pays tokens to the account of an owner, which is made where it is not there. */
export async function payTokens (
  from: string, to: string, contract: Pick<Contract, 'mint' | 'tokenProgram'>, amount: bigint, decimals: number
): Promise<Instruction[]> {
  const { mint, tokenProgram } = contract
  const [source, target] = await Promise.all([tokenAccountOf(from, contract), tokenAccountOf(to, contract)])
  const made = [on(from, PAY), on(target, WRITE), on(to), on(mint), on(SYSTEM_PROGRAM), on(tokenProgram)]
  const transferChecked = Buffer.concat([Buffer.from([12]), u64(amount), Buffer.from([decimals])])
  return [
    { programAddress: ATA_PROGRAM, accounts: made, data: Buffer.from([1]) },
    { programAddress: tokenProgram, accounts: [on(source, WRITE), on(mint), on(target, WRITE), on(from, SIGN)], data: transferChecked }
  ]
}

export function transferLamports (from: string, to: string, lamports: bigint): Instruction {
  const data = Buffer.concat([Buffer.from([2, 0, 0, 0]), u64(lamports)])
  return { programAddress: SYSTEM_PROGRAM, accounts: [on(from, PAY), on(to, WRITE)], data }
}

/** What a transaction may use, and what it offers for each unit, in millionths of a lamport. */
export function computeBudget (units: number, price: bigint): Instruction[] {
  const limit = Buffer.alloc(5)
  limit.writeUInt8(2)
  limit.writeUInt32LE(units, 1)
  return [limit, Buffer.concat([Buffer.from([3]), u64(price)])].map(data => ({ programAddress: COMPUTE_BUDGET, accounts: [], data }))
}

/** What all instructions write, for the question what others pay to write there. */
export function writtenBy (instructions: readonly Instruction[]): string[] {
  const written = instructions.flatMap(({ accounts }) => accounts.filter(({ role }) => role % 2 === WRITE))
  return [...new Set(written.map(({ address }) => address))]
}

/** The precompile's instruction over one message, in the one form that the program takes. */
function verified (message: Buffer, signatures: ReadonlyArray<readonly [string, Buffer]>): Instruction {
  const keysAt = 2 + 14 * signatures.length
  const messageAt = keysAt + 96 * signatures.length
  const offsets = signatures.flatMap((_, i) => {
    const keyAt = keysAt + 96 * i
    return [keyAt + 32, 0xffff, keyAt, 0xffff, messageAt, message.length, 0xffff]
  })
  const header = Buffer.alloc(2 + 2 * offsets.length)
  header.writeUInt8(signatures.length)
  for (const [i, offset] of offsets.entries()) header.writeUInt16LE(offset, 2 + 2 * i)
  const parts = signatures.flatMap(([key, signature]) => [bytesOf(key), signature])
  return { programAddress: ED25519_PROGRAM, accounts: [], data: Buffer.concat([header, ...parts, message]) }
}

function payout ({ account, vault, tokenAccounts, opener, mint, tokenProgram }: Channel): Account[] {
  return [...[account, vault, ...tokenAccounts, opener].map(address => on(address, WRITE)), on(mint), on(tokenProgram)]
}

function ownAccount ({ parties, tokenAccounts }: Channel, owner: string): string {
  return tokenAccounts[parties.indexOf(owner) === 0 ? 0 : 1]
}

function on (address: string, role = READ): Account {
  return { address, role }
}

function call ({ programId, instance }: Channel, kind: number, accounts: Account[], ...data: Buffer[]): Instruction {
  return { programAddress: programId, accounts, data: Buffer.concat([u64(BigInt(kind)), u64(instance), ...data]) }
}
