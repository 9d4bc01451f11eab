/**
 * SoftHSM with a token of its own and two keys that cannot be taken out. `.ci/run` installs it; where it or pkcs11js is missing,
 * `softHsm` says which, and the tests say so.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Curve } from '../../../src/contracts/signer.js'
import type { VaultSettings } from '../../../plugins/lib/keys/vault.js'

const LIBRARIES = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so', '/opt/homebrew/lib/softhsm/libsofthsm2.so']
const TOKEN = 'sluice'
const [PIN, ADMIN_PIN] = ['918273', '564738']
const PARAMS: Readonly<Record<Curve, string>> = { secp256k1: '06052b8104000a', ed25519: '06032b6570' }
const GENERATE: Readonly<Record<Curve, number>> = { secp256k1: 0x1040, ed25519: 0x1055 }
const [RW_SESSION, SERIAL_SESSION, USER] = [2, 4, 1]

interface Generator {
  load (path: string): void
  C_Initialize (): void
  C_CloseAllSessions (slot: Buffer): void
  C_GetSlotList (hasToken: boolean): Buffer[]
  C_GetTokenInfo (slot: Buffer): { label: string }
  C_OpenSession (slot: Buffer, flags: number): Buffer
  C_Login (session: Buffer, user: number, pin: string): void
  C_Logout (session: Buffer): void
  C_CloseSession (session: Buffer): void
  C_GenerateKeyPair (session: Buffer, mechanism: { mechanism: number }, open: Attribute[], secret: Attribute[]): void
}

type Attribute = { type: number, value: Buffer | string | boolean }

/** Why there is no module here. Undefined: there is one. */
export function missingPart (): string | undefined {
  if (spawnSync('softhsm2-util', ['--version']).error !== undefined || library() === undefined) return 'softhsm2 is not installed'
  return pkcs11js() === undefined ? 'pkcs11js is not installed' : undefined
}

/** One for the process: a library of PKCS #11 is loaded once, and reads its configuration then. */
let made: { settings: VaultSettings, slot: string } | undefined

/** The settings of a token with the keys `node-secp256k1` and `node-ed25519`. */
export function softHsm (): VaultSettings {
  return (made ??= make()).settings
}

export const TOKEN_LABEL = TOKEN

/** As a module does that was unplugged for a moment. */
export function loseSessions (): void {
  const module = loaded()
  for (const slot of module.C_GetSlotList(true)) module.C_CloseAllSessions(slot)
}

/** Makes one more key, under the same label if it is there already. */
export function generateKey (label: string, curve: Curve, id: string): void {
  const module = loaded()
  try {
    module.C_Initialize()
  } catch {
    // The one under test has it.
  }
  const slot = module.C_GetSlotList(true).find(each => module.C_GetTokenInfo(each).label.trim() === TOKEN)
  if (slot === undefined) throw new Error('no token')
  const session = module.C_OpenSession(slot, RW_SESSION | SERIAL_SESSION)
  try {
    module.C_Login(session, USER, PIN)
  } catch {
    // It is logged in.
  }
  const named: Attribute[] = [{ type: 0x1, value: true }, { type: 0x3, value: label }, { type: 0x102, value: Buffer.from(id, 'hex') }]
  module.C_GenerateKeyPair(session, { mechanism: GENERATE[curve] },
    [...named, { type: 0x180, value: Buffer.from(PARAMS[curve], 'hex') }, { type: 0x10a, value: true }],
    [...named, { type: 0x108, value: true }, { type: 0x103, value: true }, { type: 0x162, value: false }])
  module.C_CloseSession(session)
}

function make (): { settings: VaultSettings, slot: string } {
  const folder = mkdtempSync(join(tmpdir(), 'softhsm-'))
  process.on('exit', () => { rmSync(folder, { recursive: true, force: true }) })
  mkdirSync(join(folder, 'tokens'))
  const file = join(folder, 'softhsm2.conf')
  writeFileSync(file, `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`)
  process.env.SOFTHSM2_CONF = file
  const printed = execFileSync('softhsm2-util', ['--init-token', '--free', '--label', TOKEN, '--pin', PIN, '--so-pin', ADMIN_PIN]).toString()
  generateKey('node-secp256k1', 'secp256k1', '01')
  generateKey('node-ed25519', 'ed25519', '02')
  return { settings: { modulePath: library(), pin: PIN }, slot: /slot (\d+)/.exec(printed)?.[1] ?? '' }
}

function loaded (): Generator {
  const { PKCS11 } = pkcs11js() ?? {}
  if (PKCS11 === undefined) throw new Error('pkcs11js is not installed')
  const module = new PKCS11()
  module.load(library() ?? '')
  return module
}

function library (): string | undefined {
  return LIBRARIES.find(path => existsSync(path))
}

function pkcs11js (): { PKCS11: new () => Generator } | undefined {
  try {
    return createRequire(import.meta.url)('pkcs11js') as { PKCS11: new () => Generator }
  } catch {
    return undefined
  }
}
