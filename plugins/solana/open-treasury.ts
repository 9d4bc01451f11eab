/** Sends SOL and tokens from an operator's key. Only this file and what it imports need @solana/kit. */
import type { Purse, Treasury, TreasurySettings } from '../../src/contracts/treasury.js'
import { pause } from '../../src/lib/timers.js'
import { walletKey } from '../lib/keys/wallet.js'
import { JsonRpc, recordOf } from '../lib/rpc/json-rpc.js'
import { TOKEN_PROGRAMS, tokenAccountOf } from './chain/addresses.js'
import { payTokens, transferLamports, type Instruction } from './chain/instructions.js'
import { messageOf, wireOf } from './chain/wire.js'
import { rawKey, type SolanaKey } from './ed25519.js'
import { CLUSTERS, isAddress, type Cluster } from './formats.js'
import { isKeyPath, isRawKey, rawKeyOf } from './keys.js'
import { walletPlace } from './wallet.js'

const SOL_DECIMALS = 9
const CONFIRMED = { commitment: 'confirmed' }
/** A blockhash is good for 150 slots, which take about a minute. */
const LANDED_MS = 90_000
const LOOK_MS = 500

export async function openTreasury ({ rpcUrl, socksProxy, keyId, tokenKeyId = keyId, tokenAddress }: TreasurySettings): Promise<Treasury> {
  if (tokenAddress !== undefined && !isAddress(tokenAddress)) throw new Error('the address of the token is not one: 32 bytes in base58')
  const [coins, tokens] = [keyFor(keyId), keyFor(tokenKeyId)]
  const rpc = new JsonRpc({ url: rpcUrl, socksProxy })
  const genesis = await rpc.call('getGenesisHash')
  const cluster = Object.keys(CLUSTERS).find(name => CLUSTERS[name as Cluster].genesis === genesis) ?? 'localnet'
  let token: Purse | undefined
  return {
    chainId: `solana:${cluster}`,
    isReal: cluster === 'mainnet',
    coin: {
      owner: coins.address,
      symbol: 'SOL',
      decimals: SOL_DECIMALS,
      tokenAddress: undefined,
      balanceOf: async address => BigInt(String(recordOf(await rpc.call('getBalance', address, CONFIRMED)).value)),
      send: (to, lamports) => landed(rpc, [transferLamports(coins.address, to, lamports)], coins)
    },
    token: async () => token ??= await tokenPurse(rpc, tokenAddress, tokens),
    close: () => { rpc.close() }
  }
}

async function tokenPurse (rpc: JsonRpc, mint: string | undefined, key: SolanaKey): Promise<Purse | undefined> {
  if (mint === undefined) return undefined
  const { value } = recordOf(await rpc.call('getAccountInfo', mint, { ...CONFIRMED, encoding: 'base64' }))
  const { owner, data } = recordOf(value)
  const tokenProgram = TOKEN_PROGRAMS.find(program => program === owner)
  if (tokenProgram === undefined) return undefined
  const decimals = Buffer.from(String(Array.isArray(data) ? data[0] : ''), 'base64').readUInt8(44) // as the program keeps a mint
  const contract = { mint, tokenProgram }
  return {
    owner: key.address,
    symbol: mint.slice(0, 4),
    decimals,
    tokenAddress: mint,
    balanceOf: async address => {
      const account = await tokenAccountOf(address, contract)
      const { value } = recordOf(await rpc.call('getAccountInfo', account, { ...CONFIRMED, encoding: 'jsonParsed' }))
      if (value === null) return 0n // no account is an empty one
      return BigInt(String(recordOf(recordOf(await rpc.call('getTokenAccountBalance', account, CONFIRMED)).value).amount))
    },
    send: async (to, amount) => await landed(rpc, await payTokens(key.address, to, contract, amount, decimals), key)
  }
}

/** @throws Error that never repeats the key */
function keyFor (keyId: string): SolanaKey {
  const derived = walletKey(keyId, walletPlace)
  if (derived !== undefined) return rawKey(derived.privateKey)
  if (!isRawKey(keyId) && !isKeyPath(keyId)) throw new Error('the key that money is sent with is not one: 32 or 64 bytes in base58, the path of a keypair.json, or wallet:0')
  return rawKeyOf(keyId)
}

/** Sends a transaction, and resolves to its id when most of the cluster has it. */
async function landed (rpc: JsonRpc, instructions: readonly Instruction[], key: SolanaKey): Promise<string> {
  const { value } = recordOf(await rpc.call('getLatestBlockhash', CONFIRMED))
  const message = messageOf(key.address, instructions, String(recordOf(value).blockhash))
  const raw = wireOf(message, [await key.signTransaction(message)])
  const signature = String(await rpc.call('sendTransaction', raw, { encoding: 'base64', preflightCommitment: 'confirmed' }))
  const end = Date.now() + LANDED_MS
  while (Date.now() < end) {
    const { value } = recordOf(await rpc.call('getSignatureStatuses', [signature]))
    const { err, confirmationStatus } = recordOf(Array.isArray(value) ? value[0] : undefined)
    if (err !== null && err !== undefined) throw new Error(`the transaction failed. signature=${signature}`)
    if (confirmationStatus === 'confirmed' || confirmationStatus === 'finalized') return signature
    await pause(LOOK_MS)
  }
  throw new Error(`nobody knows yet whether the transaction is in a block. signature=${signature}`)
}
