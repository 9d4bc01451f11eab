/**
 * The stand-in for Mina's chain as a process: `node dist/test/support/mina/main.js`. o1js takes much memory and keeps a process alive, so
 * tests and demos start it and speak HTTP. It prints one line of JSON, `{ url, control }`, and runs until its standard input ends.
 *
 * `control` takes POSTs of `{ does, … }`: the functions of `MinaStandIn` in index.ts.
 */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { startChecker } from './contract-check.js'
import { doOrder, type Order } from './control.js'
import { ChainLedger } from './ledger.js'
import { Network } from './network.js'
import { MinaNode, bodyOf } from './server.js'

const { values } = parseArgs({
  options: {
    'network-id': { type: 'string', default: 'mina:devnet' },
    port: { type: 'string', default: '0' },
    'block-ms': { type: 'string' },
    proofs: { type: 'boolean', default: false }
  }
})
const network = await Network.create()
const signatures = await ChainLedger.create(new Map())
const checker = values.proofs ? undefined : await startChecker()
const parts = { network, signatures, checker, networkId: values['network-id'] }
const nodes = [new MinaNode(parts)]
const urls = [await nodes[0]!.start(Number(values.port))]
if (values['block-ms'] !== undefined) setInterval(() => { network.make(network.tip.slot + network.slotsPerBlock) }, Number(values['block-ms']))

const world = { network, nodes, urls, addNode: () => new MinaNode(parts) }
const control = createServer((request, response) => {
  const done = bodyOf(request).then(body => doOrder(JSON.parse(body) as Order, world))
  done.then(
    answer => { response.writeHead(200).end(JSON.stringify({ answer })) },
    (error: unknown) => { response.writeHead(500).end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) })) }
  )
})
control.listen(0, '127.0.0.1')
await once(control, 'listening')
process.stdout.write(`${JSON.stringify({ url: urls[0], control: `http://127.0.0.1:${(control.address() as AddressInfo).port}` })}\n`)
process.stdin.resume()
process.stdin.once('end', () => { process.exit(0) })
