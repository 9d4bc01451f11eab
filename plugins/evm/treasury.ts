/** What the faucet and `fund-peers` need to know of EVM chains. Loads ethers only when money is sent. */
import type { TreasuryKind } from '../../src/contracts/treasury.js'
import { withEthers } from './chain/ethers.js'

export const treasury: TreasuryKind = {
  coinName: 'eth',
  coinAmount: '100',
  invalidAddress: 'Invalid Ethereum address',
  open: async settings => {
    const { openTreasury } = await withEthers(() => import('./open-treasury.js'))
    return await openTreasury(settings)
  }
}
