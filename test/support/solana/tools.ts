/**
 * Installs and loads the Solana runtimes that tests use: LiteSVM runs programs inside this process, and Surfpool is a whole RPC node.
 * They are 90 MB that only these tests need, so they are not dependencies of the package: the first test that asks installs the exact
 * versions of tools/package-lock.json into node_modules/.cache, and later tests find them there.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Address, EncodedAccount, Lamports, MaybeEncodedAccount, Transaction } from '@solana/kit'
import { PACKAGE_ROOT } from '../package-root.js'

const MANIFESTS = join(PACKAGE_ROOT, 'test/support/solana/tools')
const FILES = ['package.json', 'package-lock.json']
const CACHE = join(PACKAGE_ROOT, 'node_modules/.cache')

/** Give this to `before` hooks that load a tool: the first one installs. */
export const INSTALL_TIMEOUT_MS = 180_000
const LOOK_AGAIN_MS = 200

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

interface SurfpoolModule { Surfnet: { startWithConfig (config: SurfnetConfig): Surfnet } }

/** LiteSVM, installed if need be. Rejects with what npm says when the registry cannot be reached. */
export async function loadLiteSvm (): Promise<LiteSvmModule> {
  return await load('litesvm') as LiteSvmModule
}

/** Starts an RPC node of its own for the caller, who stops it. Surfpool exists for Linux on x64 with glibc only, and rejects elsewhere. */
export async function startSurfpool (config: SurfnetConfig): Promise<Surfnet> {
  return (await load('@solana/surfpool-linux-x64-gnu') as SurfpoolModule).Surfnet.startWithConfig(config)
}

async function load (name: string): Promise<unknown> {
  const folder = await installed()
  const require = createRequire(join(folder, 'package.json'))
  try {
    return require(name)
  } catch (error) {
    throw new Error(`Cannot load ${name} from ${folder} on ${process.platform}-${process.arch}. If the platform has it, delete the folder and try again.`,
      { cause: error })
  }
}

/** Resolves to the folder whose node_modules has the tools. Its name changes with the lockfile, so that an older one is never used. */
async function installed (): Promise<string> {
  const version = createHash('sha256').update(readFileSync(join(MANIFESTS, 'package-lock.json'))).digest('hex').slice(0, 12)
  const folder = join(CACHE, `solana-tools-${version}-${process.platform}-${process.arch}`)
  if (existsSync(folder)) return folder
  await mkdir(CACHE, { recursive: true })
  const unlock = await lock(`${folder}.lock`)
  try {
    if (!existsSync(folder)) await install(folder)
  } finally {
    await unlock()
  }
  return folder
}

/**
 * Installs beside the folder and renames: the folder is there only when it is whole, even if this process is killed. `npm install` takes
 * the lockfile's versions and checks their hashes. `npm ci` would demand that the lockfile also names LiteSVM's binaries for platforms
 * that the registry has not got at this version.
 */
async function install (folder: string): Promise<void> {
  const staging = await mkdtemp(`${folder}.`)
  try {
    for (const file of FILES) await cp(join(MANIFESTS, file), join(staging, file))
    await promisify(execFile)('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: staging })
    await rename(staging, folder)
  } catch (error) {
    throw new Error(`Cannot install the Solana test tools of ${MANIFESTS}: the npm registry must be reachable once. ${messageOf(error)}`, { cause: error })
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** Waits until no other process holds the lock. A lock whose process is gone does not count. */
async function lock (file: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' })
      return async () => { await rm(file, { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    if (isAbandoned(file)) await rm(file, { force: true })
    else await delay(LOOK_AGAIN_MS)
  }
}

function isAbandoned (file: string): boolean {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    if (pid === 0) return false // just made, and not yet written
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
