/** SHA-512Half and the ids of ledger entries (rippled Indexes.cpp; xrpl.org, "ledger object IDs"). All hex is upper case. */
import { createHash } from 'node:crypto'
import { decodeAccountID } from 'xrpl'

const SPACE = { account: '0061', ownerDirectory: '004F', channel: '0078', ticket: '0054', depositPreauth: '0070', credential: '0044' }

/** The first half of the SHA-512 of bytes in hex. */
export function sha512Half (...hex: string[]): string {
  return createHash('sha512').update(Buffer.from(hex.join(''), 'hex')).digest('hex').slice(0, 64).toUpperCase()
}

/** The 20 bytes of a classic address, in hex. */
export function accountIdHex (address: string): string {
  return Buffer.from(decodeAccountID(address)).toString('hex').toUpperCase()
}

export function accountIndex (address: string): string {
  return sha512Half(SPACE.account, accountIdHex(address))
}

export function ownerDirectoryIndex (address: string): string {
  return sha512Half(SPACE.ownerDirectory, accountIdHex(address))
}

/** @param sequence the Sequence of the creating transaction, or its TicketSequence */
export function channelIndex (source: string, destination: string, sequence: number): string {
  return sha512Half(SPACE.channel, accountIdHex(source), accountIdHex(destination), uint32Hex(sequence))
}

export function ticketIndex (address: string, ticketSequence: number): string {
  return sha512Half(SPACE.ticket, accountIdHex(address), uint32Hex(ticketSequence))
}

export function depositPreauthIndex (owner: string, authorized: string): string {
  return sha512Half(SPACE.depositPreauth, accountIdHex(owner), accountIdHex(authorized))
}

/** @param type hex */
export function credentialIndex (subject: string, issuer: string, type: string): string {
  return sha512Half(SPACE.credential, accountIdHex(subject), accountIdHex(issuer), type)
}

export function uint32Hex (value: number): string {
  return value.toString(16).padStart(8, '0').toUpperCase()
}

export function uint64Hex (value: bigint): string {
  return value.toString(16).padStart(16, '0').toUpperCase()
}
