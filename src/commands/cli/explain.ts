/** `connector explain`: which way a packet to a destination would take, and why. */
import { z } from 'zod'
import type { Command } from './command.js'
import { table, usageError } from './command.js'
import { ACCESS, askExplorer, explorerUrl, URL_OPTION } from './explorer-client.js'
import { EXIT, print, printJson } from './output.js'

const explanation = z.looseObject({
  destination: z.string(),
  sentence: z.string(),
  route: z.looseObject({
    prefix: z.string(),
    nextHop: z.string(),
    reason: z.string(),
    candidates: z.array(z.looseObject({
      nextHop: z.string(), path: z.array(z.string()), source: z.string(), priority: z.number().optional(), connected: z.boolean()
    }))
  }).optional(),
  shorter: z.array(z.string()),
  rate: z.looseObject({ rate: z.string(), from: z.string(), to: z.string() }).optional(),
  trouble: z.string().optional()
})
type Candidate = NonNullable<z.output<typeof explanation>['route']>['candidates'][number]

export const explain: Command = {
  name: 'explain',
  summary: 'Says which way a packet to a destination would take, and why',
  usage: '<destination> [--url <url>] [--json]',
  description: `Asks the explorer of a running connector: the route that wins, all others for the same prefix with the reason why they did not, and the
exchange rate. ${ACCESS}
Exit codes: 0 there is a way, 1 there is none, or it would end before the next hop.`,
  options: { url: URL_OPTION, json: { type: 'boolean', help: 'Print the answer as JSON' } },
  maxPositionals: 1,
  examples: ['connector explain g.bob.shop', 'connector explain g.bob -u http://localhost:9080/explorer'],

  async run (args) {
    const [destination] = args.positionals
    if (destination === undefined) throw usageError(explain, 'Say which destination: an ILP address such as g.bob.shop.')
    const found = await askExplorer(explorerUrl(explain, args), `api/explain?destination=${encodeURIComponent(destination)}`, explanation)
    if (args.flag('json')) printJson(found)
    else show(found)
    return found.route === undefined || found.trouble !== undefined ? EXIT.failed : EXIT.ok
  }
}

function show ({ sentence, route, shorter, rate, trouble }: z.output<typeof explanation>): void {
  print(sentence)
  if (route !== undefined) {
    print(`\nRoutes for ${route.prefix} (${route.reason}), the one in use first:`)
    print(table(route.candidates.map(candidate => [nameOf(candidate), wordsFor(candidate)] as const)))
  }
  if (shorter.length > 0) print(`\nShorter prefixes that match, and are passed over: ${shorter.join(', ')}`)
  if (rate !== undefined) print(`\n1 ${rate.from} = ${rate.rate} ${rate.to}`)
  if (trouble !== undefined) print(`\nA packet would get no further: ${trouble}`)
}

function nameOf ({ nextHop }: Candidate): string {
  return nextHop === '' ? 'this connector' : nextHop
}

function wordsFor ({ source, priority, path, connected }: Candidate): string {
  const from = `${source}${priority === undefined ? '' : `, priority ${priority}`}`
  return `${from}${path.length === 0 ? '' : `, over ${path.join(' ')}`}${connected ? '' : ' (not connected)'}`
}
