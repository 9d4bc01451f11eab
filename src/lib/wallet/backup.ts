/** A backup of a wallet: its file as it is, still encrypted, with a checksum that shows damage before it is needed. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { unseal, WalletError } from './wallet-file.js'

const Backup = z.strictObject({
  version: z.literal('1.0'),
  createdAt: z.iso.datetime(),
  backupDate: z.iso.datetime(),
  encryptedSeed: z.base64().max(64 * 1024),
  checksum: z.string().regex(/^[0-9a-f]{64}$/)
})

/**
 * The text of a backup.
 * @param text of the wallet file
 * @throws WalletError when the password does not open the wallet: such a backup would be worth nothing
 */
export function backupOf (text: string, password: string, name: string): string {
  unseal(text, password, name).fill(0)
  const { createdAt } = z.object({ createdAt: z.string() }).parse(JSON.parse(text))
  const encryptedSeed = Buffer.from(text).toString('base64')
  const rest = { version: '1.0', createdAt, backupDate: new Date().toISOString(), encryptedSeed }
  return `${JSON.stringify({ ...rest, checksum: checksumOf(rest) }, null, 2)}\n`
}

/** The text of the wallet file in a backup. @throws WalletError when it is damaged, or the password does not open it */
export function walletIn (backup: string, password: string, name: string): string {
  const text = Buffer.from(read(backup, name).encryptedSeed, 'base64').toString('utf8')
  unseal(text, password, name).fill(0)
  return text
}

function read (text: string, name: string): z.output<typeof Backup> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new WalletError(`${name} is damaged, or not a backup of a wallet: it is not JSON. Use another copy.`)
  }
  const { data } = Backup.safeParse(json)
  if (data === undefined) throw new WalletError(`${name} is not a backup of a wallet. "connector wallet backup" writes one.`)
  if (checksumOf(data) !== data.checksum) throw new WalletError(`${name} is damaged: its checksum is wrong. Use another copy, or the words: connector wallet import`)
  return data
}

function checksumOf ({ version, createdAt, backupDate, encryptedSeed }: Omit<z.output<typeof Backup>, 'version' | 'checksum'> & { version: string }): string {
  return createHash('sha256').update(JSON.stringify([version, createdAt, backupDate, encryptedSeed])).digest('hex')
}
