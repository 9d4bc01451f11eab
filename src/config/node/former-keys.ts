/**
 * Keys that configurations of other connectors for agents have, and this one does not: what became of each, so that nobody has to guess
 * whether something was lost. They are refused, because what they asked for would not happen; `connector import` carries those over that
 * have a place here.
 */
import { isPrefix, SEGMENT } from '../../packet/address.js'
import { valueAt } from '../explain.js'
import { quote } from '../in-words.js'
import {
  asExplorerPort, asFee, asOwnRoute, asPeerAddress, asPeerAddresses, asPeerRoute, asPeerRoutes, asPeerSecrets, asThresholds, ofEachChain,
  sameAsPrefix,
  type Carry
} from './carry.js'

type Advice = string | ((value: unknown) => string)

const OWN_ADDRESS = 'the address of a node is g.<nodeId>'
const PER_CHAIN = (option: string): readonly [Advice, Carry] =>
  [`each chain has its own: chainProviders[].settlementOptions.${option}. Move it there.`, ofEachChain(option)]
const THRESHOLDS = 'each chain has its own: defaultThreshold is chainProviders[].settlementOptions.threshold, pollingInterval is pollingIntervalMs, and ' +
  'timeBasedIntervalMs has its name there. There are none for single peers and tokens. Move them there.'
const CHAIN_OF_A_PEER = 'a peer names the chain on which the node settles with it: peers[].chain, a chainId of chainProviders. Move it there.'
const PRICE = 'your application sets the price of each packet: its handler accepts it, or rejects it with the code invalid_amount. Remove it.'
const UPSTREAM = 'packets for your application go to localDelivery.handlerUrl; addresses beside g.<nodeId> need a route with nextHop: local. Move it there.'
const ADDRESSES = 'a node\'s own address follows from the key of each chain (chainProviders[].keyId), a peer\'s is in peers[]: <chainType>Address. Remove it.'
const ALL_METRICS = 'metrics are always served, at /metrics of the health port (healthCheckPort). Remove it.'
const ITS_ROUTE = 'routes: [{ prefix, nextHop: <id of the peer> }]'
const ASSET = 'what a peer counts in is its asset: { code, scale }. Write it there.'

/** By place; `[]` stands for any entry of a list. What it meant, and how that is carried over, if it can be. */
const FORMER: Readonly<Record<string, Advice | readonly [Advice, Carry]>> = {
  ilpAddress: [ownAddress, asOwnRoute],
  address: [ownAddress, asOwnRoute],
  'routes[].ilpAddress': ['the address that a route is for is its prefix. Remove it.', sameAsPrefix],
  'peers[].ilpAddress': [`the addresses of a peer are those of its routes: ${ITS_ROUTE}. Move it there.`, asPeerRoute],
  'peers[].routes': [`in a file, routes stand beside peers: ${ITS_ROUTE}. Move them there.`, asPeerRoutes],
  settlementPreference: CHAIN_OF_A_PEER,
  'peers[].settlementPreference': CHAIN_OF_A_PEER,
  'settlement.settlementPreference': CHAIN_OF_A_PEER,
  'settlement.preference': CHAIN_OF_A_PEER,
  'settlement.settlementThreshold': PER_CHAIN('threshold'),
  'settlement.threshold': PER_CHAIN('threshold'),
  'settlement.defaultThreshold': PER_CHAIN('threshold'),
  'settlement.initialDepositMultiplier': PER_CHAIN('initialDepositMultiplier'),
  'settlement.pollingInterval': PER_CHAIN('pollingIntervalMs'),
  'settlement.pollingIntervalMs': PER_CHAIN('pollingIntervalMs'),
  'settlement.settlementTimeout': PER_CHAIN('settlementTimeoutSecs'),
  'settlement.settlementTimeoutSecs': PER_CHAIN('settlementTimeoutSecs'),
  'settlement.thresholds': [THRESHOLDS, asThresholds],
  peerDiscovery: 'peers are not discovered: list them in peers, or add them while the node runs, with POST /admin/peers. Remove it.',
  selfAnnounce: 'a node does not announce itself: peers add it by its URL (ws://host:btpServerPort). Remove it.',
  btpAuthTokens: ['each peer has its own secret: peers[].authToken, or BTP_PEER_<ID>_SECRET in the environment. Move them there.', asPeerSecrets],
  btpAuthToken: 'each peer has its own secret: peers[].authToken, or BTP_PEER_<ID>_SECRET in the environment. Move it there.',
  monitoring: ALL_METRICS,
  metrics: ALL_METRICS,
  telemetry: ALL_METRICS,
  routingFeeBasisPoints: [fee, asFee(100)],
  connectorFeeBasisPoints: [fee, asFee(100)],
  'settlement.routingFeeBasisPoints': [fee, asFee(100)],
  connectorFeePercentage: ['it is in settlement: settlement.connectorFeePercentage. Move it there.', asFee(1)],
  upstream: UPSTREAM,
  'routes[].upstream': UPSTREAM,
  'localDelivery.upstream': UPSTREAM,
  price: PRICE,
  'routes[].price': PRICE,
  chains: 'the chains of a node are in chainProviders. Move them there.',
  'routes[].chains': 'a peer, not a route, names the chain on which the node settles with it: peers[].chain. Remove it.',
  settlementAddresses: ADDRESSES,
  'routes[].settlementAddresses': ADDRESSES,
  'peers[].settlementAddress': ['it is called after its kind of chain: <chainType>Address. Rename it.', asPeerAddress],
  'peers[].settlementAddresses': ['each is called after its kind of chain, <chainType>Address. Move them into the peer itself.', asPeerAddresses],
  'transport.mode': 'how peers are dialled is transport.type: direct or socks5. Write it there.',
  explorerPort: ['it is in explorer: explorer.port. Move it there.', asExplorerPort],
  'peers[].assetCode': ASSET,
  'peers[].assetScale': ASSET
}

