/** What needs a look is in the list, with one thing to do; what could lose money comes first, and the list has an end. */
import { expect } from 'chai'
import { attentionTo, duration, type Observed } from '../../../src/explorer/views/attention.js'
import type { BalanceView, ChannelView, PeerView, WalletView } from '../../../src/contracts/explorer.js'
import { USD } from '../../support/explorer-server.js'

const NOW = 1_000_000_000
const QUIET: Observed = {
  peers: [], balances: [], channels: [], wallets: [], settlements: [], prices: undefined, ledgerTrouble: undefined,
  historyTrouble: undefined, eventsLost: 0, others: [], now: NOW
}
const COMMANDS = { redeem: (id: string) => `redeem ${id}`, settlements: () => 'list settlements', balances: () => 'list balances' }

const peer = (peerId: string, more: Partial<PeerView> = {}): PeerView =>
  ({ peerId, ilpAddress: '', relation: 'peer', connected: true, plugin: 'btp', isGuest: false, ...USD, ...more })
const balance = (peerId: string, more: Partial<BalanceView> = {}): BalanceView => ({
  peerId, tokenId: 'USD', ...USD, balance: '0', incomingHolds: '0', outgoingHolds: '0', prepaid: '0', settling: '0', settlementState: 'IDLE', ...more
})
const channel = (more: Partial<ChannelView> = {}): ChannelView => ({
  channelId: '0xc', peerId: 'bob', chain: 'evm:1', status: 'open', tokenId: 'USDC', tokenScale: 6, createdAt: 0, lastActivityAt: 0, ...more
})
const wallet = (more: Partial<WalletView> = {}): WalletView => ({ peerId: 'bob', chain: 'evm:1', address: '0xa', reachable: true, state: 'IDLE', tokenId: 'USDC', native: '5', ...more })

const textsOf = (observed: Partial<Observed>): string[] => attentionTo({ ...QUIET, ...observed }, COMMANDS).map(({ text }) => text)

describe('the attention list of the explorer', () => {
  const CASES: ReadonlyArray<[what: string, observed: Partial<Observed>, texts: string[]]> = [
    ['nothing, where all is well', { peers: [peer('bob')], balances: [balance('bob', { maximum: '10', roomIn: '10' })], channels: [channel()], wallets: [wallet()] }, []],
    ['a peer at its limit', { balances: [balance('bob', { balance: '1500000000', maximum: '1500000000', roomIn: '0' })] },
      ['bob is at its limit of 1.500000000 USD: its packets are refused with T04.']],
    ['no peer that may owe nothing', { balances: [balance('bob', { maximum: '0', roomIn: '0', fullInSeconds: 0 })] }, []],
    ['a peer that is full soon', { balances: [balance('bob', { maximum: '10', roomIn: '5', fullInSeconds: 90 })] }, ['bob reaches its limit in 2 min, if it goes on like this.']],
    ['a peer that we owe all we may', { balances: [balance('bob', { roomOut: '0' })] }, ['We owe bob as much as its account allows: no packets go to it.']],
    ['a peer that is away', { peers: [peer('bob', { connected: false, since: NOW - 180_000 })] }, ['bob is away for 3 min.']],
    ['no guest that has gone', { peers: [peer('guest', { connected: false, isGuest: true })] }, []],
    ['claims that are not redeemed', { channels: [channel({ unredeemed: '312400000' })] },
      ['Claims of bob are worth 312.400000 USDC that the chain has not paid out yet. The node redeems them when they are worth its fee.']],
    ['a close that can be objected to', { channels: [channel({ status: 'closed', settleableAt: NOW + 7_200_000, unredeemed: '1' })] },
      ['A channel with bob is being closed. 2 h are left to object.']],
    ['a close that is over', { channels: [channel({ status: 'closed', settleableAt: NOW - 1 })] }, ['A channel with bob is being closed. It can be paid out now.']],
    ['a payment that nobody knows of', { settlements: [{ id: 's', peerId: 'bob', amount: '2000000000', createdAt: 5, state: 'unknown', ...USD }, { id: 't', peerId: 'eve', amount: '1', createdAt: 5, state: 'sending', ...USD }] },
      ['Nobody knows whether a payment of 2.000000000 USD to bob was made.']],
    ['a chain that is away, once for all peers on it', { wallets: [wallet({ reachable: false, error: 'timeout' }), wallet({ peerId: 'eve', reachable: false, error: 'timeout' })] },
      ['evm:1 cannot be reached, so the node cannot settle with 2 peers: timeout']],
    ['a wallet that cannot pay fees', { wallets: [wallet({ native: '0' })] }, ['The wallet 0xa on evm:1 has nothing to pay fees with: no claim can be redeemed.']],
    ['old prices', { prices: { quote: 'USD', sources: {}, assets: { EUR: { from: 'market', price: '1', ageMs: 7_200_000 }, XRP: { from: 'market', trouble: 'no source' } } } },
      ['The price of EUR is 2 h old.', 'The price of XRP is not used: no source']],
    ['a ledger in trouble', { ledgerTrouble: 'disk full' }, ['Balances cannot be kept, so packets with money are refused: disk full']],
    ['a history in trouble', { historyTrouble: 'EIO' }, ['The history of the explorer cannot be used: EIO. Payments do not depend on it.']],
    ['events that were lost', { eventsLost: 7 }, ['7 events were not kept: the disk is too slow, or full.']]
  ]
  for (const [what, observed, texts] of CASES) it(`has ${what}`, () => { expect(textsOf(observed)).to.deep.equal(texts) })

  it('has money at risk first, and the larger sums of that', () => {
    const settlements = (['5', '7000000000', '40000000'] as const).map((amount, index) =>
      ({ id: String(index), peerId: `p${index}`, amount, createdAt: 0, state: 'unknown' as const, ...USD }))
    const entries = attentionTo({ ...QUIET, peers: [peer('away', { connected: false })], settlements, ledgerTrouble: 'full' }, COMMANDS)
    expect(entries.map(({ subject }) => subject)).to.deep.equal(['p1', 'p2', 'p0', 'ledger', 'away'])
    for (const { action: { page, command } } of entries) expect(page ?? command).to.be.a('string')
  })

  it('has an end, and says how many more there are', () => {
    const peers = Array.from({ length: 10_000 }, (_none, index) => peer(`p${index}`, { connected: false }))
    const entries = attentionTo({ ...QUIET, peers, balances: peers.map(({ peerId }) => balance(peerId, { maximum: '1', roomIn: '0' })) }, COMMANDS)
    expect(entries.length).to.be.at.most(100)
    expect(entries.filter(({ text }) => text === 'And 9975 more like these.')).to.have.length(2)
  })

  it('says times in the largest unit that tells something', () => {
    expect([-1, 0, 59_400, 60_000, 7_140_000, 7_200_000, 172_800_000].map(duration)).to.deep.equal(['0 s', '0 s', '59 s', '1 min', '119 min', '2 h', '2 d'])
  })
})
