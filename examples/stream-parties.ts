/** A sender and a receiver of STREAM payments (RFC 0029), each an ordinary peer of a connector over any LPI plugin. */
import { randomBytes } from 'node:crypto'
import { quote, type Receipt } from '@interledger/pay'
import { StreamServer, type StreamCredentials } from '@interledger/stream-receiver'
import { deserializeIlpPrepare, isFulfill, isReject, serializeIlpFulfill, serializeIlpReply } from 'ilp-packet'
import { fetch as fetchIldcp } from 'ilp-protocol-ildcp'

/** The part of an LPI plugin that a payment needs. */
export interface StreamPlugin {
  connect (): Promise<unknown>
  disconnect (): Promise<unknown>
  isConnected (): boolean
  sendData (data: Buffer): Promise<Buffer>
  sendMoney (amount: string): Promise<unknown>
  registerDataHandler (handler: (data: Buffer) => Promise<Buffer>): void
  deregisterDataHandler (): void
}

export interface Receiver {
  address: string
  assetCode: string
  assetScale: number
  credentials: StreamCredentials
  /** Base units taken so far. */
  received (): bigint
}

/** Takes every payment that arrives over a connected plugin. */
export async function receive (plugin: StreamPlugin): Promise<Receiver> {
  const { clientAddress, assetCode, assetScale } = await fetchIldcp(data => plugin.sendData(data))
  const server = new StreamServer({ serverSecret: randomBytes(32), serverAddress: clientAddress })
  let total = 0n
  plugin.registerDataHandler(data => {
    const prepare = deserializeIlpPrepare(data)
    const money = server.createReply(prepare)
    if (isFulfill(money) || isReject(money)) return Promise.resolve(serializeIlpReply(money))
    total += BigInt(prepare.amount)
    return Promise.resolve(serializeIlpFulfill(money.accept()))
  })
  const credentials = server.generateCredentials({ asset: { code: assetCode, scale: assetScale } })
  return { address: clientAddress, assetCode, assetScale, credentials, received: () => total }
}

/** Sends `amount` whole units of the sender's asset over a connected plugin; at most 1% may go to connectors on the way. */
export async function send (plugin: StreamPlugin, to: StreamCredentials, amount: string): Promise<Receipt> {
  const { pay } = await quote({
    // The types of the plugin interface that it was built with ask for methods that it does not use.
    plugin: plugin as unknown as Parameters<typeof quote>[0]['plugin'],
    destinationAddress: to.ilpAddress,
    sharedSecret: to.sharedSecret,
    amountToSend: amount,
    slippage: 0.01,
    prices: {}
  })
  return await pay()
}
