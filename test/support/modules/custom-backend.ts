/** A user's own backend, loaded by path: its rates are what the test hands over as `backendConfig.rate`. */
import { fileURLToPath } from 'node:url'
import type { Backend, PacketReport, PaymentReport, Rate } from '../../../src/contracts/backend.js'

export interface CustomBackendOptions {
  rate?: (sourceAccount: string, destinationAccount: string) => Rate | Promise<Rate>
  connect?: () => Promise<void>
  submitPayment?: (payment: PaymentReport) => Promise<void>
  submitPacket?: (packet: PacketReport) => Promise<void>
}

export default class CustomBackend implements Backend {
  readonly submitPacket?: (packet: PacketReport) => Promise<void>

  constructor (private readonly options: CustomBackendOptions) {
    if (options.submitPacket !== undefined) this.submitPacket = options.submitPacket
  }

  async connect (): Promise<void> {
    await this.options.connect?.()
  }

  // Not async: what a backend throws, it may also throw before it returns a promise.
  getRate (sourceAccount: string, destinationAccount: string): Promise<Rate> {
    const { rate = () => 1 } = this.options
    return rate(sourceAccount, destinationAccount) as Promise<Rate>
  }

  submitPayment (payment: PaymentReport): Promise<void> {
    return this.options.submitPayment?.(payment) ?? Promise.resolve()
  }
}

/** The options of a connector with such a backend. */
export function customBackend (options: CustomBackendOptions): { backend: string, backendConfig: Record<string, unknown> } {
  return { backend: fileURLToPath(import.meta.url), backendConfig: { ...options } }
}
