/** What all accounts of a process with one server, network and address share: its view of the ledger, and the way in for transactions. */
import { Ledger } from './ledger.js'
import type { LedgerOptions, Member } from './ledger.js'
import { Sender } from './sender.js'
import type { SenderDeps } from './sender.js'

export interface DeskOptions extends Omit<LedgerOptions, 'address'>, Omit<SenderDeps, 'ledger'> {}

export interface Desk {
  readonly ledger: Ledger
  readonly sender: Sender
  /** The last one that leaves closes the connection. */
  leave (member: Member): Promise<void>
}

const desks = new Map<string, Desk>()

/** The desk of these options, which opens for the first that joins. */
export function joinDesk (options: DeskOptions, member: Member): Desk {
  const { rpcUrl, socksProxy, network, signer: { address }, log } = options
  const key = JSON.stringify([rpcUrl, socksProxy, network, address])
  const desk = desks.get(key) ?? open({ ...options, rpcUrl, network, log, address }, () => { desks.delete(key) })
  desks.set(key, desk)
  desk.ledger.join(member)
  return desk
}

function open (options: DeskOptions & LedgerOptions, ended: () => void): Desk {
  const ledger = new Ledger(options, ended)
  const sender = new Sender({ ...options, ledger })
  ledger.onTick = () => { sender.ticked() }
  return { ledger, sender, leave: member => ledger.leave(member) }
}
