/** Commands as they travel in GraphQL, as far as the stand-in looks at them. */

export interface Update {
  body: {
    publicKey: string
    tokenId: string
    callDepth: number
    balanceChange: { magnitude: string, sgn: string }
    authorizationKind: { isSigned: boolean, isProved: boolean, verificationKeyHash: string }
    preconditions: { account: { state: Array<string | null> } }
  }
  authorization: { proof?: string | null, signature?: string | null }
}

export interface ZkappCommand {
  feePayer: { body: { publicKey: string, fee: string, validUntil: string | null, nonce: string }, authorization: string }
  accountUpdates: Update[]
  memo: string
}

export interface Payment {
  from: string
  to: string
  amount: bigint
  fee: bigint
  nonce: number
  validUntil: number
  memo: string
}

interface CommandBase {
  readonly hash: string
  /** Fee payer. */
  readonly sender: string
  readonly fee: bigint
  readonly nonce: number
  /** The last slot in which it may be included. */
  readonly validUntil: number
  /** Nanomina that may leave the fee payer's account with it, fee included, as far as the pool counts. */
  readonly consumed: bigint
}

export type Command =
  /** `ledgerForm` has proofs that the ledger can parse. */
  | CommandBase & { readonly kind: 'zkapp', readonly zkapp: ZkappCommand, readonly ledgerForm: ZkappCommand }
  | CommandBase & { readonly kind: 'payment', readonly payment: Payment }

/** A command in a block. */
export interface Included {
  readonly command: Command
  /** As the ledger took it. */
  readonly ledgerForm: ZkappCommand
  /** Undefined: it did what it should. Else one list per update, the fee payer's first: it failed, and only the fee is gone. */
  readonly failures: string[][] | undefined
}

export const MAX_SLOT = 4_294_967_295
export const DEFAULT_TOKEN = 'wSHV2S4qX9jFsLjQo8r1BsMLH2ZRKsZx6EJd1sbozGPieEC4Jf'
export const ACCOUNT_CREATION_FEE = 1_000_000_000n
