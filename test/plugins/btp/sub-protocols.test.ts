/** What settlement plugins build on: entries of their own in MESSAGEs and TRANSFERs. RFC 0023 section "Sub-protocols". */
import { expect } from 'chai'
import type { MoneyHandler } from '../../../src/contracts/plugin.js'
import { ContentType } from '../../../src/contracts/transport.js'
import type { Entry } from '../../../src/contracts/transport.js'
import PluginBtp from '../../../plugins/btp/index.js'
import { SECRET, afterTest, btpErrorOf, closeAll, connectedPair, freePort, serverUrl } from '../../support/btp.js'
import { rejectionError } from '../../support/failures.js'

describe('BTP sub-protocols', () => {
  afterEach(closeAll)

  const entry = (protocolName: string, text = ''): Entry => ({ protocolName, contentType: ContentType.TEXT, data: Buffer.from(text) })

  it('reach their handlers in MESSAGE and TRANSFER, and the answers come back', async () => {
    const { server, client } = await connectedPair()
    server.registerProtocolHandler('claim', ({ data }, request) => {
      const amount = 'amount' in request ? `${request.amount}` : 'none'
      return Promise.resolve([entry('claim', `${data.toString()} amount=${amount} of ${request.protocolData.length}`)])
    })
    const messageAnswer = await client.sendMessage([entry('claim', 'one'), entry('unknown')])
    expect(messageAnswer.map(({ data }) => String(data))).to.deep.equal(['one amount=none of 2'])
    const transferAnswer = await client.sendTransfer(2n ** 64n - 1n, [entry('claim', 'two')])
    expect(transferAnswer.map(({ data }) => String(data))).to.deep.equal(['two amount=18446744073709551615 of 1'])
  })

  it('that nobody handles are passed over in a MESSAGE and refused in a TRANSFER', async () => {
    const { server, client } = await connectedPair()
    expect(await client.sendMessage([entry('unknown')])).to.deep.equal([])
    expect(btpErrorOf(await rejectionError(client.sendTransfer(1n, [entry('unknown')]))).data).to.include('No sendMoney functionality')
    server.registerProtocolHandler('claim', () => Promise.resolve([]))
    server.deregisterProtocolHandler('claim')
    expect((await rejectionError(client.sendTransfer(1n, [entry('claim')]))).message).to.include('No sendMoney functionality')
  })

  it('make a settlement plugin of whoever has the transport', async () => {
    class Settling {
      readonly transport: PluginBtp
      moneyHandler: MoneyHandler | undefined

      constructor (options: Record<string, unknown>) {
        this.transport = new PluginBtp(options)
      }

      async sendMoney (amount: string): Promise<void> {
        await this.transport.sendTransfer(BigInt(amount), [entry('proof', amount)])
      }

      listenForMoney (): void {
        this.transport.registerProtocolHandler('proof', async ({ data }) => {
          await this.moneyHandler?.(data.toString())
          return []
        })
      }
    }
    const port = await freePort()
    const receiver = new Settling({ listener: { port, secret: SECRET } })
    const sender = new Settling({ server: serverUrl(port) })
    afterTest(() => Promise.all([receiver.transport.disconnect(), sender.transport.disconnect()]))
    receiver.listenForMoney()
    const received: string[] = []
    receiver.moneyHandler = amount => {
      received.push(amount)
      return Promise.resolve()
    }
    await Promise.all([receiver.transport.connect(), sender.transport.connect()])
    await sender.sendMoney('12')
    expect(received).to.deep.equal(['12'])
  })
})