/** What became of a key that is not known; undefined for one that nobody had. */
export function formerKey (path: readonly PropertyKey[], given: unknown): string | undefined {
  const [advice] = entryAt(path)
  if (advice === undefined) return undefined
  return `is not a key here: ${typeof advice === 'string' ? advice : advice(valueAt(given, path))}`
}

/** How what a key means is carried over; undefined for a key that is known here, or has no place. */
export function carryOf (path: readonly PropertyKey[]): Carry | undefined {
  return entryAt(path)[1]
}

/** `peers[].routes`: `[]` stands for any entry of a list. */
export function placeOf (path: readonly PropertyKey[]): string {
  return path.map(key => typeof key === 'number' ? '[]' : `.${String(key)}`).join('').slice(1)
}

function entryAt (path: readonly PropertyKey[]): readonly [Advice?, Carry?] {
  const place = placeOf(path)
  const found = Object.hasOwn(FORMER, place) ? FORMER[place] : undefined
  return typeof found === 'string' || typeof found === 'function' ? [found] : found ?? []
}

/** `nodeId: g.townhouse`, as an address. Undefined for anything but an address. */
export function nodeIdOfAddress (text: string): string | undefined {
  const segments = text.split('.')
  const last = segments.at(-1) ?? ''
  if (segments.length < 2 || !isPrefix(text) || !SEGMENT.test(last)) return undefined
  const isWhole = text === `g.${last}`
  return `nodeId is one segment of the address, found ${quote(text)}. Write ${last}: the address of the node is then g.${last}.` +
    (isWhole ? '' : ` To take packets for ${text} as well, add a route: { prefix: ${text}, nextHop: local }.`)
}

function ownAddress (value: unknown): string {
  const isAddress = typeof value === 'string' && isPrefix(value)
  const prefix = isAddress ? value : '<address>'
  return `${OWN_ADDRESS}. If it is another, deliver it here by a route: { prefix: ${prefix}, nextHop: local }. Remove it.`
}

function fee (value: unknown): string {
  const percent = typeof value === 'number' && value >= 0 ? `: ${value / 100}` : ''
  return `the fee is settlement.connectorFeePercentage, in percent; 100 basis points are 1. Write it there${percent}.`
}
