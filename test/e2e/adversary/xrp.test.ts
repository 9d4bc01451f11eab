/** The same adversary against the plugin of the XRP Ledger, with its rules, signatures and ledgers (a stand-in for rippled). */
import { adversaryWinsNothing } from '../../support/adversary/suite.js'
import { XrpUnderTest } from '../../support/adversary/xrp-under-test.js'

adversaryWinsNothing({
  on: 'the XRP Ledger',
  make: () => XrpUnderTest.make(),
  short: [
    'pays with claims that nobody has signed, or another key',
    'is paid a settlement twice, because its channel ended',
    'shows a claim on more than it has deposited, as if we had taken it'
  ]
})
