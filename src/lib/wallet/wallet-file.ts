/**
 * The seed of a wallet at rest: its entropy, encrypted with AES-256-GCM under a key that scrypt makes of the password. The file says with
 * which parameters; they are bounded when it is read, so that a file from somebody else cannot use up the memory of this machine.
 */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import { describeError } from '../describe-error.js'
import { createPrivately } from '../private-file.js'
import { canonicalPassword } from './password.js'
import { isEntropy } from './words.js'

const VERSION = 1
const SALT_BYTES = 32
const NONCE_BYTES = 12
const KEY_BYTES = 32
/** Ours has about 500 bytes. */
export const WALLET_FILE_BYTES_MAX = 16 * 1024
/** 128 MB and a third of a second. Source: OWASP, "Password Storage Cheat Sheet", scrypt. */
const COST = 2 ** 17
const COST_MIN = 2 ** 14
const COST_MAX = 2 ** 18
const BLOCK = 8

const base64 = (min: number, max: number): z.ZodType<Buffer> => z.string().max(128).regex(/^[A-Za-z0-9+/]+={0,2}$/)
  .transform(text => Buffer.from(text, 'base64')).refine(({ length }) => length >= min && length <= max)

const WalletFile = z.strictObject({
  version: z.literal(VERSION),
  createdAt: z.iso.datetime(),
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    n: z.int().min(COST_MIN).max(COST_MAX).refine(n => Number.isInteger(Math.log2(n))),
    r: z.literal(BLOCK),
    p: z.int().min(1).max(2),
    salt: base64(16, 64)
  }),
  cipher: z.strictObject({
    name: z.literal('aes-256-gcm'), nonce: base64(NONCE_BYTES, NONCE_BYTES), ciphertext: base64(16, 32), tag: base64(16, 16)
  })
})
type WalletFile = z.output<typeof WalletFile>

/** What a wallet file cannot be used for, and why. Its words never hold a part of the wallet or of the password. */
export class WalletError extends Error {
  override readonly name = 'WalletError'
}

/** The text of a wallet file. @param entropy 16 or 32 bytes @param cost of scrypt, a power of two */
export function seal (entropy: Uint8Array, password: string, cost = COST): string {
  const kdf = { name: 'scrypt' as const, n: cost, r: BLOCK, p: 1, salt: randomBytes(SALT_BYTES) } as const
  const createdAt = new Date().toISOString()
  const key = keyOf(password, kdf)
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(headOf({ createdAt, kdf }))
  const ciphertext = Buffer.concat([cipher.update(entropy), cipher.final()])
  key.fill(0)
  const inText = (bytes: Buffer): string => bytes.toString('base64')
  return `${JSON.stringify({
    version: VERSION,
    createdAt,
    kdf: { ...kdf, salt: inText(kdf.salt) },
    cipher: { name: 'aes-256-gcm', nonce: inText(nonce), ciphertext: inText(ciphertext), tag: inText(cipher.getAuthTag()) }
  }, null, 2)}\n`
}

/**
 * The entropy in the text of a wallet file. Fill it with zeros after use. Blocks this thread for a third of a second.
 * @param name of the file, for errors @throws WalletError when it is not one, and when the password is wrong
 */
export function unseal (text: string, password: string, name: string): Buffer {
  const file = parse(text, name)
  const key = keyOf(password, file.kdf)
  const decipher = createDecipheriv('aes-256-gcm', key, file.cipher.nonce, { authTagLength: 16 })
  key.fill(0)
  decipher.setAAD(headOf(file))
  decipher.setAuthTag(file.cipher.tag)
  const entropy = decipher.update(file.cipher.ciphertext)
  try {
    decipher.final()
  } catch {
    entropy.fill(0)
    throw new WalletError(`Cannot open the wallet ${name}: the password is wrong, or the file was changed.`)
  }
  if (!isEntropy(entropy)) throw new WalletError(`Cannot open the wallet ${name}: it does not hold 12 or 24 words.`)
  return entropy
}

/** The text of a wallet file, which need not be one. @throws WalletError when it cannot be read, or is far too big */
export function readWalletText (path: string): string {
  try {
    const { size } = statSync(path)
    if (size > WALLET_FILE_BYTES_MAX) throw new WalletError(`${path} is not a wallet: it has ${size} bytes, and a wallet has ${WALLET_FILE_BYTES_MAX} at most.`)
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof WalletError) throw error
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new WalletError(isMissing
      ? `There is no wallet at ${path}. Make one with: connector wallet create, or name another file in WALLET_FILE.`
      : `Cannot read the wallet ${path}: ${describeError(error)}.`)
  }
}

/** Writes a new file that only its owner may read. @throws WalletError when there is a file of this name already */
export function writeNewWallet (path: string, text: string): void {
  try {
    createPrivately(path, text)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw existsAlready(path)
    throw new WalletError(`Cannot write the wallet ${path}: ${describeError(error)}.`)
  }
}

/** A wallet is never overwritten: there may be money on its keys. */
export function existsAlready (path: string): WalletError {
  return new WalletError(`${path} exists already, and nothing was changed. A wallet is never overwritten: move that file away, or name another with --file.`)
}

/** @throws WalletError that says what is wrong: another version, or a damaged file */
function parse (text: string, name: string): WalletFile {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new WalletError(`${name} is damaged, or not a wallet: it is not JSON. Restore it with: connector wallet restore <backup>`)
  }
  const version: unknown = json !== null && typeof json === 'object' && 'version' in json ? json.version : undefined
  if (typeof version === 'number' && version !== VERSION) {
    throw new WalletError(`${name} is a wallet of version ${version}, and this program reads version ${VERSION}. Use the program that wrote it.`)
  }
  const { data, error } = WalletFile.safeParse(json)
  if (data !== undefined) return data
  const field = error.issues[0]?.path.join('.') ?? ''
  throw new WalletError(`${name} is damaged, or not a wallet: ${field === '' ? 'the file' : field} is not as it was written. Restore it with: connector wallet restore <backup>`)
}

function keyOf (password: string, { n, r, p, salt }: WalletFile['kdf']): Buffer {
  return scryptSync(canonicalPassword(password), salt, KEY_BYTES, { N: n, r, p, maxmem: 256 * n * r })
}

/** What stands beside the seed, and cannot be changed without the password either. */
function headOf ({ createdAt, kdf: { n, r, p, salt } }: Pick<WalletFile, 'createdAt' | 'kdf'>): Buffer {
  return Buffer.from(JSON.stringify([VERSION, createdAt, n, r, p, salt.toString('base64')]))
}
