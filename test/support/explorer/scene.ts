/** A node that there is none of: five peers in three currencies, with limits, channels and prices, for looking at the explorer's page. */
import type {
  AttentionEntry, BalanceView, ChannelView, ConfigView, OpenSettlement, Overview, PeerView, RatesView, RejectCount, RouteView, WalletView
} from '../../../src/contracts/explorer.js'

export const NODE = 'g.acme'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const SCENE_PEERS = [
  { peerId: 'alice', assetCode: 'USD', assetScale: 6, relation: 'child', address: 'g.acme.alice', plugin: 'btp' },
  { peerId: 'bob', assetCode: 'USD', assetScale: 6, relation: 'peer', address: 'g.bob', plugin: 'evm' },
  { peerId: 'carol', assetCode: 'EUR', assetScale: 6, relation: 'peer', address: 'g.carol', plugin: 'solana' },
  { peerId: 'dave', assetCode: 'EUR', assetScale: 6, relation: 'peer', address: 'g.dave', plugin: 'evm' },
  { peerId: 'erin', assetCode: 'XRP', assetScale: 9, relation: 'parent', address: 'g.erin', plugin: 'xrp' }
] as const

type ScenePeer = typeof SCENE_PEERS[number]

const MONEY: Record<ScenePeer['peerId'], Partial<BalanceView> & Pick<BalanceView, 'balance' | 'incomingHolds' | 'outgoingHolds'>> = {
  alice: { balance: '1588420000', incomingHolds: '62500000', outgoingHolds: '0', maximum: '2000000000', minimum: '-2000000000', roomIn: '349080000', roomOut: '3588420000', fullInSeconds: 10_800 },
  bob: { balance: '1000000000', incomingHolds: '0', outgoingHolds: '0', maximum: '1000000000', minimum: '-1000000000', settleThreshold: '-800000000', roomIn: '0', roomOut: '2000000000' },
  carol: { balance: '-412750000', incomingHolds: '0', outgoingHolds: '-15200000', maximum: '500000000', minimum: '-900000000', settleThreshold: '-600000000', roomIn: '912750000', roomOut: '472050000' },
  dave: { balance: '-684120000', incomingHolds: '0', outgoingHolds: '-41000000', maximum: '400000000', minimum: '-1200000000', settleThreshold: '-700000000', settleTo: '0', roomIn: '1084120000', roomOut: '474880000', settling: '0', settlementState: 'SETTLEMENT_PENDING' },
  erin: { balance: '92400000000', incomingHolds: '4100000000', outgoingHolds: '0', maximum: '150000000000', roomIn: '53500000000', fullInSeconds: 41_400 }
}

export function balances (): BalanceView[] {
  return SCENE_PEERS.map(({ peerId, assetCode, assetScale }) => ({
    peerId, assetCode, assetScale, tokenId: assetCode, prepaid: peerId === 'erin' ? '2500000000' : '0', settling: '0', settlementState: 'IDLE', ...MONEY[peerId]
  }))
}

export function scenePeers (now: number): PeerView[] {
  const all = balances()
  const since = { alice: 3 * DAY, bob: 12 * DAY, carol: 3 * MINUTE, dave: 12 * DAY, erin: 8 * HOUR }
  return SCENE_PEERS.map(({ peerId, assetCode, assetScale, relation, address, plugin }) => {
    const balance = all.find(view => view.peerId === peerId)
    return {
      peerId, assetCode, assetScale, relation, plugin, ilpAddress: address, connected: peerId !== 'carol', since: now - since[peerId], isGuest: false,
      btpUrl: `wss://${peerId}.example/btp`,
      ...peerId === 'carol' ? { solanaAddress: '7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV' } : {},
      ...peerId === 'bob' || peerId === 'dave' ? { evmAddress: '0x8ba1f109551bD432803012645Ac136ddd64DBA72' } : {},
      ...peerId === 'erin' ? { xrpAddress: 'rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY' } : {},
      ...balance === undefined ? {} : { balance }
    }
  })
}

