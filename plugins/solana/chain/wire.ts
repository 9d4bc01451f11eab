/** Transactions as they travel: a message of version 0, and the signatures over it in front. */
import {
  address, appendTransactionMessageInstructions, blockhash as blockhashOf, compileTransaction, createTransactionMessage, pipe,
  setTransactionMessageFeePayer, setTransactionMessageLifetimeUsingBlockhash
} from '@solana/kit'
import type { Instruction } from './instructions.js'

/** What is signed. `payer` pays the fee, and signs first. */
export function messageOf (payer: string, instructions: readonly Instruction[], blockhash: string): Uint8Array {
  // A lifetime needs both; the height is not a part of what is signed.
  const lifetime = { blockhash: blockhashOf(blockhash), lastValidBlockHeight: 0n }
  const calls = instructions.map(({ programAddress, accounts, data }) => ({
    programAddress: address(programAddress),
    accounts: accounts.map(({ address: account, role }) => ({ address: address(account), role })),
    data
  }))
  const { messageBytes } = pipe(
    createTransactionMessage({ version: 0 }),
    message => setTransactionMessageFeePayer(address(payer), message),
    message => setTransactionMessageLifetimeUsingBlockhash(lifetime, message),
    message => appendTransactionMessageInstructions(calls, message),
    compileTransaction
  )
  return new Uint8Array(messageBytes)
}

/** In base64. The signatures stand in the order in which the message names the signers. */
export function wireOf (message: Uint8Array, signatures: readonly Buffer[]): string {
  return Buffer.concat([Buffer.from([signatures.length]), ...signatures, message]).toString('base64')
}
