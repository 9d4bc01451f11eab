/** The part of pkcs11js that is used here: the package is optional and not there to compile with. Source: PKCS #11 v3.0. */
import { withPackage } from '../optional-package.js'

/** Numbers of the standard. */
export const CK = {
  serialSession: 4, user: 1,
  privateKey: 3, publicKey: 2,
  class: 0x0, token: 0x1, label: 0x3, keyType: 0x100, id: 0x102, ecParams: 0x180, ecPoint: 0x181,
  ecdsa: 0x1041, eddsa: 0x1057
} as const

export type Handle = Buffer

interface Attribute {
  type: number
  value?: Buffer | string | number | boolean
}

export interface Pkcs11 {
  load (path: string): void
  C_Initialize (): void
  C_GetSlotList (tokenPresent: boolean): Handle[]
  C_GetTokenInfo (slot: Handle): { label: string, serialNumber: string, flags: number }
  C_OpenSession (slot: Handle, flags: number): Handle
  C_CloseSession (session: Handle): void
  C_Login (session: Handle, userType: number, pin: string): void
  C_FindObjectsInit (session: Handle, template: Attribute[]): void
  C_FindObjects (session: Handle, most: number): Handle[]
  C_FindObjectsFinal (session: Handle): void
  C_GetAttributeValue (session: Handle, object: Handle, template: Attribute[]): Array<{ value: Buffer }>
  C_SignInit (session: Handle, mechanism: { mechanism: number }, key: Handle): void
  C_SignAsync (session: Handle, data: Buffer, out: Buffer): Promise<Buffer>
}

const PACKAGE: string = 'pkcs11js'
/** By path: a process initializes a library once. */
const loaded = new Map<string, Pkcs11>()

/** Rejects with what to install, when pkcs11js is not; and with what the library says, when it cannot be loaded. */
export async function pkcs11Library (path: string): Promise<Pkcs11> {
  const known = loaded.get(path)
  if (known !== undefined) return known
  const { PKCS11 } = await withPackage(PACKAGE, 'a key in a hardware module', async () => {
    const module = await import(PACKAGE) as { default: { PKCS11: new () => Pkcs11 } }
    return module.default
  })
  const library = new PKCS11()
  library.load(path)
  try {
    library.C_Initialize()
  } catch (error) {
    if (nameOf(error) !== 'CKR_CRYPTOKI_ALREADY_INITIALIZED') throw error
  }
  loaded.set(path, library)
  return library
}

/** `CKR_...` of what a library says; empty for anything else. */
export function nameOf (error: unknown): string {
  return error instanceof Error ? /CKR_[A-Z0-9_]+/.exec(error.message)?.[0] ?? '' : ''
}
