/**
 * Process metrics (CPU, memory, event loop, garbage collection) for the connectors of this process.
 *
 * prom-client starts an event-loop histogram and a garbage-collection observer with them and offers no way to stop either. So there is
 * one set per process, created when first asked for, and each connector that wants it lists it in its own registry for as long as it
 * runs. prom-client's global registry is left to the application around us.
 */
import { collectDefaultMetrics, Registry } from 'prom-client'

let shared: Registry | undefined

/** Lists the process metrics in `registry`. Call the returned function to take them out again. */
export function listDefaultMetrics (registry: Registry): () => void {
  const source = shared ??= createDefaultMetrics()
  const names = source.getMetricsAsArray().map(metric => metric.name)
  for (const name of names) {
    const metric = source.getSingleMetric(name)
    if (metric !== undefined) registry.registerMetric(metric)
  }
  return () => {
    for (const name of names) registry.removeSingleMetric(name)
  }
}

function createDefaultMetrics (): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
}
