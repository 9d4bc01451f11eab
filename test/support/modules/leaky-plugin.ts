/** A plugin that says everything it knows, loaded by path: it logs its options in every way, and its errors quote them. */
import { EventEmitter } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { PluginServices } from '../../../src/contracts/plugin.js'

export const LEAKY_PLUGIN = fileURLToPath(import.meta.url)

interface LeakyOptions {
  server: string
  authToken: string
  nested: { keys: Array<{ privateKey: string }> }
}

export default class LeakyPlugin extends EventEmitter {
  static readonly version = 2

  constructor (private readonly options: LeakyOptions, private readonly services: PluginServices) {
    super()
  }

  connect (): Promise<void> {
    const { log } = this.services
    const { server, authToken, nested } = this.options
    const [privateKey = ''] = nested.keys.map(key => key.privateKey)
    for (const write of [log.error.bind(log), log.warn.bind(log), log.info.bind(log), log.debug.bind(log)]) {
      write('dialling. server=%s authToken=%s', server, authToken)
      write(`dialling ${server} with ${authToken} and ${privateKey}`)
      write('options. all=%j', this.options)
      write('options. all=%o', this.options)
      write('options are %s and bytes are %s', this.options, Buffer.from(authToken))
      write('bytes. hex=%s base64=%s frame=%j', Buffer.from(privateKey).toString('hex'), Buffer.from(privateKey).toString('base64'), Buffer.from(authToken))
      write('failed', new Error(`no way to ${server}`, { cause: this.options }), this.options, new Map(Object.entries(this.options)))
      write('as a query. url=%s', `http://127.0.0.1/?token=${encodeURIComponent(authToken)}&x=1`)
      write('as a header. sent=%s', `Authorization: Bearer ${authToken}`)
    }
    this.emit('error', new Error(`lost ${server}, token ${authToken}`))
    return Promise.reject(new Error(`cannot connect to ${server}: ${JSON.stringify(this.options)}`))
  }

  disconnect (): Promise<void> {
    return Promise.reject(new Error(`still at ${this.options.server} as ${this.options.authToken}`))
  }

  isConnected (): boolean {
    return false
  }

  sendData (): Promise<Buffer> {
    return Promise.reject(new Error(`no connection to ${this.options.server}`))
  }

  sendMoney (): Promise<void> {
    return Promise.resolve()
  }

  registerDataHandler (): void { /* nothing comes */ }
  deregisterDataHandler (): void { /* nothing came */ }
  registerMoneyHandler (): void { /* no money comes */ }
  deregisterMoneyHandler (): void { /* no money came */ }
}
