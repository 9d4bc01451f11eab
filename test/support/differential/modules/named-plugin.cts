/** A plugin that is named in the options, as npm plugins are: the module is the class. It notes what it was constructed with. */
import events = require('node:events')

interface Options {
  constructed?: unknown[]
  fail?: string
}

class NamedPlugin extends events.EventEmitter {
  static readonly version = 2
  private connected = false

  constructor (options: Options, services: unknown) {
    super()
    if (options.fail !== undefined) throw new Error(options.fail)
    options.constructed?.push({ options, services })
  }

  connect (): Promise<void> {
    this.connected = true
    return Promise.resolve()
  }

  disconnect (): Promise<void> {
    this.connected = false
    return Promise.resolve()
  }

  isConnected (): boolean { return this.connected }
  sendData (data: Buffer): Promise<Buffer> { return Promise.resolve(data) }
  sendMoney (): Promise<void> { return Promise.resolve() }
  registerDataHandler (): void { /* nothing arrives */ }
  deregisterDataHandler (): void { /* nothing arrives */ }
  registerMoneyHandler (): void { /* nothing arrives */ }
  deregisterMoneyHandler (): void { /* nothing arrives */ }
  getAdminInfo (): Promise<unknown> { return Promise.resolve({ named: true }) }
}

export = NamedPlugin
