/** Whether something that came from outside has fields. */

/** A list is no object here. */
export function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
