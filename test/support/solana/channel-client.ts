/**
 * The payment channel program's addresses, instructions, messages and account, as docs/solana-program.md has them. This is a second
 * implementation beside the one in plugins/solana, small and without checks, so that tests can build what no honest client would.
 */
import {
  AccountRole, address, createSignableMessage, getAddressCodec, getProgramDerivedAddress, type AccountMeta, type Address, type KeyPairSigner
} from '@solana/kit'

export const SYSTEM: Address = address('11111111111111111111111111111111')
export const TOKEN: Address = address('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA')
export const TOKEN_2022: Address = address('TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb')
export const ATA: Address = address('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL')
export const ED25519: Address = address('Ed25519SigVerify111111111111111111111111111')
export const INSTRUCTIONS: Address = address('Sysvar1nstructions1111111111111111111111111')

/** By their numbers. */
export const ERRORS = [
  'ChannelAlreadyExists', 'ChannelNotOpened', 'ChannelNotClosed', 'ChannelChallengeNotExpired', 'InvalidParticipant', 'ZeroAmountDeposit',
  'NonceNotMonotonic', 'TransferredAmountDecreased', 'InvalidSignature', 'UnauthorizedSigner', 'ArithmeticOverflow', 'InvalidPDA',
  'InvalidVaultPDA', 'InvalidInstruction', 'InvalidAccount', 'WrongInstance', 'InstanceNotRecent', 'TooYoung', 'InvalidChallenge',
  'UnsupportedMint', 'ExceedsDeposit', 'TermsExpired', 'TermsBehindChain', 'NothingToDo', 'InvalidTokenAccount', 'NotExpired', 'WrongArrival'
] as const

export type ProgramError = typeof ERRORS[number]

export interface Call {
  programAddress: Address
  accounts: ReadonlyArray<AccountMeta & { signer?: KeyPairSigner }>
  data: Uint8Array
}

/** One life of a channel. Pairs are of side 0 (the lower key) and side 1. */
export interface TestChannel {
  program: Address
  genesis: Address
  opener: Address
  peer: Address
  mint: Address
  lane: number
  tokenProgram: Address
  instance: bigint
  address: Address
  vault: Address
  parties: readonly [Address, Address]
  atas: readonly [Address, Address]
}

export const bytesOf = (key: Address): Buffer => Buffer.from(getAddressCodec().encode(key))
export const u8 = (value: number): Buffer => Buffer.from([value])
export const u16 = (value: number): Buffer => Buffer.from(Uint16Array.of(value).buffer)
export const u32 = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer)
export const u64 = (value: bigint): Buffer => Buffer.from(BigUint64Array.of(value).buffer)

export const readonly = (key: Address): AccountMeta => ({ address: key, role: AccountRole.READONLY })
export const writable = (key: Address): AccountMeta => ({ address: key, role: AccountRole.WRITABLE })
export const signing = (signer: KeyPairSigner): Call['accounts'][number] => ({ address: signer.address, role: AccountRole.READONLY_SIGNER, signer })
export const paying = (signer: KeyPairSigner): Call['accounts'][number] => ({ address: signer.address, role: AccountRole.WRITABLE_SIGNER, signer })

async function derived (program: Address, ...seeds: ReadonlyArray<string | Uint8Array>): Promise<Address> {
  return (await getProgramDerivedAddress({ programAddress: program, seeds: [...seeds] }))[0]
}

export async function ataOf (owner: Address, mint: Address, tokenProgram = TOKEN): Promise<Address> {
  return await derived(ATA, bytesOf(owner), bytesOf(tokenProgram), bytesOf(mint))
}

export async function testChannel (
  fixed: Pick<TestChannel, 'program' | 'genesis' | 'opener' | 'peer' | 'mint' | 'instance'> & { lane?: number, tokenProgram?: Address }
): Promise<TestChannel> {
  const { program, opener, peer, mint, lane = 0, tokenProgram = TOKEN } = fixed
  const channel = await derived(program, 'channel', bytesOf(opener), bytesOf(peer), bytesOf(mint), u8(lane))
  const parties = [opener, peer].sort((x, y) => Buffer.compare(bytesOf(x), bytesOf(y))) as [Address, Address]
  return {
    ...fixed, lane, tokenProgram, address: channel, vault: await derived(program, 'vault', bytesOf(channel)), parties,
    atas: [await ataOf(parties[0], mint, tokenProgram), await ataOf(parties[1], mint, tokenProgram)]
  }
}

// --- messages

function message (tag: string, channel: TestChannel, ...fields: bigint[]): Buffer {
  const { genesis, program, address, instance } = channel
  return Buffer.concat([Buffer.from(tag, 'latin1'), ...[genesis, program, address].map(bytesOf), ...[instance, ...fields].map(u64)])
}

export const claimMessage = (channel: TestChannel, nonce: bigint, amount: bigint): Buffer => message('\xffSLUICE-CLAIM-V2', channel, nonce, amount)

export const termsMessage = (channel: TestChannel, paid: readonly [bigint, bigint], until: bigint): Buffer =>
  message('\xffSLUICE-CLOSE-V2', channel, ...paid, BigInt.asUintN(64, until))

