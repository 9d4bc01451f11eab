/** What `connector faucet` and `connector fund-peers` have in common: the kinds of chains that they can send money on. */
import { ChainKinds } from '../../config/node/chain-kinds.js'
import type { ChainKind } from '../../contracts/chain-kind.js'
import type { Treasury, TreasuryKind, TreasurySettings } from '../../contracts/treasury.js'
import { describeError } from '../../lib/describe-error.js'
import { CliError, sentence } from './output.js'

const ALIVE_MS = 60_000

export type FundableKind = ChainKind & { treasury: TreasuryKind }

export function isFundable (kind: ChainKind): kind is FundableKind {
  return kind.treasury !== undefined
}

export function fundableKinds (): FundableKind[] {
  return new ChainKinds({}).all.filter(isFundable)
}

/** Throws CliError when the chain cannot be reached, or a key cannot be one. */
export async function openTreasury ({ treasury, label }: FundableKind, settings: TreasurySettings): Promise<Treasury> {
  const alive = setInterval(() => undefined, ALIVE_MS) // a chain that is asked again after a pause keeps no process alive
  try {
    return await treasury.open(settings)
  } catch (error) {
    throw new CliError(`Cannot send money on ${label}: ${sentence(describeError(error))}`)
  } finally {
    clearInterval(alive)
  }
}
