/** Instructions of the system program and the token programs that tests of channels need. */
import type { Address, KeyPairSigner } from '@solana/kit'
import { ATA, SYSTEM, TOKEN, ataOf, bytesOf, paying, readonly, signing, u32, u64, u8, writable, type Call } from './channel-client.js'

export const MINT_BYTES = 82
export const TOKEN_ACCOUNT_BYTES = 165

export const sendLamports = (from: KeyPairSigner, to: Address, lamports: bigint): Call => ({
  programAddress: SYSTEM, accounts: [paying(from), writable(to)], data: Buffer.concat([u32(2), u64(lamports)])
})

export const createAccount = (payer: KeyPairSigner, account: KeyPairSigner, lamports: bigint, size: number, owner: Address): Call => ({
  programAddress: SYSTEM, accounts: [paying(payer), paying(account)],
  data: Buffer.concat([u32(0), u64(lamports), u64(BigInt(size)), bytesOf(owner)])
})

/** InitializeMint2. */
export const initializeMint = (mint: Address, authority: Address, freezer?: Address, tokenProgram = TOKEN): Call => ({
  programAddress: tokenProgram, accounts: [writable(mint)],
  data: Buffer.concat([u8(20), u8(6), bytesOf(authority), ...freezer === undefined ? [u8(0)] : [u8(1), bytesOf(freezer)]])
})

/** InitializeAccount3. */
export const initializeTokenAccount = (account: Address, mint: Address, owner: Address, tokenProgram = TOKEN): Call => ({
  programAddress: tokenProgram, accounts: [writable(account), readonly(mint)], data: Buffer.concat([u8(18), bytesOf(owner)])
})

/** CreateIdempotent. */
export const createAta = async (payer: KeyPairSigner, owner: Address, mint: Address, tokenProgram = TOKEN): Promise<Call> => ({
  programAddress: ATA,
  accounts: [paying(payer), writable(await ataOf(owner, mint, tokenProgram)), ...[owner, mint, SYSTEM, tokenProgram].map(readonly)],
  data: u8(1)
})

export const mintTo = (authority: KeyPairSigner, mint: Address, to: Address, amount: bigint, tokenProgram = TOKEN): Call => ({
  programAddress: tokenProgram, accounts: [writable(mint), writable(to), signing(authority)], data: Buffer.concat([u8(7), u64(amount)])
})

/** Transfer, which does not name the mint. */
export const sendTokens = (owner: KeyPairSigner, from: Address, to: Address, amount: bigint, tokenProgram = TOKEN): Call => ({
  programAddress: tokenProgram, accounts: [writable(from), writable(to), signing(owner)], data: Buffer.concat([u8(3), u64(amount)])
})
