/**
 * Installs and loads the Solana runtimes that tests use: LiteSVM runs programs inside this process, and Surfpool is a whole RPC node.
 * They are 90 MB that only these tests need, so they are not dependencies of the package: the first test that asks installs the exact
 * versions of tools/package-lock.json into node_modules/.cache, and later tests find them there.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Address, EncodedAccount, Lamports, MaybeEncodedAccount, Transaction } from '@solana/kit'
import { installed } from './pinned-packages.js'

export { INSTALL_TIMEOUT_MS } from './pinned-packages.js'

/** A part of LiteSVM 1.5.0: what the tests of this repository use. Addresses and transactions are those of @solana/kit. */
export interface LiteSvm {
  addProgram (id: Address, elf: Uint8Array): void
  airdrop (to: Address, lamports: Lamports): unknown
  /** Makes the next transaction differ from an equal one before, as another blockhash does. */
  expireBlockhash (): void
  getAccount (address: Address): MaybeEncodedAccount
  getBalance (address: Address): Lamports | null
  getClock (): SvmClock
  latestBlockhash (): string
  minimumBalanceForRentExemption (bytes: bigint): Lamports
  sendTransaction (transaction: Transaction): SvmOutcome | SvmFailure
  setAccount (account: EncodedAccount): void
  setClock (clock: SvmClock): void
  toBytes (): Uint8Array
  withNativeMints (): LiteSvm
}

interface SvmClock { slot: bigint, unixTimestamp: bigint }
interface SvmOutcome { logs (): string[] }
interface SvmFailure { err (): unknown, meta (): SvmOutcome }

export interface LiteSvmModule {
  LiteSVM: { new (): LiteSvm, fromBytes (bytes: Uint8Array): LiteSvm }
  FailedTransactionMetadata: new () => SvmFailure
}

/** A part of Surfpool 1.5.0: a Solana RPC node with WebSocket, in this process, without a network. */
export interface Surfnet {
  readonly rpcUrl: string
  readonly wsUrl: string
  /** 64 bytes: secret, then public key. The account has the airdrop. */
  readonly payerSecretKey: Uint8Array
  fundSol (address: string, lamports: number): void
  fundToken (owner: string, mint: string, amount: number): void
  deploy (program: { programId: string, soBytes: Uint8Array }): unknown
  timeTravelToTimestamp (milliseconds: number): unknown
  timeTravelToSlot (slot: number): unknown
  /** What has happened since the last call. It has to be taken now and then: the node stops when too much waits. */
  drainEvents (): unknown[]
  stop (): void
}

export interface SurfnetConfig {
  offline: boolean
  /** `transaction`: a block for each transaction at once, besides the ones that `slotTimeMs` makes. */
  blockProductionMode?: 'clock' | 'transaction'
  slotTimeMs?: number
  /** To the payer, in lamports. */
  airdropSol?: number
}

const SURFPOOL = '@solana/surfpool-linux-x64-gnu'

interface SurfpoolModule { Surfnet: { startWithConfig (config: SurfnetConfig): Surfnet } }

/** LiteSVM, installed if need be. Rejects with what npm says when the registry cannot be reached. */
export async function loadLiteSvm (): Promise<LiteSvmModule> {
  return await load('litesvm', fromTools => fromTools('litesvm')) as LiteSvmModule
}

/** Starts an RPC node of its own for the caller, who stops it. Surfpool exists for Linux on x64 with glibc only, and rejects elsewhere. */
export async function startSurfpool (config: SurfnetConfig): Promise<Surfnet> {
  return (await load(SURFPOOL, fromTools => fromTools('@solana/surfpool-linux-x64-gnu')) as SurfpoolModule).Surfnet.startWithConfig(config)
}

async function load (name: string, take: (fromTools: NodeJS.Require) => unknown): Promise<unknown> {
  const folder = await installed('solana-tools', 'test/support/solana/tools')
  try {
    return take(createRequire(join(folder, 'package.json')))
  } catch (error) {
    throw new Error(`Cannot load ${name} from ${folder} on ${process.platform}-${process.arch}. If the platform has it, delete the folder and try again.`,
      { cause: error })
  }
}
