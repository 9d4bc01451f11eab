/** The token of the channels: its program, its decimals, and who could freeze what is in a channel. */
import { z } from 'zod'
import type { Logger } from '../../../src/contracts/logger.js'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { ChainError } from '../../lib/channels/types.js'
import { encodeBase58 } from '../formats.js'
import { TOKEN_PROGRAMS } from './addresses.js'
import type { Connection } from './connection.js'
import type { RawAccount } from './reader.js'

/** As the token program keeps a mint, in its first 82 bytes. */
const MINT_BYTES = 82
const DECIMALS_AT = 44
const INITIALIZED_AT = 45
const FREEZE_AT = 46
const AMOUNT_AT = 64
/** Their issuers can freeze accounts, and are well known: USDC and USDT on mainnet, USDC on devnet. */
const WELL_KNOWN = [
  'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', 'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB', '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU'
]

const Token = z.object({ tokenProgram: z.enum(TOKEN_PROGRAMS), decimals: z.int(), genesis: z.string() })

/** What is kept of the token and its cluster, so that a node starts without the chain. */
export type Token = z.infer<typeof Token>

export interface TokenOptions {
  chain: () => Connection
  chainId: string
  mint: string
  allowFreezable: boolean
  store: PluginStore
  log: Logger
}

/** What is kept; asks the chain the first time only. Rejects with a final ChainError when channels in the token are not for us. */
export async function tokenOf ({ chain, chainId, mint, allowFreezable, store, log }: TokenOptions): Promise<Token> {
  const key = `solana:token:${chainId}:${mint}`
  const kept = await store.get(key)
  if (kept !== undefined) return Token.parse(JSON.parse(kept))
  const connection = chain()
  const { account } = await connection.read(mint, 'finalized')
  const { decimals, tokenProgram, freezer } = mintIn(account, mint)
  if (freezer !== undefined && !WELL_KNOWN.includes(mint)) {
    if (!allowFreezable) {
      throw new ChainError(`the issuer of the token can freeze what is in a channel. tokenMint=${mint} issuer=${freezer}. ` +
        'Set allowFreezable: true if you trust that issuer.', true)
    }
    log.warn('the token\'s issuer can freeze what is in channels. tokenMint=%s issuer=%s', mint, freezer)
  }
  const token = { tokenProgram, decimals, genesis: await connection.genesis() }
  await store.put(key, JSON.stringify(token))
  return token
}

/** What is in an account of the token. Nothing is in one that does not exist. */
export function amountIn (account: RawAccount | undefined): bigint {
  return account === undefined || account.data.length < AMOUNT_AT + 8 ? 0n : account.data.readBigUInt64LE(AMOUNT_AT)
}

function mintIn (account: RawAccount | undefined, mint: string): Pick<Token, 'decimals' | 'tokenProgram'> & { freezer: string | undefined } {
  const tokenProgram = TOKEN_PROGRAMS.find(program => program === account?.owner)
  const isMint = account !== undefined && account.data.length >= MINT_BYTES && account.data.readUInt8(INITIALIZED_AT) === 1
  if (!isMint || tokenProgram === undefined) {
    throw new ChainError(`tokenMint is not a token of this cluster. tokenMint=${mint}`, true)
  }
  const { data } = account
  const freezer = data.readUInt32LE(FREEZE_AT) === 0 ? undefined : encodeBase58(data.subarray(FREEZE_AT + 4, FREEZE_AT + 36))
  return { decimals: data.readUInt8(DECIMALS_AT), tokenProgram, freezer }
}
