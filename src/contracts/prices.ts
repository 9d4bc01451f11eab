/** Prices behind the rates of a backend, for operators: what they are, where they come from, and what is set by hand. Decimal text. */

interface QuotedPrice {
  /** Units of the quote currency per unit of the asset, cut to 12 digits. */
  price?: string
  ageMs?: number
  /** Why it is not used. */
  trouble?: string
}

export interface AssetReport extends QuotedPrice {
  /**
   * `quote`: it is what prices are in. `manual`: an operator set it. `market`: several sources agree on it. `rates`: it comes from one
   * source, or from the configuration.
   */
  from: 'quote' | 'manual' | 'market' | 'rates'
  /** When a price set by hand ends, in ISO 8601. */
  until?: string
  /** By source: what each says. */
  sources?: Record<string, QuotedPrice>
  /** What the price would be if none was set by hand. */
  otherwise?: AssetReport
}

export interface SourceReport {
  /** Requests that failed since the start. */
  failures: number
  /** Why the last one failed; left out if it did not. */
  trouble?: string
}

export interface PricesReport {
  /** What all prices are in. */
  quote: string
  /** By asset code: those of the accounts, and those with a price set by hand. */
  assets: Record<string, AssetReport>
  sources: Record<string, SourceReport>
}

/** What a backend offers that has prices. */
export interface Prices {
  report (): PricesReport
  /**
   * Sets a price by hand, over whatever the sources say, until it ends. It is in force and kept when this resolves.
   * Rejects with a SluiceError for an asset that no account has, and for the quote currency.
   * @param price a decimal above 0: units of the quote currency per unit of the asset
   */
  set (asset: string, price: string, lifetimeMs: number): Promise<AssetReport>
  /** Ends a price set by hand. Resolves to whether there was one. */
  clear (asset: string): Promise<boolean>
}
