/** What a node's peers owe it and it owes them, as numbers to count with, and whether they may owe more. */
import { creditLimitIn, UNNAMED_ASSET } from '../../config/node/assets.js'
import type { NodeConfig, PeerAccountBalance, PeerInfo } from '../../contracts/node.js'

/** As much of a ConnectorNode as is used. */
export interface BalanceNode {
  readonly config: Pick<NodeConfig, 'creditLimits' | 'asset' | 'chains' | 'chainKinds'>
  listPeers (): PeerInfo[]
  getBalance (peerId: string, tokenId?: string): Promise<PeerAccountBalance>
}

/** Base units. `debitBalance` is what the peer owes us, `creditBalance` what we owe the peer, `netBalance` credit minus debit. */
export interface AccountBalances {
  tokenId: string
  debitBalance: bigint
  creditBalance: bigint
  netBalance: bigint
  /** What the amounts are in, where the configuration names an asset: one unit of it is 10^assetScale base units. */
  assetCode?: string | undefined
  assetScale?: number | undefined
}

/** A packet that would make the peer owe more than it may. */
export interface CreditLimitViolation {
  peerId: string
  tokenId: string
  currentBalance: bigint
  requestedAmount: bigint
  creditLimit: bigint
  wouldExceedBy: bigint
}

const NONE: Omit<AccountBalances, 'tokenId'> = { debitBalance: 0n, creditBalance: 0n, netBalance: 0n }

export class AccountManager {
  constructor (private readonly node: BalanceNode) {}

  /** Zeros for a token that the account is not in. Rejects for an unknown peer, and for a node that does not run. */
  async getAccountBalance (peerId: string, tokenId?: string): Promise<AccountBalances> {
    const { balances: [balance] } = await this.node.getBalance(peerId, tokenId)
    if (balance === undefined) return { tokenId: tokenId ?? '', ...NONE }
    return {
      tokenId: balance.tokenId,
      debitBalance: BigInt(balance.debitBalance),
      creditBalance: BigInt(balance.creditBalance),
      netBalance: BigInt(balance.netBalance),
      ...(balance.assetCode !== undefined && { assetCode: balance.assetCode, assetScale: balance.assetScale })
    }
  }

  /** Of every peer that is configured or here. */
  async getAllBalances (): Promise<Map<string, AccountBalances>> {
    return new Map(await Promise.all(this.node.listPeers().map(async ({ id }) => [id, await this.getAccountBalance(id)] as const)))
  }

  /** What a packet of `amount` from the peer would be refused for, were it to come now; null when it would not. */
  async checkCreditLimit (peerId: string, amount: bigint, tokenId?: string): Promise<CreditLimitViolation | null> {
    const { balances: [{ assetCode: code, assetScale: scale } = {}] } = await this.node.getBalance(peerId)
    const asset = code === undefined || scale === undefined ? UNNAMED_ASSET : { code, scale }
    const creditLimit = creditLimitIn(peerId, this.node.config, asset)
    const { tokenId: found, debitBalance, creditBalance } = await this.getAccountBalance(peerId, tokenId)
    const currentBalance = debitBalance - creditBalance
    const wouldExceedBy = creditLimit === undefined ? 0n : currentBalance + amount - creditLimit
    if (creditLimit === undefined || wouldExceedBy <= 0n) return null
    return { peerId, tokenId: found, currentBalance, requestedAmount: amount, creditLimit, wouldExceedBy }
  }
}
