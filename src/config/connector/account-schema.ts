/**
 * One account as its operator writes it. Defaults are words only (`absent`): account objects are used as they were given, by
 * reference and without injected values, and the part that uses a setting knows what its absence means.
 */
import { z } from 'zod'
import { PREFIX, SEGMENT, SEGMENT_IN_WORDS } from '../../packet/address.js'
import { isObject } from '../../lib/is-object.js'
import type { AccountInfo } from '../../contracts/account.js'
import type { PluginInstance } from '../../contracts/plugin.js'
import { milliseconds } from '../../lib/field-kinds.js'
import { opaqueObject } from '../fields.js'

const LIMIT = /^(0|-?([1-9][0-9]*|Infinity))$/
const THRESHOLD = /^(0|-?[1-9][0-9]*|-Infinity)$/
const INTEGER = /^(0|-?[1-9][0-9]*)$/
const POSITIVE = /^[1-9][0-9]*$/

const integerInWords = 'an integer as a string, such as "-1000" or "0"'
const amountInWords = 'a whole number above 0 as a string, such as "1000"'
const limitInWords = 'an integer as a string, such as "-1000" or "0", or "Infinity" or "-Infinity"'

/** Refill periods below this make the token bucket work all the time for nothing. */
const REFILL_PERIOD_MIN_MS = 100

function wholeNumber (minimum: number): z.ZodNumber {
  return z.number().int().min(minimum)
}

function wholeNumberInWords (minimum: number): string {
  return `a whole number of at least ${minimum}`
}

const prefixes = z.array(z.string().regex(PREFIX))
const prefixesInWords = 'an array of ILP address prefixes such as ["test.alice"], without periods at their ends'

const balance = z.strictObject({
  minimum: z.string().regex(LIMIT).optional().meta({
    description: 'Lowest balance, in base units of the account\'s asset. Packets to the account that would take it lower are rejected. ' +
      'Negative is what the connector may owe the peer.',
    expected: limitInWords,
    absent: '"-Infinity"'
  }),
  maximum: z.string().regex(LIMIT).meta({
    description: 'Highest balance, in base units of the account\'s asset: what the peer may owe the connector. Packets from the account ' +
      'that would take it higher are rejected. May not be below `minimum`.',
    expected: limitInWords
  }),
  settleThreshold: z.string().regex(THRESHOLD).optional().meta({
    description: 'When the balance falls below this many base units, the connector settles up to `settleTo`. May not be above `settleTo`.',
    expected: 'an integer as a string, such as "-1000" or "0", or "-Infinity"',
    absent: 'never settle'
  }),
  settleTo: z.string().regex(INTEGER).optional().meta({
    description: 'The balance, in base units, that a settlement aims at. From `minimum` to `maximum`.',
    expected: integerInWords,
    absent: '"0"'
  }),
  settleInterval: milliseconds(1).optional().meta({
    description: 'How often, in milliseconds, the connector settles up to `settleTo`, however little is missing.',
    absent: 'only below settleThreshold'
  })
})

const throughput = z.strictObject({
  refillPeriod: milliseconds(REFILL_PERIOD_MIN_MS).optional().meta({
    description: 'The time, in milliseconds, in which the amounts below may pass once.',
    absent: '1000'
  }),
  incomingAmount: z.string().regex(POSITIVE).optional().meta({
    description: 'Most base units that may come in from the account per period.',
    expected: amountInWords,
    absent: 'no limit'
  }),
  outgoingAmount: z.string().regex(POSITIVE).optional().meta({
    description: 'Most base units that may go out to the account per period.',
    expected: amountInWords,
    absent: 'no limit'
  })
})

const rateLimit = z.strictObject({
  refillPeriod: milliseconds(REFILL_PERIOD_MIN_MS).optional().meta({
    description: 'The time, in milliseconds, in which `refillCount` packets are allowed.',
    absent: '60000'
  }),
  refillCount: wholeNumber(1).optional().meta({
    description: 'Packets allowed per period on average.',
    expected: wholeNumberInWords(1),
    absent: '10000'
  }),
  capacity: wholeNumber(0).optional().meta({
    description: 'Packets allowed at once after a quiet time; 0 means the same as `refillCount`.',
    expected: wholeNumberInWords(0),
    absent: 'the same as refillCount'
  }),
  blockPeriod: milliseconds(1).optional().meta({
    description: 'How long, in milliseconds, an account that goes on over its limit gets nothing through.',
    absent: 'nobody is blocked'
  }),
  blockAfter: wholeNumber(1).optional().meta({
    description: 'So many refusals within `blockWindow` begin a block.',
    expected: wholeNumberInWords(1),
    absent: '100'
  }),
  blockWindow: milliseconds(1).optional().meta({
    description: 'The time, in milliseconds, in which refusals are counted for a block.',
    absent: '60000'
  })
})

