/** Addresses that follow from others: channels, their vaults, and the accounts that tokens are paid to. */
import { address, getProgramDerivedAddress } from '@solana/kit'
import { bytesOf } from '../formats.js'

export const TOKEN_PROGRAMS = ['TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA', 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb'] as const
export const ATA_PROGRAM = 'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL'
/** Each side can open so many channels with the other at a time. */
export const LANES = 8

/** Which token channels are in, and by which program they are kept. */
export interface Contract {
  programId: string
  mint: string
  /** Of the mint: SPL Token or Token-2022. */
  tokenProgram: string
}

/** One of the sixteen addresses that channels between two keys can have. */
export interface Lane {
  account: string
  opener: string
  peer: string
  lane: number
}

/** The addresses of what one side can open with the other. */
export async function lanesOf (place: Pick<Contract, 'programId' | 'mint'>, opener: string, peer: string): Promise<Lane[]> {
  return await Promise.all(Array.from({ length: LANES }, async (_, lane) =>
    ({ account: await laneOf(place, opener, peer, lane), opener, peer, lane })))
}

export function laneOf ({ programId, mint }: Pick<Contract, 'programId' | 'mint'>, opener: string, peer: string, lane: number): Promise<string> {
  return derived(programId, Buffer.from('channel'), bytesOf(opener), bytesOf(peer), bytesOf(mint), Buffer.from([lane]))
}

export function vaultOf (programId: string, channel: string): Promise<string> {
  return derived(programId, Buffer.from('vault'), bytesOf(channel))
}

/** The account of an owner that the program pays to: its associated token account. */
export function tokenAccountOf (owner: string, { mint, tokenProgram }: Pick<Contract, 'mint' | 'tokenProgram'>): Promise<string> {
  return derived(ATA_PROGRAM, bytesOf(owner), bytesOf(tokenProgram), bytesOf(mint))
}

async function derived (programAddress: string, ...seeds: Buffer[]): Promise<string> {
  const [found] = await getProgramDerivedAddress({ programAddress: address(programAddress), seeds })
  return found
}