function attention (now: number): AttentionEntry[] {
  return [
    { kind: 'redeem', severity: 'risk', subject: 'bob', text: 'Claims are not yet on chain, and the channel may end in 9 days.', amount: { assetCode: 'USDC', assetScale: 6, amount: '312400000' },
      action: { label: 'Copy: redeem', command: 'connector settle redeem bob' } },
    { kind: 'limit', severity: 'look', subject: 'bob', text: 'bob is at its limit of 1,000.00 USD: its packets are refused with T04.', since: now - 42 * MINUTE, action: { label: 'Show the peer', page: 'peers/bob' } },
    { kind: 'away', severity: 'look', subject: 'carol', text: 'carol is away: nothing can be paid through it. Tried 7 times.', since: now - 3 * MINUTE, action: { label: 'Show the peer', page: 'peers/carol' } },
    { kind: 'rejects', severity: 'look', subject: 'T04', text: '0.6 % of packets are refused: a limit is reached.', action: { label: 'Look', page: 'packets' } }
  ]
}

export function overview (now: number, startedAt: number): Overview {
  return {
    nodeId: 'sluice', ilpAddress: NODE, version: '0.2.0', environment: 'production', status: 'healthy', startedAt,
    sentence: "Earning. 2 of 5 peers cannot pay you: bob's limit is full, carol is away.",
    attention: attention(now), peersConnected: 4, peersTotal: 5,
    earned: [{ assetCode: 'USD', assetScale: 6, amount: '2418904211' }, { assetCode: 'EUR', assetScale: 6, amount: '806120090' }],
    eventLoopDelay: 4, inFlight: 38
  }
}

export function routes (): RouteView[] {
  const to = (prefix: string, nextHop: string, reason: string, others: string[] = []): RouteView => ({
    prefix, nextHop, reason,
    candidates: [
      { nextHop, path: nextHop === '' ? [] : [prefix.split('.').slice(0, 2).join('.')], source: nextHop === '' ? 'own address' : 'announced', connected: nextHop !== 'carol' },
      ...others.map(other => ({ nextHop: other, path: [`g.${other}`, 'g.transit', prefix], source: 'announced', connected: other !== 'carol' }))
    ]
  })
  return [
    to('g.acme', '', 'own address'),
    to('g.acme.alice', 'alice', 'child: every address below its own'),
    to('g.bob', 'bob', 'shorter path: 1 instead of 3', ['dave']),
    to('g.carol', 'carol', 'only candidate'),
    to('g.dave', 'dave', 'shorter path: 1 instead of 3', ['bob', 'erin']),
    to('g.dave.shop.eu', 'dave', 'configured'),
    to('g.erin', 'erin', 'parent'),
    to('g.freight.north', 'bob', 'same path length, and bob comes first by name', ['dave']),
    to('g.freight.south', 'dave', 'configured with priority 10', ['bob']),
    to('g', 'erin', 'parent: everything that is not known otherwise')
  ]
}

export function channels (now: number): { channels: ChannelView[], wallets: WalletView[] } {
  return {
    channels: [
      { channelId: '0x4f1b0c6e2d9a8b7c5e3f1a2b4c6d8e0f1a3b5c7d9e1f2a4b6c8d0e2f4a6b8c0d', peerId: 'bob', chain: 'evm:8453', status: 'open', tokenId: 'USDC', tokenScale: 6,
        deposit: '1000000000', theirDeposit: '1500000000', transferred: '318200000', theirTransferred: '1312400000', unredeemed: '312400000', spendable: '681800000',
        createdAt: now - 12 * DAY, lastActivityAt: now - 4000,
        participants: ['0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984', '0x8ba1f109551bD432803012645Ac136ddd64DBA72'] },
      { channelId: '0x91d2aa07c3e5f6b8d0a1c2e4f6081a3c5e7f90b1d3f5a7c9e1b3d5f7091b3d5f', peerId: 'dave', chain: 'evm:8453', status: 'closed', tokenId: 'EURC', tokenScale: 6,
        deposit: '750000000', theirDeposit: '0', transferred: '710500000', theirTransferred: '0', unredeemed: '0', spendable: '39500000', settleableAt: now + 31 * HOUR,
        createdAt: now - 40 * DAY, lastActivityAt: now - 5 * HOUR },
      { channelId: '5DB01B7FFED6B67E6B0414DED11E051D2EE2B7619CE0EAA6286D67A3A4D5BDB3', peerId: 'erin', chain: 'xrp:mainnet', status: 'open', tokenId: 'XRP', tokenScale: 6,
        theirDeposit: '500000000', theirTransferred: '212400000', unredeemed: '12400000', createdAt: now - 6 * DAY, lastActivityAt: now - 70_000 },
      { channelId: '9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin', peerId: 'carol', chain: 'solana:mainnet', status: 'settled', tokenId: 'EURC', tokenScale: 6,
        deposit: '300000000', transferred: '300000000', unredeemed: '0', createdAt: now - 60 * DAY, lastActivityAt: now - 8 * DAY }
    ],
    wallets: [
      { peerId: 'bob', chain: 'evm:8453', address: '0x8ba1f109551bD432803012645Ac136ddd64DBA72', reachable: true, token: '4210500000', native: '81200000000000000', state: 'IDLE', tokenId: 'USDC' },
      { peerId: 'erin', chain: 'xrp:mainnet', address: 'rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY', reachable: true, native: '61200000', state: 'IDLE', tokenId: 'XRP' },
      { peerId: 'carol', chain: 'solana:mainnet', address: '7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV', reachable: false, error: 'The endpoint does not answer: timeout after 10 s.', state: 'IDLE', tokenId: 'EURC' }
    ]
  }
}

