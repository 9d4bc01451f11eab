/** One attacker of bench/attacks.ts: a process that floods the node at PORT with FLOOD, from so many SOCKETS, until it is ended. */
import { FLOODS, flood, type FloodName } from './lib/floods.js'

const { FLOOD = '', PORT, SOCKETS, DESTINATION = '' } = process.env
if (!isFlood(FLOOD)) throw new Error(`no such flood. found=${FLOOD} expected=${Object.keys(FLOODS).join(', ')}`)
await flood(FLOOD, { port: Number(PORT), sockets: Number(SOCKETS), destination: DESTINATION })

function isFlood (name: string): name is FloodName {
  return name in FLOODS
}
