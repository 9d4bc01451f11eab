/** `node dist/test/support/explorer/stand-in-main.js [port] [packets a second]`: the explorer's page of a made node, to look at. */
import { StandIn } from './stand-in.js'

const [port = '3901', rate = '40'] = process.argv.slice(2)
const standIn = new StandIn({ port: Number(port), rate: Number(rate) })
await standIn.start()
console.log(`The page of a made node is at ${standIn.url}`)
