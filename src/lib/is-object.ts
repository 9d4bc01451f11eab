/** Whether something that came from outside has fields. */

/** Arrays do not count as objects here. */
export function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
