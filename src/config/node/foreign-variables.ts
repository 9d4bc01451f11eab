/**
 * Variables that other connectors for agents read from the environment, and a node does not. Each that is set is named with what to use
 * instead, once. A node that ignored some of them would be open, visible, or paid on another key than its operator means: those stop the
 * start.
 */
import { isSet } from '../../lib/environment.js'
import { nearest } from '../../lib/nearest.js'
import type { ConfigurationIssue } from '../errors.js'
import { OVERRIDES } from './env.js'

type Advice = Readonly<Record<string, string>>

const HIDDEN = 'how the node reaches its peers is said in its file, under transport. Write it there (docs/transport.md), and unset it.'
const PARENT = 'a parent is one of the peers in the file, and the route g leads to it'
const CALLER = 'it tells an application where the node is. The node itself needs no such URL'
const LEDGER = 'balances are kept in dataPath, where no crash loses them'

const REFUSED: Advice = {
  TRANSPORT_MODE: HIDDEN,
  SOCKS_PROXY: HIDDEN,
  TRANSPORT_HIDDEN_SERVICE_DIR: HIDDEN,
  TRANSPORT_HIDDEN_SERVICE_PORT: HIDDEN,
  BTP_SECRET: 'each peer has its own secret, in peers[].authToken or BTP_PEER_<ID>_SECRET, and BTP_ALLOW_NOAUTH=false keeps everyone else out. Use them, and unset it.',
  TOON_MNEMONIC: 'no keys are derived from it. Put the key of each chain into chainProviders[].keyId, and unset it.'
}

const IGNORED: Advice = {
  CONNECTOR_ADMIN_PORT: 'it is called ADMIN_API_PORT here',
  TOON_CONNECTOR_LOG_LEVEL: 'it is called LOG_LEVEL here',
  BTP_PORT: 'it is called BTP_SERVER_PORT here',
  CONNECTOR_ILP_ADDRESS: 'the address of a node is g.<nodeId> (NODE_ID). If it has others, add routes to local for them',
  CONNECTOR_PEERS: 'peers are in the file, or come with POST /admin/peers',
  BTP_URL: 'the node connects to the peers in the file (peers[].url)',
  BTP_ENDPOINT: 'the node connects to the peers in the file (peers[].url)',
  PARENT_PEER_ID: PARENT,
  TOON_PARENT_PEER_ID: PARENT,
  TOON_PARENT_AUTH_TOKEN: 'the secret of a peer is in peers[].authToken, or in BTP_PEER_<ID>_SECRET',
  CONNECTOR_URL: CALLER,
  CONNECTOR_ADMIN_URL: CALLER,
  TOON_CONNECTOR_URL: CALLER,
  SOLANA_PRIVATE_KEY: 'a key stands in chainProviders[].keyId of the file, which may name this variable',
  LEDGER_SNAPSHOT_PATH: LEDGER,
  LEDGER_PERSIST_INTERVAL_MS: LEDGER,
  TIGERBEETLE_OPERATION_TIMEOUT: 'the ledger has a fixed deadline of its own',
  BTP_SEND_TIMEOUT_MS: 'the node waits for an answer until the packet expires'
}
/** Kubernetes sets a variable of this kind for each of its Services, whatever that is called: nobody asks for anything by it. */
const OF_KUBERNETES = /^tcp:\/\//

/** Settings that keep others out: one whose name is not quite right leaves open what somebody meant to close. */
const PROTECTIVE = /^(?:BTP_?ALLOW|ADMIN_?API|SECURITY_|RATE_?LIMIT|AUDIT_?LOG)/i
const PROTECTIVE_NAMES = [...OVERRIDES.keys(), 'BTP_ALLOW_NOAUTH'].filter(name => PROTECTIVE.test(name))
/** Meant as the secret of a peer. */
const OF_PEER = /^BTP_PEERS?_.*(?:SECRET|TOKEN|KEY|PASSWORD)/i
/** As it is read: in capitals (env.ts secretVariableOf). */
const SECRET_OF_PEER = /^BTP_PEER_[^a-z]+_SECRET$/

/** What is set in the environment of a node that reads a file. */
export function foreignVariables (env: NodeJS.ProcessEnv): { issues: ConfigurationIssue[], warnings: string[] } {
  const isMeant = (name: string): boolean => isSet(env, name) && !OF_KUBERNETES.test(env[name] ?? '')
  const isAsked = (name: string): boolean => isMeant(name) && !isOff(name, env)
  return {
    issues: [
      ...Object.entries(REFUSED).filter(([name]) => isAsked(name)).map(([source, message]) => ({ source, path: '', message: `is not supported: ${message}` })),
      ...Object.keys(env).filter(isMeant).flatMap(misspelt)
    ],
    warnings: Object.entries(IGNORED).filter(([name]) => isAsked(name)).map(([name, instead]) => `${name} is ignored: ${instead}.`)
  }
}

function isOff (name: string, env: NodeJS.ProcessEnv): boolean {
  if (name === 'TRANSPORT_MODE') return env[name] === 'direct'
  return env[name] === 'false'
}

function misspelt (source: string): ConfigurationIssue[] {
  const meant = OF_PEER.test(source) && !SECRET_OF_PEER.test(source)
    ? 'BTP_PEER_<ID>_SECRET, in capitals, with _ for each - of the id'
    : PROTECTIVE.test(source) && !PROTECTIVE_NAMES.includes(source) ? nearest(source, PROTECTIVE_NAMES) : undefined
  return meant === undefined ? [] : [{ source, path: '', message: `is not a known variable, did you mean ${meant}? Rename or unset it.` }]
}
