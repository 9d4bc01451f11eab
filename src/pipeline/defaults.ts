/** The built-in middlewares in the order in which they are applied. Custom ones follow, in the order of the configuration. */
export const BUILT_IN_MIDDLEWARES: ReadonlyMap<string, string> = new Map([
  ['errorHandler', 'error-handler'], //             outermost: whatever is thrown below becomes a reject
  ['rateLimit', 'rate-limit'], //                   before anything that costs more than a counter
  ['maxPacketAmount', 'max-packet-amount'], //      refuses by size before money is touched
  ['throughput', 'throughput'], //                  refuses by bandwidth before money is touched
  ['balance', 'balance'], //                        holds money; from here on every answer must come back through it
  ['deduplicate', 'deduplicate'], //                puts itself first among the outgoing steps: a duplicate costs nothing
  ['echo', 'echo'], //                              turns a ping to us into a packet to its sender
  ['expire', 'expire'], //                          answers R00 when the next hop does not
  ['validateFulfillment', 'validate-fulfillment'], //  before anything counts the packet as paid
  ['stats', 'stats'], //                            counts what really came and went
  ['alert', 'alert'] //                             sees the next hop's answer as it is
])
