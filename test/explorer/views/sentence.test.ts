/** The sentence on top says whether the node is earning, and who cannot pay it. */
import { expect } from 'chai'
import { sentenceFor, type Business } from '../../../src/explorer/views/sentence.js'
import type { PeerView } from '../../../src/contracts/explorer.js'
import { traffic, USD } from '../../support/explorer-server.js'

const NOW = 1_000_000_000
const peer = (peerId: string, more: Partial<PeerView> = {}): PeerView =>
  ({ peerId, ilpAddress: '', relation: 'peer', connected: true, plugin: 'btp', isGuest: false, ...USD, ...more })
const full = (peerId: string): Business['balances'][number] => ({
  peerId, tokenId: 'USD', ...USD, balance: '5', maximum: '5', roomIn: '0', incomingHolds: '0', outgoingHolds: '0', prepaid: '0', settling: '0', settlementState: 'IDLE'
})
const QUIET: Business = { status: 'healthy', ledgerTrouble: undefined, peers: [], balances: [], recent: [], now: NOW }
const none = { fulfilled: 0, rejected: 0, amount: '0' }
const refused = traffic(NOW, { earned: [], accounts: [{ peerId: 'alice', ...USD, received: { ...none, rejected: 3 }, sent: none, codes: { F02: 3 } }] })

describe('the sentence on top of the explorer', () => {
  const CASES: ReadonlyArray<[business: Partial<Business>, sentence: string]> = [
    [{ status: 'starting' }, 'Starting.'],
    [{ ledgerTrouble: 'full' }, 'Not earning: balances cannot be kept, so packets with money are refused.'],
    [{}, 'Not earning: there are no peers.'],
    [{ peers: [peer('bob')] }, 'Not earning: no packets came in the last minutes.'],
    [{ peers: [peer('bob')], recent: [traffic(NOW)] }, 'Earning.'],
    [{ peers: [peer('bob')], recent: [traffic(NOW, { earned: [] })] }, 'Not earning: packets are paid, and nothing is kept of them.'],
    [{ peers: [peer('bob')], recent: [refused] }, 'Not earning: all 3 packets of the last minutes were refused.'],
    [{ peers: [peer('bob', { connected: false, since: NOW - 180_000 })], recent: [traffic(NOW)] }, 'Earning. The only peer cannot pay you: bob is away for 3 min.'],
    [{ peers: ['a', 'b', 'c', 'd', 'e'].map(id => peer(id, id === 'e' ? { connected: false } : {})), balances: [full('b')], recent: [traffic(NOW)] },
      'Earning. 2 of 5 peers cannot pay you: b is at its limit, e is away.'],
    [{ peers: ['a', 'b', 'c', 'd', 'e'].map(id => peer(id, { connected: false })) },
      'Not earning: no packets came in the last minutes. 5 of 5 peers cannot pay you: a is away, b is away, c is away, and 2 more.'],
    [{ peers: [peer('guest', { connected: false, isGuest: true }), peer('b')], balances: [{ ...full('b'), maximum: '0' }], recent: [traffic(NOW)] }, 'Earning.']
  ]
  for (const [business, sentence] of CASES) it(sentence, () => { expect(sentenceFor({ ...QUIET, ...business })).to.equal(sentence) })
})
