/** A plugin of LPI version 1: transfers and requests instead of data. */
import events = require('node:events')

class OldPlugin extends events.EventEmitter {
  private connected = false

  connect (): Promise<void> {
    this.connected = true
    return Promise.resolve()
  }

  disconnect (): Promise<void> {
    this.connected = false
    return Promise.resolve()
  }

  isConnected (): boolean { return this.connected }
  getAccount (): string { return 'test.old.connie' }
  getInfo (): object { return { prefix: 'test.old.', currencyCode: 'USD', currencyScale: 9, connectors: ['test.old.peer'] } }
  registerRequestHandler (): void { /* nobody asks */ }
  deregisterRequestHandler (): void { /* nobody asks */ }
  sendTransfer (transfer: { id: string, to: string }): Promise<void> {
    queueMicrotask(() => this.emit('outgoing_reject', transfer, { code: 'F99', name: 'x', message: transfer.to, triggered_by: 'test.old', additional_info: {} }))
    return Promise.resolve()
  }
}

export = OldPlugin
