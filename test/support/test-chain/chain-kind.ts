/** What a node has to know of the test chain to read its configuration. Loads nothing of the chain itself. */
import { z } from 'zod'
import type { ChainKind } from '../../../src/contracts/chain-kind.js'
import { ASSET, SETTLEMENT_FIELDS, termsOf } from '../../../plugins/lib/channels/chain-entry.js'

const CHAIN_ID = /^test:[1-9]\d*$/
export const ADDRESS = /^t[a-z]{3,20}$/
export const KEY = /^key-of-(t[a-z]{3,20})$/
export const URL = /^memory:\/\/[a-z0-9-]+$/

const ADDRESS_IN_WORDS = 'a t and three to twenty small letters'

const entry = z.strictObject({
  chainType: z.string(),
  chainId: z.string().regex(CHAIN_ID).meta({ expected: 'a chain such as test:1' }),
  rpcUrl: z.string().regex(URL).meta({ expected: 'a URL such as memory://ledger' }),
  keyId: z.string().regex(KEY).meta({ expected: 'a key such as key-of-talice', secret: true }),
  asset: ASSET,
  settlementOptions: z.strictObject(SETTLEMENT_FIELDS).meta({ expected: 'an object' }).optional()
}).meta({ expected: 'an object with chainType, chainId, rpcUrl and keyId' })

const kind: ChainKind<z.output<typeof entry>> = {
  type: 'test',
  label: 'test chain',
  peerField: 'testAddress',
  address: { matches: text => ADDRESS.test(text), inWords: ADDRESS_IN_WORDS, canonical: address => address },
  channelId: { matches: text => /^channel-\d+$/.test(text), inWords: 'channel- and a number' },
  chainId: { matches: text => CHAIN_ID.test(text), inWords: 'a chain such as test:1', canonical: id => id, examples: ['test:1'] },
  schema: entry,
  decide: ({ chainId, rpcUrl, keyId, asset, settlementOptions }) =>
    termsOf({ id: chainId, tokenAddress: 'coin', asset, chain: { chainId, rpcUrl, keyId, decimals: asset?.scale } }, settlementOptions)
}

export default kind
