/** Money that an operator sends to others from a key of its own: what the faucet and `fund-peers` need of a kind of chain. */

/** The coin of a chain, or a token on it. */
export interface Purse {
  /** Whose money it is: our address. */
  readonly owner: string
  readonly symbol: string
  /** Of the smallest unit, in which all amounts here are. */
  readonly decimals: number
  /** What the token is called on the chain. Undefined for the coin. */
  readonly tokenAddress: string | undefined
  balanceOf (address: string): Promise<bigint>
  /** Resolves to the id of the transaction when it is in a block. Rejects when it failed, and when nobody knows; without secrets. */
  send (to: string, amount: bigint): Promise<string>
}

export interface Treasury {
  /** As the chain itself says, in the canonical form. */
  readonly chainId: string
  /** Whether money is real there. Only chains that are well known for tests, and those of developers, are known not to be. */
  readonly isReal: boolean
  /** What fees are paid in. */
  readonly coin: Purse
  /** Undefined: none is configured, or it is not there yet. */
  token (): Promise<Purse | undefined>
  close (): void
}

export interface TreasurySettings {
  rpcUrl: string
  /** `socks5h://...`, through which alone the chain is reached. Undefined: directly. */
  socksProxy?: string | undefined
  /** A private key, or `wallet:0`. */
  keyId: string
  /** Default: the same. */
  tokenKeyId?: string | undefined
  tokenAddress?: string | undefined
}

export interface TreasuryKind {
  /** The coin in answers, and in capitals the beginning of the faucet's variables: `eth`, `ETH_AMOUNT`. */
  readonly coinName: string
  /** What the faucet gives by default, in whole coins. */
  readonly coinAmount: string
  /** What the faucet says to an address that cannot be one. */
  readonly invalidAddress: string
  /** Asks the chain which one it is. Rejects when it cannot be reached, or a key cannot be one, without secrets. */
  open (settings: TreasurySettings): Promise<Treasury>
}