export async function sign (signer: KeyPairSigner, data: Uint8Array): Promise<Buffer> {
  const [signatures] = await signer.signMessages([createSignableMessage(data)])
  return Buffer.from(signatures?.[signer.address] ?? [])
}

/** The precompile's instruction over one message: count, padding, offsets of each signature, keys and signatures, message. */
export function ed25519Of (data: Uint8Array, signatures: ReadonlyArray<{ key: Address, signature: Uint8Array }>): Call {
  const keysAt = 2 + 14 * signatures.length
  const messageAt = keysAt + 96 * signatures.length
  const offsets = signatures.flatMap((_, i) => {
    const keyAt = keysAt + 96 * i
    return [keyAt + 32, 0xffff, keyAt, 0xffff, messageAt, data.length, 0xffff].map(u16)
  })
  const keys = signatures.flatMap(({ key, signature }) => [bytesOf(key), signature])
  return { programAddress: ED25519, accounts: [], data: Buffer.concat([u8(signatures.length), u8(0), ...offsets, ...keys, data]) }
}

export async function signed (data: Uint8Array, ...signers: KeyPairSigner[]): Promise<Call> {
  return ed25519Of(data, await Promise.all(signers.map(async signer => ({ key: signer.address, signature: await sign(signer, data) }))))
}

// --- instructions

function call (channel: TestChannel, kind: number, accounts: Call['accounts'], ...data: Uint8Array[]): Call {
  return { programAddress: channel.program, accounts, data: Buffer.concat([u64(BigInt(kind)), u64(channel.instance), ...data]) }
}

export const initialize = (c: TestChannel, opener: KeyPairSigner, challenge = 3600n): Call => call(c, 1,
  [signing(opener), readonly(c.peer), readonly(c.mint), writable(c.address), writable(c.vault), readonly(SYSTEM), readonly(c.tokenProgram)],
  u64(challenge), u8(c.lane))

export const deposit = (c: TestChannel, depositor: KeyPairSigner, source: Address, total: bigint): Call => call(c, 2,
  [signing(depositor), writable(source), writable(c.vault), writable(c.address), readonly(c.mint), readonly(c.tokenProgram)], u64(total))

export const close = (c: TestChannel, closer: KeyPairSigner): Call => call(c, 3, [signing(closer), writable(c.address)])

const payoutAccounts = (c: TestChannel): AccountMeta[] => [
  ...[c.address, c.vault, ...c.atas, c.opener].map(writable), ...[c.mint, c.tokenProgram].map(readonly)
]

export const settle = (c: TestChannel): Call => call(c, 4, payoutAccounts(c))

export const forceCloseExpired = (c: TestChannel): Call => call(c, 5, [writable(c.address)])

export const claim = (c: TestChannel, payer: 0 | 1, nonce: bigint, amount: bigint): Call => call(c, 6,
  [...[c.address, c.vault, c.atas[payer === 0 ? 1 : 0]].map(writable), ...[c.mint, c.tokenProgram, INSTRUCTIONS].map(readonly)],
  u64(nonce), u64(amount), u8(payer))

export const cooperativeClose = (c: TestChannel, paid: readonly [bigint, bigint], until: bigint): Call =>
  call(c, 7, [...payoutAccounts(c), readonly(INSTRUCTIONS)], u64(paid[0]), u64(paid[1]), u64(BigInt.asUintN(64, until)))

export const withdraw = (c: TestChannel, party: KeyPairSigner, to: Address): Call => call(c, 8,
  [signing(party), writable(c.address), writable(c.vault), writable(to), readonly(c.mint), readonly(c.tokenProgram)])

// --- the account

export interface ChannelState {
  tag: string
  parties: [Uint8Array, Uint8Array]
  mint: Uint8Array
  deposit: [bigint, bigint]
  transferred: [bigint, bigint]
  nonce: [bigint, bigint]
  challenge: bigint
  state: number
  closedAt: bigint
  opener: number
  lane: number
  isToken2022: boolean
  closedBy: number
  instance: bigint
  withdrawn: [bigint, bigint]
  openedAt: bigint
  closedSlot: bigint
}

export function readChannel (data: Uint8Array): ChannelState {
  const d = Buffer.from(data)
  const pair = (at: number): [bigint, bigint] => [d.readBigUInt64LE(at), d.readBigUInt64LE(at + 8)]
  return {
    tag: d.toString('latin1', 0, 8), parties: [d.subarray(8, 40), d.subarray(40, 72)], mint: d.subarray(72, 104),
    deposit: pair(104), transferred: pair(120), nonce: pair(136), challenge: d.readBigUInt64LE(152), state: d.readUInt8(160),
    closedAt: d.readBigInt64LE(161), opener: d.readUInt8(170), lane: d.readUInt8(171), isToken2022: d.readUInt8(173) === 1,
    closedBy: d.readUInt8(174), instance: d.readBigUInt64LE(176), withdrawn: pair(184), openedAt: d.readBigInt64LE(200),
    closedSlot: d.readBigUInt64LE(208)
  }
}
