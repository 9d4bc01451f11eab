/** Every difference that docs/differences.md lists, shown on both connectors; and none that is shown is missing there. */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../support/package-root.js'
import type { Differences } from '../../support/differential/differences/difference.js'
import { accounts, addresses } from '../../support/differential/differences/accounts.js'
import { admin } from '../../support/differential/differences/admin.js'
import { configuration } from '../../support/differential/differences/configuration.js'
import { starting, stopping } from '../../support/differential/differences/lifecycle.js'
import { balance, limits, settlement } from '../../support/differential/differences/money.js'
import { ownMiddlewares } from '../../support/differential/differences/own-middlewares.js'
import { packets } from '../../support/differential/differences/packets.js'
import { routeExchange } from '../../support/differential/differences/route-exchange.js'
import { useArena } from '../../support/differential/harness.js'

const AREAS: Record<string, Differences> = {
  Packets: packets,
  Balances: balance,
  Settlement: settlement,
  Limits: limits,
  Accounts: accounts,
  'Addresses and routes': addresses,
  'Exchange of routes': routeExchange,
  'Middlewares of your own': ownMiddlewares,
  Starting: starting,
  Stopping: stopping,
  Configuration: configuration,
  'Admin API': admin
}

describe('what Sluice does on purpose in another way than ilp-connector', () => {
  const arena = useArena()

  for (const [area, differences] of Object.entries(AREAS)) {
    describe(area, () => {
      for (const [title, show] of Object.entries(differences)) it(title, () => show(arena))
    })
  }
})

describe('docs/differences.md', () => {
  it('lists the differences that are shown here, and no other', () => {
    const text = readFileSync(join(PACKAGE_ROOT, 'docs', 'differences.md'), 'utf8')
    const listed = text.split(/^## /m).slice(1).map(area => [area.split('\n')[0]!, [...area.matchAll(/^### (.*)$/mg)].map(([, title]) => title)])
    expect(listed).to.deep.equal(Object.entries(AREAS).map(([area, differences]) => [area, Object.keys(differences)]))
  })
})
