/** What the faucet and `fund-peers` need to know of Solana. Loads @solana/kit only when money is sent. */
import type { TreasuryKind } from '../../src/contracts/treasury.js'
import { withKit } from './chain/kit.js'

export const treasury: TreasuryKind = {
  coinName: 'sol',
  coinAmount: '1',
  invalidAddress: 'Invalid Solana address',
  open: async settings => {
    const { openTreasury } = await withKit(() => import('./open-treasury.js'))
    return await openTreasury(settings)
  }
}
