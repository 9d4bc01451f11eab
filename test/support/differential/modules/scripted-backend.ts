/** A backend that does what its options say, and notes what it was told. Both connectors load it by its path. */
import type { Backend, BackendApi, PacketReport, PaymentReport, Rate } from '../../../../src/contracts/backend.js'

export interface Script {
  /** The rate; a function is called, and may throw. */
  rate?: number | string | { toString (): string }
  /** Instead of a rate. May throw, or return what it should not. */
  getRate?: (source: string, destination: string) => Promise<Rate>
  connect?: () => Promise<void>
  submitPacket?: (packet: PacketReport) => Promise<void>
  submitPayment?: (payment: PaymentReport) => Promise<void>
  /** What it was asked and told, in order. */
  calls?: unknown[]
}

export default class ScriptedBackend implements Backend {
  constructor (private readonly options: Script, _api: BackendApi) {}

  connect (): Promise<void> {
    this.options.calls?.push('connect')
    return this.options.connect ? this.options.connect() : Promise.resolve()
  }

  getRate (source: string, destination: string): Promise<Rate> {
    this.options.calls?.push(['getRate', source, destination])
    const { rate = 1, getRate = () => Promise.resolve(rate) } = this.options
    return getRate(source, destination)
  }

  submitPacket (packet: PacketReport): Promise<void> {
    this.options.calls?.push(['submitPacket', packet])
    return this.options.submitPacket ? this.options.submitPacket(packet) : Promise.resolve()
  }

  submitPayment (payment: PaymentReport): Promise<void> {
    this.options.calls?.push(['submitPayment', payment])
    return this.options.submitPayment ? this.options.submitPayment(payment) : Promise.resolve()
  }
}
