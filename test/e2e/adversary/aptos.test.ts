/** The same adversary against the plugin of Aptos, with the rules of its module, signatures and blocks (a stand-in for an Aptos node). */
import { AptosUnderTest } from '../../support/adversary/aptos-under-test.js'
import { adversaryWinsNothing } from '../../support/adversary/suite.js'

adversaryWinsNothing({
  on: 'Aptos',
  make: () => AptosUnderTest.make(),
  short: [
    'spends its deposit while it has our consent to the end, and takes it back', 'pays with claims that nobody has signed, or another key'
  ]
})
