/**
 * The sections `performance` and `observability` of other connectors for agents. A node has no such settings: it finds the sizes of its
 * batches by itself, and shows its metrics in one place. So each key is refused with what happens instead, except where it asks for just
 * that, or for nothing.
 */
import { isObject } from '../../lib/is-object.js'
import { nearest } from '../../lib/nearest.js'
import type { Problem } from '../errors.js'

/** Why a key is refused, and, where there is one, the value that a node has anyway. */
type Refusal = string | readonly [reason: string, same: unknown]

const RPC = 'each chain has one node that is asked, chainProviders[].rpcUrl, over connections that stay open. For more than one, put a proxy there'
const TELEMETRY = 'nothing is sent anywhere: the explorer has its events from memory, and Prometheus fetches metrics'
const BATCHES = 'what waits while a request is under way goes into the next one, up to 8189 transfers: under load batches grow by themselves, and nobody waits for one to fill'
const TRACES = 'traces are not exported: the explorer follows packets step by step'
const TARGETS = 'nothing here watches targets: alert on the metrics (docs/metrics.md has the rules)'

const KEYS: Readonly<Record<string, Readonly<Record<string, Refusal>>>> = {
  performance: {
    'packetProcessing.workerThreads': ['packets are carried in one thread, and their balances are exact because of that. For more, run more nodes', 1],
    'packetProcessing.batchSize': 'packets do not wait for each other. What is written to disk, and to sockets, is gathered while the last write is under way',
    'tigerbeetle.batchSize': BATCHES,
    'tigerbeetle.flushIntervalMs': BATCHES,
    'tigerbeetle.maxPendingTransfers': 'packets in flight are bounded instead, in number and in bytes (docs/performance.md): that bounds their transfers',
    'telemetry.bufferSize': TELEMETRY,
    'telemetry.flushIntervalMs': TELEMETRY,
    connectionPools: RPC
  },
  observability: {
    'prometheus.enabled': ['metrics are always there, and cost nothing until somebody fetches them. Set healthCheckHost to 127.0.0.1 to keep them to this machine', true],
    'prometheus.metricsPath': ['metrics are at /metrics of the health port, where Prometheus looks', '/metrics'],
    'prometheus.includeDefaultMetrics': ['those of the process are always among them. Drop them in Prometheus with metric_relabel_configs', true],
    'prometheus.labels': 'Prometheus adds labels to each target: static_configs[].labels',
    'opentelemetry.enabled': [TRACES, false],
    'opentelemetry.serviceName': TRACES,
    'opentelemetry.exporterEndpoint': TRACES,
    'opentelemetry.samplingRatio': TRACES,
    'sla.packetSuccessRateThreshold': TARGETS,
    'sla.settlementSuccessRateThreshold': TARGETS,
    'sla.p99LatencyThresholdMs': TARGETS
  }
}

/** Takes the section out of the configuration. Returns what is wrong with it. */
export function withoutTuning (rest: Record<string, unknown>, section: 'performance' | 'observability'): Problem[] {
  const given = rest[section]
  Reflect.deleteProperty(rest, section)
  return given === undefined || given === null ? [] : faultsIn(given, [section], KEYS[section] ?? {})
}

/** `keys`: those below `path`, with their places from there on. */
function faultsIn (given: unknown, path: string[], keys: Readonly<Record<string, Refusal>>): Problem[] {
  if (!isObject(given)) return [{ path, message: `expected an object. Remove it: there is nothing to set in ${path.join('.')}.` }]
  if (path.join('.') === 'observability.opentelemetry' && given.enabled === false) return []
  return Object.entries(given).flatMap(([key, value]): Problem[] => {
    const here = [...path, key]
    if (value === undefined || value === null) return []
    const refusal = keys[key]
    if (refusal !== undefined) return asProblems(here, value, refusal)
    const below = Object.entries(keys).filter(([place]) => place.startsWith(`${key}.`)).map(([place, reason]) => [place.slice(key.length + 1), reason] as const)
    if (below.length > 0) return faultsIn(value, here, Object.fromEntries(below))
    const meant = nearest(key, [...new Set(Object.keys(keys).map(place => place.split('.', 1).join('')))])
    return [{ path: here, message: `is not a known key.${meant === undefined ? '' : ` Did you mean ${meant}?`} Remove it.` }]
  })
}

function asProblems (path: string[], value: unknown, refusal: Refusal): Problem[] {
  const [reason, same] = typeof refusal === 'string' ? [refusal] : refusal
  const isNothing = isObject(value) && Object.keys(value).length === 0
  return value === same || isNothing ? [] : [{ path, message: `cannot be set: ${reason}. Remove it.` }]
}
