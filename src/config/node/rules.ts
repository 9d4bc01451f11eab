/** Rules that one field alone cannot show: two things on one port, modes and sections that contradict each other, an open admin API. */
import { isValidAddress } from '../../packet/address.js'
import { isLoopbackAddress, staysHere } from '../../lib/loopback.js'
import type { Problem } from '../errors.js'
import { isSendable } from '../../http/access.js'
import { IpAllowlist } from '../../http/allowlist.js'
import { describeError } from '../../lib/describe-error.js'
import type { NodeConfig } from '../../contracts/node.js'
import { assetFault, assetOf, ratesFaults } from './assets.js'
import { checkChains, type ChainEntry } from './chains.js'
import { secretVariableOf } from './env.js'
import { childRouteFault, ownAddresses } from './relations.js'
import { checkTransport, peerTransportFault } from './transport.js'
import type { ParsedConfig } from './schema.js'
import { checkSecurity } from './security.js'

export interface Findings {
  problems: Problem[]
  warnings: string[]
}

/** Runs only on a configuration whose fields are all right. */
export function check (given: ParsedConfig, config: NodeConfig, entries: readonly ChainEntry[]): Findings {
  const findings: Findings = { problems: [], warnings: [] }
  const refuse = (path: PropertyKey[], message: string): void => { findings.problems.push({ path, message }) }
  const warn = (message: string): void => { findings.warnings.push(message) }
  checkPeers(config, refuse)
  checkTransport(given.transport, config, refuse, warn)
  checkChildren(config, refuse)
  checkPrefixes(config, warn)
  checkPorts(config, refuse)
  checkModes(given, config, refuse, warn)
  checkAdminApi(config, refuse, warn)
  checkExplorer(config, refuse, warn)
  checkHandler(config, warn)
  checkLedger(config, refuse)
  checkLimits(config, warn)
  checkChains(given, config, entries, refuse, warn)
  checkAssets(config, refuse)
  checkSecurity(given.security, config.peers.map(({ id }) => id), refuse, warn)
  return findings
}

type Refuse = (path: PropertyKey[], message: string) => void
type Warn = (message: string) => void

function checkPeers ({ peers, routes, nodeId, transport }: NodeConfig, refuse: Refuse): void {
  const seen = new Set<string>()
  for (const [index, peer] of peers.entries()) {
    const { id } = peer
    if (seen.has(id)) refuse(['peers', index, 'id'], `Duplicate peer ID: ${id}`)
    if (id === nodeId || id === 'local') refuse(['peers', index, 'id'], `${id} means this node itself. Give the peer another id.`)
    seen.add(id)
    const fault = peerTransportFault(peer, transport)
    if (fault !== undefined) refuse(['peers', index, 'transport'], fault)
  }
  const known = new Set<string>()
  for (const [index, { prefix, nextHop }] of routes.entries()) {
    const key = `${prefix} ${nextHop}`
    if (known.has(key)) refuse(['routes', index], `this route is there twice: ${prefix} over ${nextHop}. Remove one.`)
    known.add(key)
  }
}

function checkChildren (config: NodeConfig, refuse: Refuse): void {
  const children = new Set(config.peers.filter(({ relation }) => relation === 'child').map(({ id }) => id))
  const own = ownAddresses(config, to => config.routes.filter(({ nextHop }) => nextHop === to).map(({ prefix }) => prefix))
  for (const [index, { prefix, nextHop }] of config.routes.entries()) {
    const fault = children.has(nextHop) ? childRouteFault(prefix, nextHop, own) : undefined
    if (fault !== undefined) refuse(['routes', index], fault)
  }
}

/** Valid as a prefix, and below no scheme that addresses begin with. */
function checkPrefixes ({ routes }: NodeConfig, warn: Warn): void {
  for (const { prefix } of routes) {
    if (isValidAddress(`${prefix}.a`)) continue
    const [scheme = ''] = prefix.split('.', 1)
    const meant = isValidAddress(`${scheme.toLowerCase()}.a`) ? `Did you mean ${scheme.toLowerCase()}${prefix.slice(scheme.length)}?` : 'Correct it, or remove the route.'
    warn(`no packet matches the route for ${prefix}: the addresses of a network begin with g, private, example, test, test1, test2, test3 or local. ${meant}`)
  }
}

