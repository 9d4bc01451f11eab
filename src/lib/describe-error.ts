/** Describes anything that was thrown, for a log: npm plugins and middlewares throw strings, objects and even undefined. */

/** One line for a log. Never a stack, never an object's fields, which may be secret. */
export function describeError (thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name
  return `non-error thrown: ${typeof thrown === 'object' && thrown !== null ? 'an object' : String(thrown)}` // not every object can be printed
}
