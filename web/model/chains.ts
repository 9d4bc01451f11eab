/** What the page knows of chains: where anyone can look at a transaction, and what fees are paid in. */
import type { Money } from './money.js'

/** Where transactions and accounts have a page each, in the place of the two stars. */
const BY_CHAIN: Readonly<Record<string, readonly [tx: string, account: string]>> = {
  'evm:1': etherscan('etherscan.io'),
  'evm:10': etherscan('optimistic.etherscan.io'),
  'evm:137': etherscan('polygonscan.com'),
  'evm:8453': etherscan('basescan.org'),
  'evm:84532': etherscan('sepolia.basescan.org'),
  'evm:42161': etherscan('arbiscan.io'),
  'evm:11155111': etherscan('sepolia.etherscan.io'),
  'xrp:mainnet': ['https://livenet.xrpl.org/transactions/*', 'https://livenet.xrpl.org/accounts/*'],
  'xrp:testnet': ['https://testnet.xrpl.org/transactions/*', 'https://testnet.xrpl.org/accounts/*'],
  'solana:mainnet': ['https://explorer.solana.com/tx/*', 'https://explorer.solana.com/address/*'],
  'solana:devnet': ['https://explorer.solana.com/tx/*?cluster=devnet', 'https://explorer.solana.com/address/*?cluster=devnet'],
  'mina:mainnet': minascan('mainnet'),
  'mina:devnet': minascan('devnet'),
  'aptos:mainnet': aptos('mainnet'),
  'aptos:testnet': aptos('testnet')
}

function etherscan (host: string): readonly [tx: string, account: string] {
  return [`https://${host}/tx/*`, `https://${host}/address/*`]
}

function minascan (network: string): readonly [tx: string, account: string] {
  return [`https://minascan.io/${network}/tx/*`, `https://minascan.io/${network}/account/*`]
}

function aptos (network: string): readonly [tx: string, account: string] {
  return [`https://explorer.aptoslabs.com/txn/*?network=${network}`, `https://explorer.aptoslabs.com/account/*?network=${network}`]
}

/** Undefined where the chain has no public page, as one on this machine, or where what is given is not a transaction. */
export function transactionPage (chain: string, hash: string): string | undefined {
  return /^[0-9A-Za-z]{32,100}$/.test(hash) ? pagesOf(chain)?.[0].replace('*', hash) : undefined
}

/** Undefined where the chain has no public page, or where what is given is not an address. */
export function accountPage (chain: string | undefined, address: string | undefined): string | undefined {
  return chain !== undefined && address !== undefined && /^[0-9A-Za-z]{25,66}$/.test(address) ? pagesOf(chain)?.[1].replace('*', address) : undefined
}

function pagesOf (chain: string): readonly [tx: string, account: string] | undefined {
  return Object.hasOwn(BY_CHAIN, chain) ? BY_CHAIN[chain] : undefined
}

const NATIVE: Readonly<Record<string, { assetCode: string, assetScale: number }>> = {
  evm: { assetCode: 'native coin', assetScale: 18 },
  xrp: { assetCode: 'XRP', assetScale: 6 },
  solana: { assetCode: 'SOL', assetScale: 9 },
  aptos: { assetCode: 'APT', assetScale: 8 },
  mina: { assetCode: 'MINA', assetScale: 9 }
}

/** What a wallet has for fees, with its unit. */
export function nativeMoney (chain: string | undefined, amount: string): Money {
  const kind = chain?.split(':')[0] ?? ''
  return { amount, ...(Object.hasOwn(NATIVE, kind) ? NATIVE[kind] : undefined) ?? { assetCode: 'base units', assetScale: 0 } }
}
