/** What the parts of the ledger suite share. */
import { expect } from 'chai'
import type { Ledger } from '../../src/contracts/ledger.js'

export const UNIT = 'USD/9'

export interface Summary {
  balance: bigint
  incomingHolds: bigint
  outgoingHolds: bigint
  settling: bigint
}

export function summaryOf (ledger: Ledger, accountId: string): Summary {
  const { balance, incomingHolds, outgoingHolds, settling } = ledger.balanceOf(accountId)!
  return { balance, incomingHolds, outgoingHolds, settling }
}

export const even: Summary = { balance: 0n, incomingHolds: 0n, outgoingHolds: 0n, settling: 0n }

export async function openAccounts (ledger: Ledger): Promise<void> {
  await ledger.openAccount('alice', { minimum: -100n, maximum: 100n }, UNIT)
  await ledger.openAccount('bob', {}, UNIT)
}

/** Expects an error of that ILP code and text. */
export async function refusal (action: () => unknown, code: string | undefined, text: string | RegExp): Promise<void> {
  try {
    await action()
  } catch (error) {
    expect(error).to.have.property('message').that.matches(new RegExp(text))
    if (code !== undefined) expect(error).to.have.property('ilpErrorCode', code)
    return
  }
  expect.fail(`not refused: ${String(text)}`)
}
