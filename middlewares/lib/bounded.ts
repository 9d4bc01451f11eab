/** Keeps a map that others can fill from growing without end. */

/** Deletes the oldest entries until at most `maximum` are left. */
export function keepNewest (map: Map<unknown, unknown>, maximum: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= maximum) return
    map.delete(oldest)
  }
}
