/**
 * Keys in a hardware module, over PKCS #11: secp256k1 by CKM_ECDSA over a digest that we make, answered as r and s; Ed25519 by CKM_EDDSA
 * over the message itself. Library, slot and PIN are in HSM_PKCS11_LIBRARY_PATH, HSM_SLOT_ID and HSM_PIN, in `vault`, or in the URI.
 */
import type { Curve } from '../../../src/contracts/signer.js'
import { isSet } from '../../../src/lib/environment.js'
import { VAULTS } from './key-id.js'
import { CK, nameOf, pkcs11Library } from './pkcs11-library.js'
import type { Handle, Pkcs11 } from './pkcs11-library.js'
import { pkcs11NameIn } from './pkcs11-uri.js'
import type { Pkcs11Name } from './pkcs11-uri.js'
import { otherCurve, pointKey, VaultError } from './vault.js'
import type { FoundKey, Vault, VaultSettings } from './vault.js'

const { label } = VAULTS.pkcs11
const SIGNATURE_BYTES = 64
const ED25519_BYTES = 32
/** In DER: the object identifiers, and the names that some modules use in their place. */
const SECP256K1 = ['06052b8104000a']
const ED25519 = ['06032b6570', '130c656477617264733235353139']
/** The session is lost: the next try opens another one. */
const LOST = /^CKR_(SESSION_|USER_NOT_LOGGED_IN|DEVICE_|TOKEN_NOT_|TOKEN_NOT_PRESENT|CRYPTOKI_NOT_|KEY_HANDLE_INVALID|OBJECT_HANDLE_INVALID|OPERATION_ACTIVE)/
const DENIED = /^CKR_(PIN_|USER_PIN_|USER_TYPE|ACTION_PROHIBITED|KEY_FUNCTION_NOT_PERMITTED)/
/** Tokens whose PIN was wrong in this process. A few wrong PINs lock a token for good, so it is not shown again. */
const wrongPins = new Set<string>()

interface Place extends Pkcs11Name {
  modulePath: string
  pin: string
}

interface Open {
  library: Pkcs11
  session: Handle
  key: Handle
  publicKey: Handle | undefined
}

/** @throws VaultError when it is not said where the library is, or what the PIN is */
export function openPkcs11 (name: string, settings: VaultSettings): Vault {
  const place = placeOf(pkcs11NameIn(name), settings)
  let open: Promise<Open> | undefined
  const using = async <T> (work: (open: Open) => T | Promise<T>): Promise<T> => {
    try {
      return await work(await (open ??= enter(place)))
    } catch (error) {
      const left = await open?.catch(() => undefined)
      open = undefined
      if (left !== undefined) leave(left)
      throw inOurWords(error)
    }
  }
  return {
    label,
    parallel: 1, // a session does one thing at a time
    read: () => using(readKey),
    sign: (curve, bytes) => using(({ library, session, key }) => {
      library.C_SignInit(session, { mechanism: mechanismOf(curve) }, key)
      return library.C_SignAsync(session, Buffer.from(bytes), Buffer.alloc(SIGNATURE_BYTES))
    })
  }
}

function mechanismOf (curve: Curve): number {
  return curve === 'ed25519' ? CK.eddsa : CK.ecdsa
}

function placeOf (name: Pkcs11Name, settings: VaultSettings): Place {
  const env = process.env
  const given = (variable: string): string | undefined => isSet(env, variable) ? env[variable] : undefined
  const modulePath = name.modulePath ?? settings.modulePath ?? given('HSM_PKCS11_LIBRARY_PATH')
  const pin = name.pin ?? settings.pin ?? given('HSM_PIN')
  const slot = name.slotId ?? settings.slotId ?? given('HSM_SLOT_ID')
  if (modulePath === undefined) throw new VaultError('HSM_PKCS11_LIBRARY_PATH required for hsm backend: the path of the module\'s PKCS #11 library', false)
  if (pin === undefined) throw new VaultError('HSM_PIN required for hsm backend', false)
  if (slot !== undefined && !/^\d{1,15}$/.test(String(slot))) throw new VaultError('HSM_SLOT_ID is not a number', false)
  return { ...name, modulePath, pin, slotId: slot === undefined ? undefined : Number(slot) }
}