function checkPorts (config: NodeConfig, refuse: Refuse): void {
  const taken = new Map<number, string>()
  for (const [path, port] of portsOf(config)) {
    const other = taken.get(port)
    if (other !== undefined) refuse(path, `port ${port} is also that of ${other}. Choose another.`)
    taken.set(port, path.join('.'))
  }
}

function portsOf (config: NodeConfig): Array<[path: string[], port: number]> {
  const { explorer } = config
  const isServed = explorer.enabled && explorerHasPort(config)
  return isServed ? [...otherPortsOf(config), [['explorer', 'port'], explorer.port]] : otherPortsOf(config)
}

function otherPortsOf ({ btpServerPort, healthCheckPort, adminApi }: NodeConfig): Array<[path: string[], port: number]> {
  const admin: Array<[string[], number]> = adminApi.enabled ? [[['adminApi', 'port'], adminApi.port]] : []
  return [[['btpServerPort'], btpServerPort], [['healthCheckPort'], healthCheckPort], ...admin]
}

/** The explorer has a port of its own only where somebody asked for it, or nothing else has it. */
export function explorerHasPort (config: NodeConfig): boolean {
  const { isAsked, port: its } = config.explorer
  return isAsked || otherPortsOf(config).every(([, port]) => port !== its)
}

function checkModes ({ deploymentMode }: ParsedConfig, { localDelivery, adminApi }: NodeConfig, refuse: Refuse, warn: Warn): void {
  const isEmbedded = deploymentMode === 'embedded' || deploymentMode === 'library'
  if (isEmbedded && localDelivery.enabled) {
    refuse(['deploymentMode'], 'deploymentMode is set to "embedded" but localDelivery.enabled is true. Set localDelivery.enabled to false and use ' +
      'setPacketHandler(), or set deploymentMode to "standalone".')
  }
  if (isEmbedded && adminApi.enabled) warn('deploymentMode is "embedded" but the admin API is enabled: anyone who can reach it can send packets.')
  if (localDelivery.enabled && localDelivery.handlerUrl === undefined) {
    refuse(['localDelivery', 'handlerUrl'], deploymentMode === 'standalone'
      ? 'deploymentMode is set to "standalone" with localDelivery.enabled=true but localDelivery.handlerUrl is missing. ' +
        'Add the URL of your business logic server.'
      : 'localDelivery.enabled is true but localDelivery.handlerUrl is missing. Add the URL of your business logic server.')
  }
  if (deploymentMode === 'standalone') {
    if (!localDelivery.enabled) warn('deploymentMode is "standalone" but localDelivery is not enabled: no business logic server gets packets.')
    if (!adminApi.enabled) warn('deploymentMode is "standalone" but the admin API is not enabled: nobody can send packets.')
  }
}

function checkAdminApi ({ adminApi, environment }: NodeConfig, refuse: Refuse, warn: Warn): void {
  const { enabled, apiKey = '', allowedIPs, trustProxy } = adminApi
  if (enabled && environment === 'production' && apiKey === '' && allowedIPs.length === 0) {
    refuse(['adminApi'], 'Admin API is enabled in production without authentication. Set ADMIN_API_KEY or ADMIN_API_ALLOWED_IPS to secure the admin API.')
  }
  if (apiKey !== '' && !isSendable(apiKey)) {
    refuse(['adminApi', 'apiKey'], 'cannot be sent in an HTTP header: it must be printable ASCII without line breaks and without spaces at its ends.')
  }
  for (const [index, entry] of allowedIPs.entries()) {
    try {
      new IpAllowlist([entry])
    } catch (error) {
      refuse(['adminApi', 'allowedIPs', index], describeError(error))
    }
  }
  if (trustProxy && allowedIPs.length === 0) warn('adminApi.trustProxy is true without allowedIPs: there is nothing that it would decide.')
}

