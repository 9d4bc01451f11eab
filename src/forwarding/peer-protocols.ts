/** Packets for `peer.*`: questions between neighbours, answered here and never routed. IL-DCP (RFC 0031) and CCP. */
import { serializeIldcpResponse } from 'ilp-protocol-ildcp'
import type { Injector } from 'reduct'
import { Accounts } from '../accounts/accounts.js'
import { UNKNOWN_ADDRESS } from '../contracts/account.js'
import { Config } from '../config/connector/config.js'
import type { Logger } from '../contracts/logger.js'
import { LogThrottle } from '../lib/log-throttle.js'
import { BadRequestError, InvalidPacketError, PeerUnreachableError } from '../packet/errors.js'
import { prepareOf } from '../packet/prepare.js'
import { encodeReject } from '../packet/reply.js'
import { RoutingService } from '../routing/service.js'

/** SHA-256 of 32 zero bytes: anybody can fulfil it, nothing is paid with it. */
const PEER_PROTOCOL_CONDITION = Buffer.from('Zmh6rfhivXdsj8GLjp+OIAiXFIVu4jOzkCpZHQ1fKSU=', 'base64')

/** A child asks again and again. */
const LOG_INTERVAL_MS = 60_000

/** Lets an application that builds on the connector name children other than the accounts with that relation. */
export class ChildAddresses {
  /** The address of an account. Undefined: it is not a child, or has none. */
  of: ((accountId: string) => string | undefined) | undefined
}

export class PeerProtocols {
  private readonly children: ChildAddresses
  private readonly accounts: Accounts
  private readonly routes: RoutingService
  private readonly log: Logger
  private readonly expired = new LogThrottle(LOG_INTERVAL_MS)

  constructor (deps: Injector) {
    this.accounts = deps(Accounts)
    this.children = deps(ChildAddresses)
    this.routes = deps(RoutingService)
    this.log = deps(Config).createLogger('accounts')
  }

  /** Throws the ILP error that the peer is to get. */
  handle (packet: Buffer, accountId: string): Buffer {
    const { destination, executionCondition } = prepareOf(packet)
    if (!executionCondition.equals(PEER_PROTOCOL_CONDITION)) throw new InvalidPacketError('condition must be peer protocol condition.')
    if (destination === 'peer.config') return this.addressFor(packet, accountId)
    if (destination.startsWith('peer.route')) return this.routes.handle(accountId, prepareOf(packet))
    throw new InvalidPacketError('unknown peer protocol.')
  }

  /** IL-DCP: tells a child its address and the asset of its account. */
  private addressFor (packet: Buffer, accountId: string): Buffer {
    const { relation, assetCode, assetScale } = this.accounts.getInfo(accountId)
    const given = this.children.of?.(accountId)
    if (relation !== 'child' && given === undefined) throw new BadRequestError("Can't generate child address for account that is isn't a child")
    const ownAddress = this.accounts.getOwnAddress()
    const { expiresAt } = prepareOf(packet)
    const now = Date.now()
    if (expiresAt < now) {
      const [expiry, currentTime] = [new Date(expiresAt).toISOString(), new Date(now).toISOString()]
      const unsaid = this.expired.due()
      if (unsaid !== undefined) {
        this.log.warn('child asks for its address with a packet that has expired: its clock or ours is wrong. accountId=%s expiry=%s currentTime=%s sinceLastLine=%d',
          accountId, expiry, currentTime, unsaid)
      }
      // Answered, not thrown: the metrics know it as rejected, not as failed.
      const message = `IL-DCP request packet is expired. expiry=${expiry} currentTime=${currentTime}`
      return encodeReject({ code: 'F00', triggeredBy: ownAddress, message, data: Buffer.alloc(0) })
    }
    if (ownAddress === UNKNOWN_ADDRESS) throw new PeerUnreachableError('connector has no address from its parent yet.')
    return serializeIldcpResponse({ clientAddress: given ?? this.accounts.getChildAddress(accountId), assetScale, assetCode })
  }
}