async function enter (place: Place): Promise<Open> {
  const library = await pkcs11Library(place.modulePath)
  const slot = slotOf(library, place)
  const { serialNumber, label } = library.C_GetTokenInfo(slot)
  const token = `${place.modulePath} ${serialNumber} ${label}`
  if (wrongPins.has(token)) throw new VaultError('HSM_PIN was wrong. It is not tried again before a restart, because a few wrong tries lock the token', false)
  const session = library.C_OpenSession(slot, CK.serialSession)
  try {
    library.C_Login(session, CK.user, place.pin)
  } catch (error) {
    if (nameOf(error) === 'CKR_PIN_INCORRECT') wrongPins.add(token)
    if (nameOf(error) !== 'CKR_USER_ALREADY_LOGGED_IN') throw error
  }
  const key = only(library, session, CK.privateKey, place)
  if (key === undefined) throw new VaultError(`${label.trim()}: the token has no private key of this label or id`, false)
  return { library, session, key, publicKey: only(library, session, CK.publicKey, place) }
}

function leave ({ library, session }: Open): void {
  try {
    library.C_CloseSession(session)
  } catch {
    // It was lost before.
  }
}

function slotOf (library: Pkcs11, { slotId, token, serial }: Place): Handle {
  const infoOf = (slot: Handle): ReturnType<Pkcs11['C_GetTokenInfo']> => library.C_GetTokenInfo(slot)
  const slots = library.C_GetSlotList(true).map(slot => ({ slot, id: idOf(slot), ...infoOf(slot) }))
  const found = slots.filter(each =>
    (slotId === undefined || each.id === slotId) && (token === undefined || each.label.trim() === token) &&
    (serial === undefined || each.serialNumber.trim() === serial) && (slotId !== undefined || each.label.trim() !== ''))
  const [one] = found
  if (one !== undefined && found.length === 1) return one.slot
  const known = slots.map(each => `${each.id} (${each.label.trim() || 'without a token'})`).join(', ')
  throw new VaultError(`${found.length === 0 ? 'no slot' : 'more than one slot'} of ${label} fits: set HSM_SLOT_ID to one of these: ${known || 'there are none'}`, false)
}

/** Handles are numbers in the order of the machine's bytes. */
function idOf (slot: Handle): number {
  return slot.length >= 8 ? Number(slot.readBigUInt64LE()) : slot.readUInt32LE()
}

function only (library: Pkcs11, session: Handle, kind: number, { object, id }: Place): Handle | undefined {
  const template = [
    { type: CK.class, value: kind },
    ...object === undefined ? [] : [{ type: CK.label, value: object }],
    ...id === undefined ? [] : [{ type: CK.id, value: id }]
  ]
  library.C_FindObjectsInit(session, template)
  const found = library.C_FindObjects(session, 2)
  library.C_FindObjectsFinal(session)
  if (found.length > 1) throw new VaultError('the token has more than one key of this label: name it by id, in a URI (pkcs11:id=%01)', false)
  return found[0]
}

function readKey ({ library, session, key, publicKey }: Open): FoundKey {
  const value = (object: Handle, type: number): Buffer =>
    library.C_GetAttributeValue(session, object, [{ type }])[0]?.value ?? Buffer.alloc(0)
  const params = value(key, CK.ecParams).toString('hex')
  if (publicKey === undefined) throw new VaultError('the token has no public key beside the private one, of the same label or id: put it there', false)
  const point = withoutHead(value(publicKey, CK.ecPoint))
  if (SECP256K1.includes(params)) return pointKey(point)
  if (!ED25519.includes(params) || point.length !== ED25519_BYTES) throw otherCurve('another curve')
  return { curve: 'ed25519', publicKey: point }
}

/** Some modules give the point as it is, most in an OCTET STRING. */
function withoutHead (point: Buffer): Buffer {
  return point[0] === 4 && point[1] === point.length - 2 ? point.subarray(2) : point
}

function inOurWords (error: unknown): unknown {
  if (error instanceof VaultError) return error
  const name = nameOf(error)
  const cause = { cause: error }
  if (DENIED.test(name)) return new VaultError(`${label} does not let us in (${name}): check HSM_PIN, and that the key may sign`, false, cause)
  if (LOST.test(name)) return new VaultError(`${label} was lost (${name})`, true, cause)
  if (name === '' && error instanceof Error && /needs a package/.test(error.message)) return error
  if (name === '') return new VaultError('the PKCS #11 library cannot be loaded: check HSM_PKCS11_LIBRARY_PATH', false, cause)
  return new VaultError(`${label} has a fault (${name})`, /^CKR_(FUNCTION_FAILED|GENERAL_ERROR|HOST_MEMORY)$/.test(name), cause)
}