const deduplicate = z.strictObject({
  cleanupInterval: milliseconds(1).optional().meta({
    description: 'How often, in milliseconds, remembered packets that are too old are dropped.',
    absent: '30000'
  }),
  packetLifetime: milliseconds(1).optional().meta({
    description: 'How long, in milliseconds, a packet is remembered after it expired.',
    absent: '30000'
  })
})

export const accountSchema = z.strictObject({
  relation: z.enum(['parent', 'peer', 'child']).meta({
    description: 'What the other side is to this connector: `parent` gives it its address and connects it to the network, ' +
      '`peer` is an equal, `child` gets an address below this connector\'s own.',
    expected: '"parent", "peer" or "child"'
  }),
  plugin: z.union([z.string().min(1), z.custom<PluginInstance>(isObject)]).meta({
    description: 'Name or path of the module that carries packets and money to the other side, such as `ilp-plugin-btp`. From JavaScript ' +
      'also an instance of a plugin.',
    expected: 'the name of a plugin module or, from JavaScript, a plugin instance'
  }),
  assetCode: z.string().meta({
    description: 'Currency or asset of the account, such as `USD` or `XRP`. The backend finds the exchange rate by it.',
    expected: 'a string such as "USD"'
  }),
  assetScale: wholeNumber(0).max(255).meta({
    description: 'Decimal places of one base unit: amounts on this account are in units of 10^-assetScale of the asset. With scale 9 and USD ' +
      'an amount of 1 is a nanodollar.',
    expected: 'a whole number from 0 to 255'
  }),
  balance: balance.optional().meta({
    description: 'Limits on the balance, seen from the connector: positive is what the peer owes the connector, negative what the connector ' +
      'owes the peer. Kept by the `balance` middleware.',
    expected: 'an object with at least maximum',
    absent: 'no balance is kept'
  }),
  maxPacketAmount: z.string().regex(POSITIVE).optional().meta({
    description: 'Largest amount, in base units, of one packet from the account. Kept by the `maxPacketAmount` middleware.',
    expected: amountInWords,
    absent: 'no limit'
  }),
  throughput: throughput.optional().meta({
    description: 'Limits on the amount that passes per time. Kept by the `throughput` middleware.',
    expected: 'an object',
    absent: 'no limit'
  }),
  rateLimit: rateLimit.optional().meta({
    description: 'Limits on the number of packets from the account per time, as a token bucket; with the plugin `btp`, of everything that the ' +
      'peer sends unasked. Kept by the `rateLimit` middleware, also where this is left out.',
    expected: 'an object',
    absent: '10000 packets a minute'
  }),
  deduplicate: deduplicate.optional().meta({
    description: 'How long outgoing packets are remembered, so that one that is sent again is paid once. Used by the `deduplicate` middleware.',
    expected: 'an object',
    absent: '30 seconds'
  }),
  sendRoutes: z.boolean().optional().meta({
    description: 'Whether routes are announced to the other side.',
    expected: 'true or false',
    absent: 'false for a child, else true'
  }),
  receiveRoutes: z.boolean().optional().meta({
    description: 'Whether routes announced by the other side are used.',
    expected: 'true or false',
    absent: 'false for a child, else true'
  }),
  transit: z.boolean().optional().meta({
    description: 'Whether routes that lead to a peer or a parent are announced to the other side, which lets it send its packets through us.',
    expected: 'true or false',
    absent: 'false for a parent, else true'
  }),
  importPrefixes: prefixes.optional().meta({
    description: 'The address prefixes under which the other side may announce routes.',
    expected: prefixesInWords,
    absent: 'any'
  }),
  exportPrefixes: prefixes.optional().meta({
    description: 'The address prefixes under which routes are announced to the other side.',
    expected: prefixesInWords,
    absent: 'any'
  }),
  maximumPrefixes: wholeNumber(0).optional().meta({
    description: 'How many prefixes the other side may announce. Those beyond it are not used.',
    expected: wholeNumberInWords(0),
    absent: '200000'
  }),
  maximumPathLength: wholeNumber(1).optional().meta({
    description: 'The longest path, in connectors, of a route that is taken from the other side.',
    expected: wholeNumberInWords(1),
    absent: '64'
  }),
  options: opaqueObject.optional().meta({
    description: 'Handed to the plugin\'s constructor as it is; see the plugin\'s own documentation. Never logged, as it may hold secrets.',
    expected: 'an object',
    absent: 'no options',
    secret: true
  }),
  ilpAddressSegment: z.string().regex(SEGMENT).optional().meta({
    description: 'For a child: the segment that is added to the connector\'s address to make the child\'s address. No two children may have ' +
      'the same.',
    expected: SEGMENT_IN_WORDS,
    absent: 'the account id'
  })
}).meta({
  description: 'An account: the relation with one other party over one plugin.',
  expected: 'an object with relation, plugin, assetCode and assetScale'
}) satisfies z.ZodType<AccountInfo>

export function isAccount (value: unknown): value is AccountInfo {
  return accountSchema.safeParse(value).success
}
