/** How a node says it is, in one word, from what it is doing and what it can reach. */
import type { HealthStatus } from '../contracts/node.js'

export type Phase = 'stopped' | 'starting' | 'running' | 'stopping' | 'failed'

/** @param connected how many of the `total` peers are here */
export function healthOf (phase: Phase, connected: number, total: number, dependencies: HealthStatus['dependencies']): HealthStatus['status'] {
  if (phase === 'starting') return 'starting'
  if (phase === 'failed') return 'unhealthy'
  if (phase !== 'running') return 'stopped'
  if (dependencies.ledger?.status === 'down' || connected * 2 < total) return 'unhealthy'
  return connected === total && Object.values(dependencies).every(({ status }) => status === 'up') ? 'healthy' : 'degraded'
}