/** What holds for the admin API holds here: it shows who pays whom, and how much. */
function checkExplorer (config: NodeConfig, refuse: Refuse, warn: Warn): void {
  const { explorer: { enabled, host, port }, adminApi, environment, healthCheckPort } = config
  if (!enabled) return
  const isOpen = !isLoopbackAddress(host)
  const { apiKey = '', allowedIPs } = adminApi
  if (environment === 'production' && isOpen && apiKey === '' && allowedIPs.length === 0) {
    refuse(['explorer', 'host'], `the explorer would listen on ${host} in production without authentication. Set ADMIN_API_KEY or ADMIN_API_ALLOWED_IPS, which ` +
      'hold for it, too, or explorer.host (EXPLORER_HOST) to 127.0.0.1.')
  } else if (environment === 'production') {
    warn('the explorer is enabled in production: it shows who pays whom to anyone who may use it. If you do not need it, set explorer.enabled (EXPLORER_ENABLED) to false.')
  }
  if (!explorerHasPort(config)) {
    warn(`the explorer has no port of its own, as this node uses ${port} for something else. It is at /explorer of the health port (${healthCheckPort}). ` +
      'To give it one, set explorer.port (EXPLORER_PORT).')
  }
}

/** The published standalone example does this: packets would be posted to our own health server. */
function checkHandler (config: NodeConfig, warn: Warn): void {
  const { enabled, handlerUrl } = config.localDelivery
  if (!enabled || handlerUrl === undefined) return
  const { hostname, port, protocol } = new URL(handlerUrl)
  const handlerPort = Number(port === '' ? (protocol === 'https:' ? 443 : 80) : port)
  const own = portsOf(config).find(([, ours]) => ours === handlerPort)
  if (own !== undefined && staysHere(hostname)) {
    warn(`localDelivery.handlerUrl is this node's own ${own[0].join('.')} (${handlerPort}): packets would come back to the node. ` +
      'Run your business logic server on another port, or change ours.')
  }
}

/** A limit for a name that nobody is configured with: a misspelt one leaves the peer that was meant with another limit. */
function checkLimits ({ peers, creditLimits: { perPeerLimits = {} } }: NodeConfig, warn: Warn): void {
  const named = perPeerLimits instanceof Map ? [...(perPeerLimits as ReadonlyMap<string, unknown>).keys()] : Object.keys(perPeerLimits)
  for (const name of named) {
    if (peers.some(({ id }) => id === name)) continue
    warn(`settlement.creditLimits.perPeerLimits names '${name}', which is not a configured peer: nobody gets this name without ` +
      `its secret, ${secretVariableOf(name)}. Correct the name, set the secret, or add the peer.`)
  }
}

function checkAssets (config: NodeConfig, refuse: Refuse): void {
  if (config.rates.transport === 'socks5' && config.transport.type !== 'socks5') {
    refuse(['rates', 'transport'], 'is socks5, which requires connector-level transport.type \'socks5\'. Set that, or remove this.')
  }
  const faults = ratesFaults(config.rates)
  for (const { path, message } of faults) refuse(path, message)
  if (faults.length > 0) return
  const faulty = new Set<string>() // one fault for each asset will do
  for (const [index, peer] of config.peers.entries()) {
    const { code } = assetOf(peer, config)
    const fault = faulty.has(code) ? undefined : assetFault(peer, config)
    if (fault === undefined) continue
    refuse(['peers', index], fault)
    faulty.add(code)
  }
}

function checkLedger ({ ledger: { type, clusterId, replicas } }: NodeConfig, refuse: Refuse): void {
  if (type !== 'tigerbeetle') return
  const missing = 'is missing, and balances are to be kept in TigerBeetle. Add it'
  if (clusterId === '') refuse(['settlement', 'tigerBeetleClusterId'], `${missing}, or set TIGERBEETLE_CLUSTER_ID.`)
  if (replicas.length === 0) refuse(['settlement', 'tigerBeetleReplicas'], `${missing}, or set TIGERBEETLE_REPLICAS.`)
}
