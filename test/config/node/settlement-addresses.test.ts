/** Addresses of peers on chains: each belongs to one peer, from when it is noted until that peer goes or changes. */
import { expect } from 'chai'
import { ConfigLoader } from '../../../src/index.js'
import { SettlementAddresses } from '../../../src/config/node/settlement-addresses.js'

const address = (byte: string): string => `0x${byte.repeat(20)}`
const chain = (chainId: string) => ({
  chainType: 'evm' as const, chainId, rpcUrl: 'http://127.0.0.1:9', registryAddress: address('01'), tokenAddress: address('02'), keyId: `0x${'5e'.repeat(32)}`
})

describe('addresses of peers', () => {
  const { config } = ConfigLoader.read({ nodeId: 'agent', btpServerPort: 3000, peers: [], chainProviders: [chain('evm:8453'), chain('evm:84532')] }, {})
  const on = (chain: string) => (id: string, evmAddress: string) => ({ id, chain, evmAddress })
  const base = on('evm:8453')
  const sepolia = on('evm:84532')
  let addresses: SettlementAddresses
  beforeEach(() => { addresses = new SettlementAddresses(config) })

  it('belong to one peer on a chain, however they are written, and to another on another chain', () => {
    expect(addresses.take(base('a', address('aB')))).to.equal(undefined)
    expect(addresses.take(base('b', address('Ab')))).to.match(/^Peers a and b have the same evmAddress on evm:8453/)
    expect(addresses.take(sepolia('b', address('ab')))).to.equal(undefined)
    expect(addresses.take(base('a', address('ab'))), 'its own once more').to.equal(undefined)
    expect(addresses.take({ id: 'c' }), 'none').to.equal(undefined)
  })

  it('are free again when their peer has another, or goes', () => {
    const before = base('a', address('aa'))
    addresses.take(before)
    addresses.take(base('a', address('bb')), before)
    expect(addresses.take(base('b', address('aa')))).to.equal(undefined)
    expect(addresses.take(base('c', address('bb')))).to.match(/^Peers a and c/)
    addresses.release(base('a', address('bb')))
    expect(addresses.take(base('c', address('bb')))).to.equal(undefined)
  })

  it('stay where they are when a change is refused, and when somebody else goes', () => {
    const [a, b] = [base('a', address('aa')), base('b', address('bb'))]
    addresses.take(a)
    addresses.take(b)
    expect(addresses.take(base('b', address('aa')), b)).to.match(/^Peers a and b/)
    expect(addresses.take(base('c', address('bb'))), 'b still has its own').to.match(/^Peers b and c/)
    addresses.release(base('c', address('bb')))
    expect(addresses.take(base('c', address('bb')))).to.match(/^Peers b and c/)
  })
})
