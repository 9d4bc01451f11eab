/** What a code of a Reject means, and what lets such packets pass, for people who look at the explorer. Codes: RFC 0027. */

interface Words {
  words: string
  fix: string
}

const CODES: Readonly<Record<string, Words>> = {
  F00: { words: 'The packet is malformed, or the receiver does not want it.', fix: 'Read the message: it is the receiver, or a connector on the way, that says what is wrong. The sender has to change the packet.' },
  F01: { words: 'The packet could not be read.', fix: 'The sender and this connector speak different versions: update the one that is older.' },
  F02: { words: 'There is no route to the destination, or its next hop is unknown there.', fix: 'Look the destination up under Routes. Add a route for its prefix, or correct the address.' },
  F03: { words: 'The amount is not the one that the receiver expects.', fix: 'The sender has to pay what the receiver asks for. With a fee on the way, less arrives than was sent.' },
  F04: { words: 'The answer had the wrong fulfilment: nobody was paid.', fix: 'The next hop answered with a wrong secret. If it does so often, disconnect it.' },
  F05: { words: 'The receiver has another condition than the packet.', fix: 'Sender and receiver disagree about the secret of the packet: let them set up the payment anew.' },
  F06: { words: 'The receiver expected no such payment.', fix: 'The sender used an old address or token: let it ask the receiver for new ones.' },
  F07: { words: 'Somebody on the way may not, or will not, serve this packet.', fix: 'Choose another way: a route over another peer.' },
  F08: { words: 'The amount is above what one packet may carry.', fix: 'The sender has to send smaller packets, or raise the limit: maxPacketAmount of the account, or that of the connector that refused it.' },
  F99: { words: 'The receiver refused it for a reason of its own.', fix: 'Read the message and the data of the answer: they are the receiver\'s.' },
  R00: { words: 'The packet timed out on its way: nobody answered before it expired.', fix: 'Look whether the next hop answers (Peers), and at how long answers take. The sender may give packets more time.' },
  R01: { words: 'Too little would arrive: the amount does not cover the rate and the fees.', fix: 'The sender has to send larger packets, or the connector that refused it has to ask for less.' },
  R02: { words: 'Too little time was left when the packet arrived.', fix: 'The sender has to give packets more time, or minMessageWindow of a connector on the way is too long. Compare the clocks of both machines.' },
  R99: { words: 'The receiver gave up this attempt.', fix: 'Read the message and the data of the answer. The sender may try again.' },
  T00: { words: 'Something failed at the connector that refused it.', fix: 'Look into the log of the connector that triggered it, at the time of the packet.' },
  T01: { words: 'The next hop is not connected, or does not answer.', fix: 'Look under Peers since when it has been away, and whether its address and secret are right. Add a second route for the prefix.' },
  T02: { words: 'The next hop is busy.', fix: 'The sender has to wait and try again. If it goes on, the next hop needs more capacity.' },
  T03: { words: 'The connector has too many packets in flight.', fix: 'The sender has to slow down. If it goes on, look at in flight and the event loop on the Overview.' },
  T04: { words: 'A credit limit is reached: the peer may owe no more, or we may.', fix: 'Settle with the peer, or raise the limit of its account (balance.maximum; creditLimits of a node).' },
  T05: { words: 'The peer sends more packets than its rate limit allows.', fix: 'The sender has to slow down, or raise rateLimit of its account.' },
  T99: { words: 'The receiver cannot take it now, for a reason of its own.', fix: 'Read the message and the data of the answer. The sender may try again.' }
}

const OF_CLASS: Readonly<Record<string, Words>> = {
  F: { words: 'The packet is wrong, and would be refused again.', fix: 'Read the message: the sender has to change the packet.' },
  R: { words: 'The packet did not work out in time or amount.', fix: 'The sender may try again, with more time or another amount.' },
  T: { words: 'Somebody on the way cannot serve it at the moment.', fix: 'The sender may try again later.' }
}
const NO_ANSWER: Words = { words: 'There was no answer at all.', fix: 'Look into the log of this node, at the time of the packet.' }
const UNKNOWN: Words = { words: 'This code is not one of ILP.', fix: 'Read the message: the connector that triggered it has codes of its own.' }

/** For any text in the place of a code. */
export function wordsFor (code: string): Words {
  if (code === '') return NO_ANSWER
  return (Object.hasOwn(CODES, code) ? CODES[code] : undefined) ?? OF_CLASS[/^([FRT])\d\d$/.exec(code)?.[1] ?? ''] ?? UNKNOWN
}
