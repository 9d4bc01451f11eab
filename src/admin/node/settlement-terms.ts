/** How a peer wants to be settled with, as far as a request can say it wrong. Kept and shown by the node. */
import { z } from 'zod'

const ADDRESS = /^0x[0-9a-fA-F]{40}$/
const CHANNEL_ID = /^0x[0-9a-fA-F]{64}$/

/** A field that must be an EVM address. */
export function evmAddress (name: string): z.ZodType<string | undefined> {
  const message = `${name} must be a valid 0x-prefixed address (42 chars)`
  return z.string(message).regex(ADDRESS, message).optional()
}

const CHAIN_ID = 'settlement.chainId must be a positive integer'
const DEPOSIT = 'settlement.initialDeposit must be a non-negative integer string'
const CHANNEL = 'settlement.channelId must be 0x and 64 hexadecimal digits'

export const settlementTerms = z.strictObject({
  preference: z.enum(['evm', 'any'], 'settlement.preference must be one of: evm, any'),
  evmAddress: evmAddress('settlement.evmAddress'),
  tokenAddress: evmAddress('settlement.tokenAddress'),
  tokenNetworkAddress: evmAddress('settlement.tokenNetworkAddress'),
  chainId: z.int(CHAIN_ID).positive(CHAIN_ID).optional(),
  channelId: z.string(CHANNEL).regex(CHANNEL_ID, CHANNEL).optional(),
  initialDeposit: z.string(DEPOSIT).max(78, DEPOSIT).regex(/^\d+$/, DEPOSIT).optional()
}, 'settlement must be an object').superRefine(({ preference, evmAddress }, context) => {
  if (evmAddress !== undefined) return
  const message = preference === 'evm'
    ? 'settlement.evmAddress required when preference is evm'
    : 'settlement: evmAddress required when preference is any'
  context.addIssue({ code: 'custom', message })
})
