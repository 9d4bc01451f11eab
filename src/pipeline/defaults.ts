/**
 * The built-in middlewares in the order in which packets pass them, and answers come back. Custom ones stand behind them, in the order of
 * the configuration, wherever they put themselves.
 */
import type { BuiltInMiddleware } from '../contracts/middleware.js'

/** On the way from an account's plugin to the routes. */
export const INCOMING: readonly BuiltInMiddleware[] = [
  'errorHandler', //         outermost: whatever is thrown below becomes a reject
  'rateLimit', //            before anything that costs more than a counter
  'maxPacketAmount', //      refuses by size before money is touched
  'throughput', //           refuses by bandwidth before money is touched
  'balance', //              holds money; from here on every answer must come back through it
  'echo', //                 turns a ping to us into a packet to its sender
  'stats' //                 counts what really came
]

/** On the way from the routes to the plugin of the next hop. */
export const OUTGOING: readonly BuiltInMiddleware[] = [
  'deduplicate', //          a duplicate costs nothing, so it stands before all that costs
  'throughput', //           refuses by bandwidth before money is touched
  'balance', //              holds money; from here on every answer must come back through it
  'expire', //               answers R00 when the next hop does not
  'validateFulfillment', //  before anything counts the packet as paid
  'stats', //                counts what really went
  'alert' //                 sees the next hop's answer as it is
]

/** The order in which they are applied to an account: each puts itself last, so both orders come out as they stand above. */
export const APPLIED: readonly BuiltInMiddleware[] = merged(INCOMING, OUTGOING)

/** The module of a built-in middleware, as `loadConstructor` knows it. */
export function moduleOf (name: BuiltInMiddleware): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

/** One list that has both in their order. Throws where they contradict each other. */
function merged<Name> (first: readonly Name[], second: readonly Name[]): Name[] {
  const all: Name[] = []
  let at = 0
  for (const name of second) {
    const here = first.indexOf(name)
    if (here >= 0 && here < at) throw new Error(`the orders of middlewares contradict each other. name=${String(name)}`)
    if (here >= 0) {
      all.push(...first.slice(at, here))
      at = here + 1
    }
    all.push(name)
  }
  return [...all, ...first.slice(at)]
}
