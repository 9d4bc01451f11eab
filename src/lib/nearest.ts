/** Finds the known name that is nearest to an unknown one, so that a typing error gets a "did you mean" and not a silent default. */

/** Most single edits that still count as a typing error; names shorter than eight letters get one. */
const EDITS_MAX = 2

/**
 * The known name within a typing error of `name`; upper and lower case, `_` and `-` do not count as differences.
 * Returns undefined when none is that near, and the first in the list when several are equally near.
 */
export function nearest (name: string, known: readonly string[]): string | undefined {
  const wanted = letters(name)
  let best: string | undefined
  let bestDistance = Infinity
  for (const candidate of known) {
    const target = letters(candidate)
    const allowed = Math.max(1, Math.min(EDITS_MAX, Math.floor(target.length / 4)))
    if (Math.abs(target.length - wanted.length) > allowed) continue
    const distance = editDistance(wanted, target)
    if (distance > allowed || distance >= bestDistance) continue
    best = candidate
    bestDistance = distance
  }
  return best
}

function letters (name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '')
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `from` into `to` (optimal string alignment). */
function editDistance (from: string, to: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const replaced = at(previous, column - 1) + (from[row - 1] === to[column - 1] ? 0 : 1)
      let cost = Math.min(at(previous, column) + 1, at(current, column - 1) + 1, replaced)
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (swapped) cost = Math.min(cost, at(beforePrevious, column - 2) + 1)
      current.push(cost)
    }
    beforePrevious = previous
    previous = current
  }
  return at(previous, to.length)
}

function at (row: readonly number[], column: number): number {
  return row[column] ?? Infinity
}
