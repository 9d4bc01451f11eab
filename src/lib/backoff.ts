/** How long to wait before the next try. Each failure doubles the wait, so that a system that is down is not flooded while it recovers. */

/**
 * The delay in ms after a failure.
 * @param failures how many failures in a row came before this one: 0 gives `firstMs`
 */
export function backoffMs (failures: number, firstMs: number, longestMs: number): number {
  return Math.min(firstMs * 2 ** failures, longestMs)
}
