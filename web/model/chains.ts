/** What the page knows of chains: where anyone can look at a transaction, and what fees are paid in. */
import type { Money } from './money.js'

const HASH = '{hash}'
const BY_CHAIN: Readonly<Record<string, string>> = {
  'evm:1': 'https://etherscan.io/tx/{hash}',
  'evm:10': 'https://optimistic.etherscan.io/tx/{hash}',
  'evm:137': 'https://polygonscan.com/tx/{hash}',
  'evm:8453': 'https://basescan.org/tx/{hash}',
  'evm:84532': 'https://sepolia.basescan.org/tx/{hash}',
  'evm:42161': 'https://arbiscan.io/tx/{hash}',
  'evm:11155111': 'https://sepolia.etherscan.io/tx/{hash}',
  'xrp:mainnet': 'https://livenet.xrpl.org/transactions/{hash}',
  'xrp:testnet': 'https://testnet.xrpl.org/transactions/{hash}',
  'solana:mainnet': 'https://explorer.solana.com/tx/{hash}',
  'solana:devnet': 'https://explorer.solana.com/tx/{hash}?cluster=devnet'
}

/** Undefined where the chain has no public page, as one on this machine, or where what is given is not a transaction. */
export function transactionPage (chain: string, hash: string): string | undefined {
  const page = Object.hasOwn(BY_CHAIN, chain) ? BY_CHAIN[chain] : undefined
  return page === undefined || !/^[0-9A-Za-z]{32,100}$/.test(hash) ? undefined : page.replace(HASH, hash)
}

const NATIVE: Readonly<Record<string, { assetCode: string, assetScale: number }>> = {
  evm: { assetCode: 'native coin', assetScale: 18 },
  xrp: { assetCode: 'XRP', assetScale: 6 },
  solana: { assetCode: 'SOL', assetScale: 9 }
}

/** What a wallet has for fees, with its unit. */
export function nativeMoney (chain: string | undefined, amount: string): Money {
  const kind = chain?.split(':')[0] ?? ''
  return { amount, ...(Object.hasOwn(NATIVE, kind) ? NATIVE[kind] : undefined) ?? { assetCode: 'base units', assetScale: 0 } }
}

/** A link that came from the node, if it is one to a web page. */
export function safeLink (link: string | undefined): string | undefined {
  return link !== undefined && /^https:\/\//.test(link) && URL.canParse(link) ? link : undefined
}
