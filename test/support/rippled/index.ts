/**
 * A stand-in for rippled, the server of the XRP Ledger, for tests and demos: it speaks rippled's JSON over WebSocket, so that the real
 * client `xrpl` and plugins of others work with it. No rippled has been used; its rules are those of its sources and of xrpl.org.
 *
 * Seen working with it: xrpl 5.3.0, and ripple-lib 0.22, which ilp-plugin-xrp-paychan brings (on a network id up to 1024).
 *
 * Modelled: accounts, XRP, payment channels, tickets, deposit authorisation and credentials; all checks of a transaction in their order;
 * signatures of transactions and claims as rippled judges them; sequences, reserves, fees, the escalation of fees and the queue;
 * canonical order inside a ledger with its passes; close times; metadata and the threads of entries; amendments on and off; the commands
 * in `api/`, in their versions 1 and 2; streams; and the faults in `faults.ts`.
 *
 * Not modelled: tokens (a test may place a channel of tokens, but nothing moves them), all other transactions, multi-signing, consensus
 * between validators, pages of 32 entries in directories, real hashes of ledgers, a transaction whose fee pays for the queue before it.
 */
import { Network, type ClosedLedger, type NetworkOptions } from './network.js'
import { MAINNET_AMENDMENTS, MAINNET_FEES } from './rules.js'
import { RippledServer } from './server.js'
import type { AccountRoot, PayChannel } from './entries.js'
import { accountOf, channelOf } from './view.js'

const TEST_NETWORK_ID = 31_338
const FIRST_LEDGER = 1000
const LEDGER_SECONDS = 4

export interface RippledOptions extends Partial<NetworkOptions> {
  /**
   * Ledgers close by themselves so often, in real ms; by `closeLedger` alone when absent. `submitAndWait` of xrpl.js looks once a second
   * and gives up after 20 ledgers, so it wants 100 ms at least.
   */
  ledgerMs?: number | undefined
  /** Drops of accounts that exist from the beginning, by address. */
  accounts?: Readonly<Record<string, bigint>>
  port?: number
}

export interface Rippled {
  readonly url: string
  readonly network: Network
  readonly server: RippledServer
  readonly faults: RippledServer['faults']
  /** The validated state, as the network has it. */
  readonly state: {
    account (address: string): AccountRoot | undefined
    channel (id: string): PayChannel | undefined
  }
  /** Closes the open ledger; it is validated at once. @param count so many, one after the other */
  closeLedger (count?: number): ClosedLedger
  fund (address: string, drops: bigint): void
  /** All clocks jump ahead by seconds. */
  skip (seconds: number): void
  /** Another server of the same network, with faults of its own. */
  anotherServer (): Promise<RippledServer>
  stop (): Promise<void>
}

/** Starts a network with one server. Ledgers are 4 s apart unless `ledgerSeconds` says otherwise; undefined: as the clock says. */
export async function startRippled (options: RippledOptions = {}): Promise<Rippled> {
  const { ledgerMs, accounts = {}, port } = options
  const network = new Network({
    networkId: options.networkId ?? TEST_NETWORK_ID,
    amendments: options.amendments ?? MAINNET_AMENDMENTS,
    fees: options.fees ?? MAINNET_FEES,
    firstLedger: options.firstLedger ?? FIRST_LEDGER,
    ledgerSeconds: 'ledgerSeconds' in options ? options.ledgerSeconds : LEDGER_SECONDS,
    expectedTransactions: options.expectedTransactions,
    queueSize: options.queueSize
  })
  for (const [address, drops] of Object.entries(accounts)) network.fund(address, drops)
  const servers = [new RippledServer(network)]
  const [server] = servers as [RippledServer]
  await server.start(port)
  const timer = ledgerMs === undefined ? undefined : setInterval(() => { network.close() }, ledgerMs)
  const view = { get: (index: string) => network.lastClosed.state?.get(index) }
  return {
    url: server.url,
    network,
    server,
    faults: server.faults,
    state: { account: address => accountOf(view, address), channel: id => channelOf(view, id) },
    closeLedger (count = 1) {
      for (let closed = 1; closed < count; closed++) network.close()
      return network.close()
    },
    fund: (address, drops) => { network.fund(address, drops) },
    skip: seconds => { network.skip(seconds) },
    async anotherServer () {
      const another = new RippledServer(network)
      servers.push(another)
      await another.start()
      return another
    },
    async stop () {
      clearInterval(timer)
      await Promise.all(servers.map(each => each.stop()))
    }
  }
}
