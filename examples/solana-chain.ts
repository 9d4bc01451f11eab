/**
 * A private Solana cluster for tests and demos: a real RPC node with a WebSocket in this process (Surfpool), the program of the channels
 * deployed by the real loader and made immutable, and as many tokens and rich accounts as are asked for.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { address, getProgramDerivedAddress } from '@solana/kit'
import { tokenAccountOf, TOKEN_PROGRAMS } from '../plugins/solana/chain/addresses.js'
import { SYSTEM_PROGRAM, transferLamports, type Instruction } from '../plugins/solana/chain/instructions.js'
import { messageOf, wireOf } from '../plugins/solana/chain/wire.js'
import { programOf } from '../plugins/solana/program/binary.js'
import { rawKey, type SolanaKey } from '../plugins/solana/ed25519.js'
import { bytesOf, encodeBase58, u64 } from '../plugins/solana/formats.js'
import { JsonRpc, recordOf } from '../plugins/lib/rpc/json-rpc.js'
import { startSurfpool, type Surfnet } from './solana-tools.js'

export const CHAIN = 'solana:localnet'
const LOADER = 'BPFLoaderUpgradeab1e11111111111111111111111'
const RENT = 'SysvarRent111111111111111111111111111111111'
const CLOCK = 'SysvarC1ock11111111111111111111111111111111'
const ATA_PROGRAM = 'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL'
const [TOKEN_PROGRAM] = TOKEN_PROGRAMS
/** Of a program's code in one transaction. */
const PIECE = 900
const SOL = 1_000_000_000n
const AIRDROP = 10_000n * SOL
const DRAIN_MS = 100
const WRITE = 1
const SIGN = 2
const PAY = 3

/** The account of a party: `key` is what `keyId` is in a configuration. */
export interface Wallet {
  address: string
  key: string
  signer: SolanaKey
}

export interface SolanaChain {
  rpcUrl: string
  wsUrl: string
  genesis: string
  programId: string
  rpc: JsonRpc
  net: Surfnet
  /** Resolves to the id of the program. Without `isFinal`, somebody keeps the right to change it. */
  deploy (code: Buffer, isFinal?: boolean): Promise<string>
  /** A new token with these decimals. */
  createToken (decimals?: number): Promise<string>
  /** A new account with SOL for fees, and this much of the token. */
  createWallet (mint: string, tokens: bigint): Promise<Wallet>
  /** What an owner has of the token, outside channels. */
  tokensOf (owner: string, mint: string): Promise<bigint>
  /** Lets seconds pass, and the slots that belong to them. */
  pass (secs: number): Promise<void>
  /** Seconds since the epoch, by the chain's clock. */
  now (): Promise<number>
  send (instructions: readonly Instruction[], ...signers: SolanaKey[]): Promise<string>
  stop (): void
}

/** @param slotTimeMs real clusters take 400 */
export async function startSolanaChain (slotTimeMs = 20): Promise<SolanaChain> {
  const net = await startSurfpool({ offline: true, blockProductionMode: 'clock', slotTimeMs, airdropSol: Number(AIRDROP) })
  // Surfpool stands still for good once nobody has taken so many of its events.
  const draining = setInterval(() => { net.drainEvents() }, DRAIN_MS).unref()
  const rpc = new JsonRpc({ url: net.rpcUrl })
  const payer = rawKey(Buffer.from(net.payerSecretKey).subarray(0, 32))
  const send: SolanaChain['send'] = (instructions, ...signers) => sent(rpc, instructions, [payer, ...signers])
  const rent = async (bytes: number): Promise<bigint> => BigInt(Number(await rpc.call('getMinimumBalanceForRentExemption', bytes)))
  const genesis = String(await rpc.call('getGenesisHash'))
  const deployed = (code: Buffer, isFinal = true): Promise<string> => deploy(payer, code, isFinal, send, rent)
  const programId = await deployed(await programOf(bytesOf(genesis)))

  const chain: SolanaChain = {
    rpcUrl: net.rpcUrl,
    wsUrl: net.wsUrl,
    genesis,
    programId,
    rpc,
    net,
    send,
    deploy: deployed,
    async createToken (decimals = 6) {
      const mint = newSigner()
      await send([
        create(payer, mint, await rent(82), 82, TOKEN_PROGRAM),
        call(TOKEN_PROGRAM, [on(mint.address, WRITE)], Buffer.from([20, decimals]), bytesOf(payer.address), Buffer.from([0]))
      ], mint)
      return mint.address
    },
    async createWallet (mint, tokens) {
      const seed = randomBytes(32)
      const signer = rawKey(seed)
      const account = await tokenAccountOf(signer.address, { mint, tokenProgram: TOKEN_PROGRAM })
      const others = [signer.address, mint, SYSTEM_PROGRAM, TOKEN_PROGRAM]
      await send([
        transferLamports(payer.address, signer.address, 10n * SOL),
        call(ATA_PROGRAM, [on(payer.address, PAY), on(account, WRITE), ...others.map(key => on(key))], Buffer.from([1])),
        call(TOKEN_PROGRAM, [on(mint, WRITE), on(account, WRITE), on(payer.address, SIGN)], Buffer.from([7]), u64(tokens))
      ])
      return { address: signer.address, key: encodeBase58(seed), signer }
    },
    async tokensOf (owner, mint) {
      const account = await tokenAccountOf(owner, { mint, tokenProgram: TOKEN_PROGRAM })
      const { value } = recordOf(await rpc.call('getTokenAccountBalance', account, { commitment: 'confirmed' }))
      return BigInt(String(recordOf(value).amount))
    },
    async pass (secs) {
      net.timeTravelToTimestamp((await chain.now() + secs) * 1000)
      net.timeTravelToSlot(Number(await rpc.call('getSlot', { commitment: 'processed' })) + secs)
    },
    async now () {
      const { value } = recordOf(await rpc.call('getAccountInfo', CLOCK, { encoding: 'base64', commitment: 'processed' }))
      const [data] = recordOf(value).data as string[]
      return Number(Buffer.from(data ?? '', 'base64').readBigInt64LE(32))
    },
    stop () {
      clearInterval(draining)
      net.stop()
    }
  }
  return chain
}

