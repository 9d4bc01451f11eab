/** Checks what a request says about how to settle with a peer. The node stores it and shows it. */
import { z } from 'zod'
import type { AdminSettlementConfig } from '../../contracts/node.js'
import type { AddressFormat, ChainKind, Format, PeerField } from '../../contracts/chain-kind.js'

const CHAIN_ID = 'settlement.chainId must be a positive integer'
const DEPOSIT = 'settlement.initialDeposit must be a non-negative integer string'

type OptionalText = z.ZodOptional<z.ZodString>

/** The fields of a peer with its addresses, those on `settled` kinds of chains judged. `place` stands before their names in errors. */
export function peerAddresses (kinds: readonly ChainKind[], settled: readonly ChainKind[], place = ''): Record<PeerField, OptionalText> {
  return Object.fromEntries(kinds.map(kind => {
    const { peerField, address } = kind
    return [peerField, addressField(place + peerField, settled.includes(kind) ? [address] : [{ ...address, matches: () => true }])]
  }))
}

/** Fields of a request that may be of any kind of chain are taken in the form of each. */
export function settlementTerms (kinds: readonly ChainKind[], settled: readonly ChainKind[]): z.ZodType<AdminSettlementConfig> {
  const preferences = [...kinds.map(({ type }) => type), 'any']
  const addresses = kinds.map(({ address }) => address)
  const chainName = z.string().refine(text => kinds.some(({ chainId }) => chainId.matches(text)), CHAIN_ID)
  return z.strictObject({
    preference: z.enum(preferences, `settlement.preference must be one of: ${preferences.join(', ')}`),
    ...peerAddresses(kinds, settled, 'settlement.'),
    tokenAddress: addressField('settlement.tokenAddress', addresses),
    tokenNetworkAddress: addressField('settlement.tokenNetworkAddress', addresses),
    chainId: z.union([z.int(CHAIN_ID).positive(CHAIN_ID), chainName], CHAIN_ID).optional(),
    channelId: formatField('settlement.channelId', kinds.map(({ channelId }) => channelId)),
    initialDeposit: z.string(DEPOSIT).max(78, DEPOSIT).regex(/^\d+$/, DEPOSIT).optional()
  }, 'settlement must be an object').superRefine((terms, context) => {
    const wanted = settled.filter(({ type }) => terms.preference === type || terms.preference === 'any')
    if (wanted.length === 0 || wanted.some(({ peerField }) => Reflect.get(terms, peerField) !== undefined)) return
    const fields = wanted.map(({ peerField }) => peerField).join(' or ')
    context.addIssue({
      code: 'custom',
      message: terms.preference === 'any'
        ? `settlement: ${fields} required when preference is any`
        : `settlement.${fields} required when preference is ${terms.preference}`
    })
  })
}

function addressField (name: string, formats: readonly AddressFormat[]): OptionalText {
  return field(name, formats, ({ inAnswers, inWords }) => inAnswers?.field ?? inWords)
}

function formatField (name: string, formats: readonly Format[]): OptionalText {
  return field(name, formats, ({ inWords }) => inWords)
}

function field<F extends Format> (name: string, formats: readonly F[], inWords: (format: F) => string): OptionalText {
  const message = `${name} must be ${[...new Set(formats.map(inWords))].join(', or ')}`
  return z.string(message).refine(text => formats.some(format => format.matches(text)), message)
    .meta({ expected: formats.map(format => format.inWords).join(', or ') }).optional()
}
