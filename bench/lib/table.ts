/** Figures of several repeats, and how they are shown: medians, as a table in Markdown. */
import { median } from './load.js'

export class Figures {
  private readonly values = new Map<string, number[]>()

  add (figures: Record<string, number>): void {
    for (const [name, value] of Object.entries(figures)) {
      const list = this.values.get(name)
      if (list === undefined) this.values.set(name, [value])
      else list.push(value)
    }
  }

  medians (): Map<string, number> {
    return new Map(Array.from(this.values, ([name, list]) => [name, median(list)]))
  }

  /** Each median as a part of the other's. */
  dividedBy (other: Figures): Figures {
    const result = new Figures()
    const others = other.medians()
    for (const [name, value] of this.medians()) result.add({ [name]: value / (others.get(name) ?? NaN) })
    return result
  }
}

/** Sluice's figures as parts of another's. */
export function ratios<Name extends string> (rows: Record<Name | 'sluice', Figures>, to: Name): Record<string, Figures> {
  return { [`sluice / ${to}`]: rows.sluice.dividedBy(rows[to]) }
}

export function tableOf (title: string, rows: Record<string, Figures>): string {
  const columns = [...(Object.values(rows)[0]?.medians().keys() ?? [])]
  const lines = Object.entries(rows).map(([name, figures]) => {
    const medians = figures.medians()
    return [name, ...columns.map(column => shown(medians.get(column) ?? NaN))]
  })
  const all = [[title, ...columns], ...lines]
  const widths = [title, ...columns].map((_, i) => Math.max(...all.map(line => line[i]?.length ?? 0)))
  const text = all.map(line => `| ${line.map((cell, i) => i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)).join(' | ')} |`)
  text.splice(1, 0, `|${widths.map((width, i) => i === 0 ? '-'.repeat(width + 2) : '-'.repeat(width + 1) + ':').join('|')}|`)
  return `\n${text.join('\n')}`
}

/** Three digits, or all of a whole number. */
function shown (value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
