/** Sends coins and ERC-20 tokens of an EVM chain from an operator's key. Only this file and what it imports need ethers. */
import { Contract, FetchRequest, JsonRpcProvider, Wallet, type TransactionResponse } from 'ethers'
import type { Purse, Treasury, TreasurySettings } from '../../src/contracts/treasury.js'
import { walletKey } from '../lib/keys/wallet.js'
import { agentFor } from '../../src/lib/socks-agent.js'
import { ADDRESS, RAW_KEY } from './formats.js'
import { walletPlace } from './wallet.js'
import { Rpc } from './chain/rpc.js'

/** Base Sepolia, Arbitrum Sepolia, Sepolia, Holesky, Hoodi, and what the nodes of developers call themselves. */
const TEST_CHAINS: readonly bigint[] = [84_532n, 421_614n, 11_155_111n, 17_000n, 560_048n, 1337n, 31_337n]
const TIMEOUT_MS = 10_000
/** The same through a proxy, which may have to build a circuit first. */
const PROXIED_TIMEOUT_MS = 30_000
/** For a transaction to get into a block. */
const MINED_MS = 120_000
const ERC20 = [
  'function decimals() view returns (uint8)', 'function symbol() view returns (string)', 'function balanceOf(address) view returns (uint256)',
  'function transfer(address, uint256) returns (bool)'
]
const SYMBOL_MAX = 32

export async function openTreasury ({ rpcUrl, socksProxy, keyId, tokenKeyId = keyId, tokenAddress }: TreasurySettings): Promise<Treasury> {
  if (tokenAddress !== undefined && !ADDRESS.test(tokenAddress)) throw new Error('the address of the token is not one: 0x and 40 hexadecimal digits')
  const timeoutMs = socksProxy === undefined ? TIMEOUT_MS : PROXIED_TIMEOUT_MS
  const rpc = new Rpc({ url: rpcUrl, socksProxy, timeoutMs })
  const chainId = await rpc.quantity('eth_chainId').finally(() => { rpc.close() })
  const request = new FetchRequest(rpcUrl)
  request.timeout = timeoutMs
  const agent = agentFor(new URL(rpcUrl), socksProxy, timeoutMs)
  if (agent !== undefined) request.getUrlFunc = FetchRequest.createGetUrlFunc({ agent })
  const provider = new JsonRpcProvider(request, chainId, { staticNetwork: true, cacheTimeout: -1 })
  const [coins, tokens] = [walletOf(keyId, provider), walletOf(tokenKeyId, provider)]
  const inTurn = turns()
  let token: Purse | undefined
  return {
    chainId: `evm:${chainId}`,
    isReal: !TEST_CHAINS.includes(chainId),
    coin: {
      owner: coins.address,
      symbol: 'ETH',
      decimals: 18,
      tokenAddress: undefined,
      balanceOf: address => provider.getBalance(address),
      send: (to, value) => inTurn(() => mined(coins.sendTransaction({ to, value })))
    },
    token: async () => token ??= await tokenPurse(tokenAddress, provider, tokens, inTurn),
    close: () => {
      provider.destroy()
      agent?.destroy()
    }
  }
}

type InTurn = <T>(work: () => Promise<T>) => Promise<T>

async function tokenPurse (
  address: string | undefined, provider: JsonRpcProvider, wallet: Wallet, inTurn: InTurn
): Promise<Purse | undefined> {
  if (address === undefined || await provider.getCode(address) === '0x') return undefined
  const contract = new Contract(address, ERC20, wallet)
  const [decimals, symbol] = await Promise.all([contract.getFunction('decimals')(), contract.getFunction('symbol')()]) as [bigint, string]
  return {
    owner: wallet.address,
    symbol: symbol.slice(0, SYMBOL_MAX),
    decimals: Number(decimals),
    tokenAddress: address,
    balanceOf: async owner => await contract.getFunction('balanceOf')(owner) as bigint,
    send: (to, amount) => inTurn(() => mined(contract.getFunction('transfer').send(to, amount)))
  }
}

/** @throws Error that never repeats the key */
function walletOf (keyId: string, provider: JsonRpcProvider): Wallet {
  const derived = walletKey(keyId, walletPlace)
  if (derived === undefined && !RAW_KEY.test(keyId)) throw new Error('the key that money is sent with is not a private key: 0x and 64 hexadecimal digits, or wallet:0')
  try {
    return new Wallet(derived === undefined ? keyId : `0x${derived.privateKey.toString('hex')}`, provider)
  } catch {
    throw new Error('the key that money is sent with is not a private key of the chain') // what ethers says may have the key in it
  }
}

async function mined (sent: Promise<TransactionResponse>): Promise<string> {
  const { hash, wait } = await sent.then(response => ({ hash: response.hash, wait: () => response.wait(1, MINED_MS) }))
  const receipt = await wait()
  if (receipt?.status !== 1) throw new Error(`the transaction failed. hash=${hash}`)
  return hash
}

/** One after the other: each transaction needs the nonce after the last. */
function turns (): InTurn {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const result = last.then(work)
    last = result.catch(() => undefined)
    return result
  }
}
