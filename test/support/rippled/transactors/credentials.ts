/** Who may pay into an account that takes deposits by permission only (rippled CredentialHelpers.cpp). */
import type { Result } from '../codes.js'
import { lsf, lsfAccepted, type AccountRoot, type Credential } from '../entries.js'
import { depositPreauthIndex } from '../hashing.js'
import type { Building } from '../rules.js'
import { objectsOf, type ReadView } from '../view.js'

const MAX_CREDENTIALS = 8

type Json = Readonly<Record<string, unknown>>

function idsIn ({ CredentialIDs }: Json): string[] | undefined {
  return Array.isArray(CredentialIDs) ? CredentialIDs.map(String) : undefined
}

function credentialOf (view: ReadView, id: string): Credential | undefined {
  const entry = view.get(id)
  return entry?.LedgerEntryType === 'Credential' ? entry : undefined
}

/** None at all in the field, too many, or one twice. */
export function hasMalformedCredentials (json: Json): boolean {
  const ids = idsIn(json)
  return ids !== undefined && (ids.length === 0 || ids.length > MAX_CREDENTIALS || new Set(ids).size < ids.length)
}

/** All of them exist, are the sender's, and accepted. */
export function areCredentialsValid (json: Json, sender: string, view: ReadView): boolean {
  return (idsIn(json) ?? []).every(id => {
    const credential = credentialOf(view, id)
    return credential?.Subject === sender && (credential.Flags & lsfAccepted) !== 0
  })
}

/**
 * Why `sender` may not pay into `destination`, if so.
 * @param expired gets expired credentials, which are deleted whatever the result
 */
export function depositFault (
  json: Json, sender: string, destination: AccountRoot, view: ReadView, { parentCloseTime }: Building, expired: Set<string>
): Result | undefined {
  const ids = idsIn(json)
  for (const id of ids ?? []) if (parentCloseTime > (credentialOf(view, id)?.Expiration ?? Infinity)) expired.add(id)
  if (expired.size > 0) return 'tecEXPIRED'
  const needsPermission = (destination.Flags & lsf.depositAuth) !== 0 && sender !== destination.Account
  if (!needsPermission || view.get(depositPreauthIndex(destination.Account, sender)) !== undefined) return undefined
  return ids !== undefined && isAuthorizedBy(ids, destination.Account, view) ? undefined : 'tecNO_PERMISSION'
}

/** Whether the destination has preauthorised exactly this set of credentials. */
function isAuthorizedBy (ids: readonly string[], destination: string, view: ReadView): boolean {
  const shown = ids.map(id => credentialOf(view, id)).map(found => `${found?.Issuer ?? ''} ${found?.CredentialType ?? ''}`).sort().join()
  return objectsOf(view, destination).some(id => {
    const entry = view.get(id)
    if (entry?.LedgerEntryType !== 'DepositPreauth' || entry.AuthorizeCredentials === undefined) return false
    return entry.AuthorizeCredentials.map(({ Credential }) => `${Credential.Issuer} ${Credential.CredentialType}`).sort().join() === shown
  })
}
