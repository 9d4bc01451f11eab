/** Nodes that answer without an end: no more is read than any answer has, on whatever way the node is asked. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { Rest } from '../../../../plugins/aptos/chain/rest.js'
import { JsonRpc } from '../../../../plugins/lib/rpc/json-rpc.js'
import { rejectionError } from '../../../support/failures.js'
import { TestSocksProxy } from '../../../support/socks-proxy.js'

const CHUNK = Buffer.alloc(4 * 1024 * 1024, ' ')

describe('a node that answers without an end', function () {
  this.timeout(60_000)
  let server: Server
  let proxy: TestSocksProxy
  let port: number
  before(async () => {
    server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const more = (): void => {
        while (!response.destroyed && response.write(CHUNK));
      }
      response.on('drain', more).on('error', () => undefined)
      more()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ;({ port } = server.address() as AddressInfo)
    proxy = await TestSocksProxy.start({ 'node.example': port })
  })
  after(async () => {
    await proxy.stop()
    server.closeAllConnections()
    await new Promise(resolve => { server.close(resolve) })
  })

  for (const [way, place] of [
    ['directly', () => ({ url: `http://127.0.0.1:${port}/` })], ['through a proxy', () => ({ url: 'http://node.example/', socksProxy: proxy.url })]
  ] as const) {
    it(`is read for so long, asked ${way}`, async () => {
      const rpc = new JsonRpc({ ...place(), timeoutMs: 20_000 })
      expect((await rejectionError(rpc.call('eth_chainId'))).message).to.match(/the answer is longer than 67108864 bytes/)
      rpc.close()
      const rest = new Rest({ ...place(), timeoutMs: 20_000 })
      expect((await rejectionError(rest.get('/'))).message).to.match(/the answer is longer than 8388608 bytes/)
      rest.close()
    })
  }
})
