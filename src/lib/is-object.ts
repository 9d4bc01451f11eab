/** Whether a value has fields that may be looked at. */

/** Arrays do not count as objects here. */
export function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Objects and lists as JSON has them, whose parts may be looked at; what a class made belongs to somebody else. */
export function isPlainData (value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Array.isArray(value)
}
