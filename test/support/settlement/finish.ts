/** The end of a network: what its nodes have in their books when all is paid, claimed and paid out. */
import { expect } from 'chai'
import { Ratchet, type AllBooks, type AllStates } from './audit.js'
import { NAMES, type Network } from './network.js'

/**
 * Settles, closes and stops everything: so many channels at least. Resolves to what the nodes have in their books then, and knew of their
 * settlements at last.
 */
export async function finish (
  network: Network, { ratchet = new Ratchet(), leastChannels = 2 }: { ratchet?: Ratchet, leastChannels?: number } = {}
): Promise<{ books: AllBooks, states: AllStates }> {
  await network.settleUp()
  for (const name of NAMES) ratchet.look(name, await network.channelsOf(name))
  expect(await network.closeTogether(), 'channels').to.be.at.least(leastChannels)
  const [alice, hub, carol] = await Promise.all(NAMES.map(name => network.statesOf(name)))
  await network.stopNodes()
  const [ofAlice, ofHub, ofCarol] = await Promise.all(NAMES.map(name => network.nodes[name].books()))
  return { books: { alice: ofAlice!, hub: ofHub!, carol: ofCarol! }, states: { alice: alice!, hub: hub!, carol: carol! } }
}