export function rates (): RatesView {
  const usd: Record<string, number> = { USD: 1, EUR: 1.0874, XRP: 0.5231 }
  const codes = Object.keys(usd)
  return {
    backend: 'market', spread: '0.2 %',
    pairs: codes.flatMap(from => codes.filter(to => to !== from)
      .map(to => ({ from, to, rate: ((usd[from] ?? 1) / (usd[to] ?? 1) * 0.998).toFixed(9) }))),
    troubles: [],
    prices: {
      quote: 'USD',
      assets: {
        USD: { from: 'quote', price: '1' },
        EUR: { from: 'market', price: '1.0874', ageMs: 21_000, sources: { kraken: { price: '1.0873', ageMs: 21_000 }, coinbase: { price: '1.0875', ageMs: 24_000 } } },
        XRP: { from: 'manual', price: '0.5231', until: '2026-12-01T12:00:00Z', otherwise: { from: 'market', price: '0.5298', ageMs: 19_000 } }
      },
      sources: { kraken: { failures: 0 }, coinbase: { failures: 2 }, bitstamp: { failures: 31, trouble: 'answered 429, too many requests' } }
    }
  }
}

export function config (): ConfigView {
  return {
    audit: { entries: 1207, head: 'c0ffee'.repeat(11).slice(0, 64) },
    settings: [
      { name: 'nodeId', value: 'sluice', source: 'file' }, { name: 'environment', value: 'production', source: 'environment' },
      { name: 'ilpAddress', value: NODE, source: 'file' }, { name: 'adminApi.apiKey', value: '(hidden)', source: 'environment' },
      { name: 'adminApi.port', value: '8081', source: 'default' }, { name: 'explorer.enabled', value: 'true', source: 'environment' },
      { name: 'explorer.port', value: '3001', source: 'default' }, { name: 'explorer.retentionDays', value: '7', source: 'default' },
      { name: 'healthCheckPort', value: '8080', source: 'default' }, { name: 'btpServerPort', value: '3000', source: 'file' },
      { name: 'peers[0].id', value: 'alice', source: 'file' }, { name: 'peers[1].id', value: 'bob', source: 'file' },
      { name: 'peers[1].settlement.threshold', value: '800000000', source: 'file' }, { name: 'logLevel', value: 'info', source: 'default' }
    ]
  }
}

export function rejects (): RejectCount[] {
  return [
    { code: 'T04', peerId: 'bob', count: 1841, words: 'The limit of bob is reached: what bob owes may not grow.', fix: 'Have bob settle, or raise the limit with connector peer set bob --max-balance.' },
    { code: 'F02', peerId: 'alice', count: 212, words: 'No route leads to the destination.', fix: 'Look at Routes, and explain the destination.' },
    { code: 'R00', peerId: 'erin', count: 9, words: 'The packet had too little time left.', fix: 'The sender has to give packets more time.' }
  ]
}

export function settlements (now: number): OpenSettlement[] {
  return [{ id: '1f0c77aa-3c1d-4a5e', peerId: 'dave', assetCode: 'EUR', assetScale: 6, amount: '684120000', createdAt: now - 190_000, state: 'unknown' }]
}
