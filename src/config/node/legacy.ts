/** Settlement as earlier versions were told of it, and other connectors are: each kind of chain knows its own variables and sections. */
import type { LegacyReading } from '../../contracts/chain-kind.js'
import { isObject } from '../../lib/is-object.js'
import type { ChainKinds } from './chain-kinds.js'

/** The configuration with what variables of earlier versions add to it. SETTLEMENT_ENABLED=false turns all of it off. */
export function withLegacyVariables (given: Record<string, unknown>, env: NodeJS.ProcessEnv, kinds: ChainKinds): LegacyReading {
  const sources = new Map<string, string>()
  const warnings: string[] = []
  const faults: Array<{ source: string, message: string }> = []
  let values = given
  for (const { legacy } of kinds.all) {
    if (legacy === undefined || !Array.isArray(values.peers)) continue
    const reading = legacy.withPeerAddresses(values.peers, env)
    values = { ...values, peers: reading.peers }
    for (const [place, variable] of reading.sources) sources.set(place, variable)
  }
  const { SETTLEMENT_ENABLED: enabled = '' } = env
  if (enabled !== '' && enabled !== 'true') {
    sources.set('settlement.enableSettlement', 'SETTLEMENT_ENABLED')
    const settlement = { ...isObject(given.settlement) && given.settlement, enableSettlement: enabled === 'false' ? false : enabled }
    return { values: { ...values, settlement }, sources, warnings }
  }
  for (const { legacy } of kinds.all) {
    if (legacy === undefined) continue
    const reading = legacy.withVariables(values, env)
    values = reading.values
    warnings.push(...reading.warnings)
    faults.push(...reading.faults ?? [])
    for (const [place, variable] of reading.sources) sources.set(place, variable)
  }
  return { values, sources, warnings, faults }
}

/** Warnings for a node without chains: variables for settlement that somebody has set. */
export function unusedVariables (env: NodeJS.ProcessEnv, kinds: ChainKinds): string[] {
  return kinds.all.flatMap(({ legacy }) => legacy?.unusedVariables(env) ?? [])
}
