/**
 * The connections of one account: one that we have opened, one that the peer has opened, or both, and what is asked over them.
 *
 * A client that has shown the secret, or a server at the address that we dial, is the peer, however often its connections break. A client
 * without a secret may be someone else each time: only the guest that was asked may answer, and only the guest that asked gets the answer.
 */
import { isSameSession, sessionOf } from './auth.js'
import { AlreadyConnectedError } from './wire/errors.js'
import { Exchange } from './wire/exchange.js'
import type { ExchangeOptions } from './wire/exchange.js'
import type { Wire } from './wire/fast-reader.js'
import type { Frame } from './wire/frame.js'
import { BtpSocket } from './wire/socket.js'
import type { SocketOptions } from './wire/socket.js'

export interface ConnectionsOptions extends ExchangeOptions {
  /** Whether the connector has no room for a packet of so many bytes. */
  isBusy: (bytes: number) => boolean
  /** Counts a request of the peer, and of the client that it is, and tells whether it may go on. */
  admits: (client: string | undefined) => boolean
  /** Whether anything is done with a TRANSFER. */
  takesTransfers: () => boolean
  /** Something can be sent from now on. */
  onConnect: () => void
  /** Nothing can be sent any more. */
  onDisconnect: () => void
}

interface Guest {
  readonly exchange: Exchange
  /** What it is known by when it comes again. Undefined: it is not. */
  readonly knownBy: Buffer | undefined
}

export class Connections {
  readonly #makeOptions: () => ConnectionsOptions
  #madeOptions: ConnectionsOptions | undefined
  /** With the peer, made when it is first connected: thousands of accounts may wait for theirs. */
  #exchange: Exchange | undefined
  /** The latest one. */
  #guest: Guest | undefined
  /** The socket that we opened; preferred when there are both. */
  #outgoing: BtpSocket | undefined
  /** The newest socket that the peer opened. */
  #incoming: BtpSocket | undefined
  /** The one before it, which may take its time to close, but only until there is another one: a peer has so many sockets and no more. */
  #replaced: BtpSocket | undefined

  /** `options` are asked for with the first connection. */
  constructor (options: () => ConnectionsOptions) {
    this.#makeOptions = options
  }

  isConnected (): boolean {
    return (this.#outgoing ?? this.#incoming) !== undefined
  }

  /** For what we send. */
  get socket (): BtpSocket | undefined {
    return this.#outgoing?.isOpen === false ? this.#incoming ?? this.#outgoing : this.#outgoing ?? this.#incoming
  }

  /** Requests of ours that wait for an answer, also while there is no connection. */
  get pendingRequests (): number {
    return (this.#exchange?.pendingRequests ?? 0) + (this.#guest?.exchange.pendingRequests ?? 0)
  }

  get unreadableFrames (): number {
    return (this.#outgoing?.unreadableFrames ?? 0) + (this.#incoming?.unreadableFrames ?? 0)
  }

  /** Takes over a socket on which the peer has let us in. */
  dialled (wire: Wire): void {
    const exchange = this.#withPeer()
    const socket = this.#newSocket(wire, 'client', exchange)
    this.#connect(exchange, socket, () => { this.#outgoing = socket })
  }

  /** Takes over a socket on which the peer has shown the secret with its first frame. */
  accept (wire: Wire, first: Frame, { keepFirst }: { keepFirst: boolean }): void {
    if (keepFirst && this.isConnected()) throw new AlreadyConnectedError()
    this.#letIn(wire, first, this.#withPeer())
  }

  /** Takes over a socket of somebody without a secret. Throws AlreadyConnectedError where the first is to be kept, and this is another. */
  acceptGuest (wire: Wire, first: Frame, { keepFirst }: { keepFirst: boolean }): void {
    const knownBy = sessionOf(first)
    let guest = this.#guest
    if (guest === undefined || !isSameSession(guest.knownBy, knownBy)) {
      if (keepFirst && this.isConnected()) throw new AlreadyConnectedError()
      guest?.exchange.end()
      guest = this.#guest = { exchange: new Exchange(this.#options), knownBy }
    }
    this.#letIn(wire, first, guest.exchange)
  }

  /** Ends all requests and closes all sockets. Resolves when they are closed. */
  async end (): Promise<void> {
    const sockets = [this.#outgoing, this.#incoming]
    this.#outgoing = this.#incoming = undefined
    this.#exchange?.end()
    this.#guest?.exchange.end()
    await Promise.all(sockets.flatMap(socket => socket?.close('disconnect') ?? []))
  }

  get #options (): ConnectionsOptions {
    return this.#madeOptions ??= this.#makeOptions()
  }

  #withPeer (): Exchange {
    return this.#exchange ??= new Exchange(this.#options)
  }

  #letIn (wire: Wire, { requestId }: Frame, exchange: Exchange): void {
    const socket = this.#newSocket(wire, 'server', exchange)
    socket.letIn(requestId)
    const older = this.#incoming
    this.#connect(exchange, socket, () => { this.#incoming = socket })
    this.#replaced?.terminate()
    this.#replaced = older
    void older?.close('replaced by a newer connection')
  }

  #newSocket (wire: Wire, role: SocketOptions['role'], exchange: Exchange): BtpSocket {
    const { log, maxPayload, isBusy, admits, takesTransfers, ownAddress } = this.#options
    const { client } = wire
    const socket: BtpSocket = new BtpSocket(wire, {
      role, log, maxPayload, isBusy, takesTransfers, ownAddress, exchange,
      admits: () => admits(client),
      onClose: () => { this.#lost(socket) }
    })
    return socket
  }

  #connect (exchange: Exchange, socket: BtpSocket, take: () => void): void {
    const wasConnected = this.isConnected()
    take()
    exchange.join(socket)
    if (!wasConnected) this.#options.onConnect()
  }

  #lost (socket: BtpSocket): void {
    const wasConnected = this.isConnected()
    if (this.#outgoing === socket) this.#outgoing = undefined
    if (this.#incoming === socket) {
      this.#incoming = undefined
      if (this.#guest !== undefined && this.#guest.knownBy === undefined) this.#guest.exchange.end() // it cannot come again
    }
    if (wasConnected && !this.isConnected()) this.#options.onDisconnect()
  }
}
