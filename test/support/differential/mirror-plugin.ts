/** A ledger plugin (LPI v2) that remembers what reached it. Both connectors get one each for every account, scripted alike. */
import { EventEmitter } from 'node:events'
import type { DataHandler, MoneyHandler } from '../../../src/contracts/plugin.js'
import { fulfil, readPrepare, type Prepare } from './packets.js'

/** What the peers do with a packet; called for each connector apart, so it must depend on nothing but its arguments. */
export type Respond = (prepare: Prepare, accountId: string) => unknown

export const fulfilAll: Respond = prepare => fulfil(prepare)

export class MirrorPlugin extends EventEmitter {
  static readonly version = 2
  readonly packets: Buffer[] = []
  readonly money: string[] = []
  readonly calls: unknown[] = []
  respond: Respond
  pay: (amount: string) => unknown = () => undefined
  private connected = false
  private data: DataHandler | undefined
  private moneyIn: MoneyHandler | undefined

  constructor (readonly accountId: string, respond: Respond) {
    super()
    this.respond = respond
  }

  connect (options: object): Promise<void> {
    this.calls.push({ connect: options })
    this.setConnected(true)
    return Promise.resolve()
  }

  disconnect (): Promise<void> {
    this.calls.push('disconnect')
    this.setConnected(false)
    return Promise.resolve()
  }

  isConnected (): boolean {
    return this.connected
  }

  /** Goes on or off line, as the network has it. */
  setConnected (connected: boolean): void {
    if (connected === this.connected) return
    this.connected = connected
    this.emit(connected ? 'connect' : 'disconnect')
  }

  async sendData (packet: Buffer): Promise<Buffer> {
    this.packets.push(Buffer.from(packet))
    return await this.respond(readPrepare(packet), this.accountId) as Buffer
  }

  async sendMoney (amount: string): Promise<void> {
    this.money.push(amount)
    await this.pay(amount)
  }

  registerDataHandler (handler: DataHandler): void {
    if (this.data !== undefined) throw new Error('there is a data handler already')
    this.data = handler
  }

  deregisterDataHandler (): void {
    this.data = undefined
  }

  registerMoneyHandler (handler: MoneyHandler): void {
    if (this.moneyIn !== undefined) throw new Error('there is a money handler already')
    this.moneyIn = handler
  }

  deregisterMoneyHandler (): void {
    this.moneyIn = undefined
  }

  get hasHandlers (): boolean {
    return this.data !== undefined && this.moneyIn !== undefined
  }

  /** A packet arrives from the peer. */
  async receive (packet: Buffer): Promise<Buffer> {
    if (this.data === undefined) throw new Error('no data handler')
    return await this.data(packet)
  }

  /** The peer has paid. */
  async receiveMoney (amount: string): Promise<void> {
    if (this.moneyIn === undefined) throw new Error('no money handler')
    await this.moneyIn(amount)
  }
}
