/** What the EVM tells a node keeps what every kind of chain promises. */
import kind from '../../../plugins/evm/chain-kind.js'
import { chainKindConformance } from '../../conformance/chain-kind.js'

const ADDRESS = '0x5FbDB2315678afecb367f032d93F642f64180aa3'
const OTHER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

chainKindConformance('EVM', kind, {
  entry: {
    chainType: 'evm',
    chainId: 'evm:8453',
    rpcUrl: 'https://mainnet.base.org',
    registryAddress: ADDRESS,
    tokenAddress: OTHER,
    keyId: `0x${'7'.repeat(64)}`
  },
  secrets: ['rpcUrl', 'keyId'],
  addresses: [[ADDRESS, ADDRESS.toLowerCase()], [OTHER, OTHER.toLowerCase()]],
  channelId: `0x${'1'.repeat(64)}`,
  chainIds: [['evm:8453', 'evm:base:8453'], ['evm:1', 'evm:mainnet:1']]
})