/** Writes the code into a buffer piece by piece, makes it a program, and takes the right to change it from everybody if it is final. */
async function deploy (
  payer: SolanaKey, code: Buffer, isFinal: boolean, send: SolanaChain['send'], rent: (bytes: number) => Promise<bigint>
): Promise<string> {
  const [buffer, program] = [newSigner(), newSigner()]
  await send([
    create(payer, buffer, await rent(37 + code.length), 37 + code.length, LOADER),
    call(LOADER, [on(buffer.address, WRITE), on(payer.address)], u32(0))
  ], buffer)
  await Promise.all(Array.from({ length: Math.ceil(code.length / PIECE) }, (_, i) => {
    const piece = code.subarray(i * PIECE, (i + 1) * PIECE)
    const accounts = [on(buffer.address, WRITE), on(payer.address, SIGN)]
    return send([call(LOADER, accounts, u32(1), u32(i * PIECE), u64(BigInt(piece.length)), piece)])
  }))
  const [data] = await getProgramDerivedAddress({ programAddress: address(LOADER), seeds: [bytesOf(program.address)] })
  const written = [data, program.address, buffer.address].map(key => on(key, WRITE))
  await send([
    create(payer, program, await rent(36), 36, LOADER),
    call(LOADER, [on(payer.address, PAY), ...written, ...[RENT, CLOCK, SYSTEM_PROGRAM].map(key => on(key)), on(payer.address, SIGN)],
      u32(2), u64(BigInt(code.length)))
  ], program)
  if (isFinal) await send([call(LOADER, [on(data, WRITE), on(payer.address, SIGN)], u32(4))])
  return program.address
}

function newSigner (): SolanaKey {
  return rawKey(randomBytes(32))
}

function create (payer: SolanaKey, account: SolanaKey, lamports: bigint, bytes: number, owner: string): Instruction {
  return call(SYSTEM_PROGRAM, [on(payer.address, PAY), on(account.address, PAY)], u32(0), u64(lamports), u64(BigInt(bytes)), bytesOf(owner))
}

function call (programAddress: string, accounts: Instruction['accounts'], ...data: Buffer[]): Instruction {
  return { programAddress, accounts, data: Buffer.concat(data) }
}

/** Resolves when most of the cluster has it. */
async function sent (rpc: JsonRpc, instructions: readonly Instruction[], signers: readonly SolanaKey[]): Promise<string> {
  const { value } = recordOf(await rpc.call('getLatestBlockhash', { commitment: 'confirmed' }))
  const message = messageOf(signers[0]?.address ?? '', instructions, String(recordOf(value).blockhash))
  const raw = wireOf(message, await Promise.all(signers.map(signer => signer.signTransaction(message))))
  const signature = String(await rpc.call('sendTransaction', raw, { encoding: 'base64', preflightCommitment: 'confirmed' }))
  for (;;) {
    const [status] = recordOf(await rpc.call('getSignatureStatuses', [signature])).value as unknown[]
    const { err, confirmationStatus } = recordOf(status)
    if (err !== null && err !== undefined) throw new Error(`a transaction failed: ${JSON.stringify(err)}`)
    if (confirmationStatus === 'confirmed' || confirmationStatus === 'finalized') return signature
    await delay(10)
  }
}

function on (account: string, role = 0): Instruction['accounts'][number] {
  return { address: account, role }
}

function u32 (value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
