/**
 * How ILP packets and named messages reach one peer. A settlement plugin has a transport, but is not one itself: claims and questions
 * travel as entries, with or without a packet, whether the bytes go over BTP (RFC 0023) or over HTTP (RFC 0035: the packet is the body).
 */
import type { Admission, DataHandler } from './plugin.js'

/** What the bytes of an entry are. */
export const ContentType = { OCTET_STREAM: 0, TEXT: 1, JSON: 2 } as const

/** How to speak BTP to a peer: as RFC 0023 says, as agent connectors do (`toon`), or the one that it turns out to understand (`auto`). */
export const DIALECTS = ['auto', 'rfc', 'toon'] as const
export type Dialect = typeof DIALECTS[number]

/** A part of a message, with an ASCII name that says who reads it. The ILP packet, if there is one, is the entry named `ilp`. */
export interface Entry {
  protocolName: string
  contentType: number
  data: Buffer
}

/** The entries of an answer, or the ILP packet that is its only one. */
export type Answer = Buffer | readonly Entry[]

/** Answers one entry with entries. Where it rejects, the peer is told so; of an UnreachableError, that it may ask again. */
type EntryHandler = (entry: Entry) => Promise<readonly Entry[]>

/** Answers a whole message of the peer, by itself or with `next`, which answers the entries that it is given as if there were no gate. */
export type MessageGate = (entries: readonly Entry[], next: (entries: readonly Entry[]) => Promise<Answer>) => Promise<Answer>

/**
 * Why there is no answer. `ilpErrorCode` says how a packet is to be rejected: T01 no connection, and nothing was sent, T03 too much is
 * under way, and nothing was sent, T00 the peer cannot answer now, R00 there was no answer in time: the peer may have carried it out.
 * Without one: the peer has answered, and refuses.
 */
export class TransportError extends Error {
  override readonly name: string = 'TransportError'

  constructor (readonly ilpErrorCode: 'T00' | 'T01' | 'T03' | 'R00' | undefined, message: string) {
    super(message)
  }
}

/** There is no room for another peer at the moment. The message is for the peer, which may try again. */
export class NoRoomError extends Error {}

/**
 * Messages arrive in the order in which they were sent, and each is carried out once at most: a claim that is overtaken by a later one is
 * refused. Rejections are TransportErrors, but for what can never be sent, such as a message that is too large.
 */
export interface Transport {
  /** As of a plugin. */
  readonly onlyListens?: boolean
  readonly listensOn?: { readonly host: string, readonly port: number, readonly username: string | undefined } | undefined
  /** Resolves when the peer is there. Rejects after `timeout` ms (default: never), and then goes on trying. */
  connect (options?: { timeout?: number }): Promise<void>
  /** Ends everything that waits for an answer. It can be connected again. */
  disconnect (): Promise<void>
  /** Whether messages can be sent, as far as that is known. */
  isConnected (): boolean
  /** `connect`: from now on messages can be sent, perhaps to a peer that was started anew. `disconnect`: from now on they cannot. */
  on (event: 'connect' | 'disconnect', listener: () => void): unknown
  /** Sends a packet alone. Resolves to the packet of the answer; empty when it has none. */
  sendData (packet: Buffer): Promise<Buffer>
  /** Sends entries, a packet among them or not. Resolves to those of the answer. */
  sendMessage (entries: readonly Entry[]): Promise<readonly Entry[]>
  /** Answers packets. What `admission` refuses may be answered at once, and not handed over. */
  registerDataHandler (handler: DataHandler, admission?: Admission): void
  deregisterDataHandler (): void
  /** From now on `handler` answers entries of this name, before the packet beside them is looked at. */
  registerProtocolHandler (protocolName: string, handler: EntryHandler): void
  deregisterProtocolHandler (protocolName: string): void
  /** From now on every message goes through `gate` first. There is one gate. */
  setGate (gate: MessageGate): void
  /** What an operator may see: nothing of it is secret. */
  getAdminInfo (): Promise<Record<string, unknown>>
}

/** Which clients may connect to a port, by their addresses. */
export interface ClientRules {
  mayConnect (address: string): boolean
  /** Whether a reverse proxy that is believed has this address: the client is the one that it names. */
  isProxy (address: string): boolean
}

/** A port on which peers connect. */
export interface ListeningPort {
  readonly host: string
  readonly port: number
  /** Accepts no new peers. Resolves when the port is closed, unless others listen on it, too. */
  release (): Promise<void>
}

/** An ILP packet as an entry. @throws TypeError if it is not a Buffer: users' handlers do not always follow their types */
export function packetEntry (packet: unknown): Entry {
  if (!Buffer.isBuffer(packet)) throw notAPacket(packet)
  return { protocolName: 'ilp', contentType: ContentType.OCTET_STREAM, data: packet }
}

export function notAPacket (found: unknown): TypeError {
  return new TypeError(`an ILP packet must be a Buffer. found=${typeof found}`)
}

/** The ILP packet among entries; the first, should there be several. */
export function packetOf (entries: readonly Entry[]): Buffer | undefined {
  return entries.find(({ protocolName }) => protocolName === 'ilp')?.data
}
