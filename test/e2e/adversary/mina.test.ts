/** The same adversary against the plugin of Mina, with its contract, signatures and blocks (a stand-in for a node), without proofs. */
import { MinaScene, MinaUnderTest } from '../../support/adversary/mina-under-test.js'
import { adversaryWinsNothing } from '../../support/adversary/suite.js'

let scene: MinaScene

adversaryWinsNothing({
  on: 'Mina',
  make: () => MinaUnderTest.make(scene),
  short: ['pays with claims that nobody has signed, or another key'],
  isChanceLong: true,
  before: async () => { scene = await MinaScene.start() },
  after: async () => { await scene.stop() }
})
