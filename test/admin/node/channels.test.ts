/** The routes for payment channels: what they answer, what they refuse in which words, and what they say while a chain is away. */
import { expect } from 'chai'
import { FakeChannels } from '../../support/admin-node/channels.js'
import { NodeFixture } from '../../support/admin-node.js'

describe('the admin API of a node that settles', () => {
  let api: NodeFixture
  let channels: FakeChannels

  beforeEach(async () => {
    api = await new NodeFixture().start()
    channels = new FakeChannels()
    api.node.channels = channels
  })
  afterEach(() => api.stop())

  const NEW = { peerId: 'peer-b', chain: 'evm:base:8453', initialDeposit: '1000' }
  const open = (): void => { channels.details[0]!.status = 'open' }

  it('lists channels, all or some', async () => {
    const channel = {
      channelId: '0x01', peerId: 'peer-b', chain: 'evm:8453', status: 'settled', deposit: String(2n ** 70n), lastActivity: '1970-01-01T00:00:01.000Z'
    }
    expect((await api.get('/admin/channels')).json).to.deep.equal([channel])
    expect((await api.get('/admin/channels?peerId=peer-b&chain=evm:8453&status=settled')).json).to.deep.equal([channel])
    for (const query of ['peerId=peer-c', 'chain=evm:1', 'status=open']) expect((await api.get(`/admin/channels?${query}`)).json).to.deep.equal([])
  })

  it('shows one with all that is known, amounts as strings', async () => {
    expect((await api.get('/admin/channels/0x01')).json).to.deep.include({
      channelId: '0x01', participants: ['0xa', '0xb'], deposit: String(2n ** 70n), theirDeposit: '5', transferred: '3', theirTransferred: '4',
      status: 'settled', nonce: '2', theirNonce: '1', settlementTimeout: 3600, openedAt: '1970-01-01T00:00:00.000Z', closedAt: null
    })
    expect((await api.get('/admin/channels/0x02')).status).to.equal(404)
    expect((await api.get('/admin/channels/0x02')).json).to.deep.equal({ error: 'Not found', message: 'Channel not found' })
  })

  it('opens one, once', async () => {
    const { status, json } = await api.send('POST', '/admin/channels', { ...NEW, settlementTimeout: 7200, token: `0x${'70'.repeat(20)}` })
    expect([status, json]).to.deep.equal([201, { channelId: '0x01', chain: 'evm:8453', status: 'open', deposit: '1000' }])
    expect(channels.calls).to.deep.equal([['open', { chain: 'evm:8453', initialDeposit: 1000n, settlementTimeout: 7200 }]])
    const again = await api.send('POST', '/admin/channels', NEW)
    expect([again.status, again.json]).to.deep.equal([409, {
      error: 'Conflict', message: 'Channel already exists for peer peer-b with token USDC on chain evm:8453'
    }])
  })

  const refused: Array<[what: string, body: object, status: number, message: string]> = [
    ['no peer', { ...NEW, peerId: undefined }, 400, 'Missing or invalid peerId'],
    ['no chain', { ...NEW, chain: undefined }, 400, 'Missing or invalid chain'],
    ['a chain that is none', { ...NEW, chain: 'base' }, 400, 'Invalid chain format: base. Expected {blockchain}:{network}:{chainId}'],
    ['a chain without a number', { ...NEW, chain: 'evm:base' }, 400, 'Invalid chain format: evm:base. Expected {blockchain}:{network}:{chainId}'],
    ['a chain of another kind', { ...NEW, chain: 'gold:mainnet:0' }, 400, 'Unsupported blockchain: gold'],
    ['no deposit', { ...NEW, initialDeposit: undefined }, 400, 'Missing initialDeposit'],
    ['a deposit that is a number', { ...NEW, initialDeposit: 5 }, 400, 'initialDeposit must be a string'],
    ['a negative deposit', { ...NEW, initialDeposit: '-5' }, 400, 'initialDeposit must be a non-negative integer string'],
    ['a token that is no address', { ...NEW, token: '0x1' }, 400, 'Invalid token address format'],
    ['another token', { ...NEW, token: `0x${'71'.repeat(20)}` }, 400,
      `channels with peer 'peer-b' pay in 0x${'70'.repeat(20)}, not in 0x${'71'.repeat(20)}`],
    ['a network that is no address', { ...NEW, tokenNetwork: '0x1' }, 400, 'Invalid tokenNetwork address format'],
    ['a timeout of nothing', { ...NEW, settlementTimeout: 0 }, 400, 'settlementTimeout must be a positive integer'],
    ['an address that is none', { ...NEW, peerAddress: '0x1' }, 400, 'Invalid EVM address format: must be 0x-prefixed 42-char hex'],
    ['a stranger', { ...NEW, peerId: 'peer-x' }, 404, "Peer 'peer-x' must be registered before opening channels"],
    ['a peer that nothing is settled with', { ...NEW, peerId: 'peer-c' }, 503,
      "Settlement infrastructure not enabled: no settlement chain is configured for peer 'peer-c'"]
  ]
  for (const [what, body, status, message] of refused) {
    it(`opens none for ${what}`, async () => {
      const answer = await api.send('POST', '/admin/channels', body)
      expect([answer.status, (answer.json as { message: string }).message]).to.deep.equal([status, message])
      expect(channels.calls).to.deep.equal([])
    })
  }

  it('fills one up', async () => {
    open()
    const { status, json } = await api.send('POST', '/admin/channels/0x01/deposit', { amount: '5' })
    expect([status, json]).to.deep.equal([200, { channelId: '0x01', newDeposit: String(2n ** 70n + 5n), status: 'open' }])
    for (const [amount, message] of [
      [undefined, 'Missing amount'], [5, 'amount must be a string'], ['x', 'amount must be a positive integer string'], ['0', 'amount must be greater than zero']
    ]) {
      expect((await api.send('POST', '/admin/channels/0x01/deposit', { amount })).json).to.deep.equal({ error: 'Bad request', message })
    }
    channels.details[0]!.status = 'closed'
    expect((await api.send('POST', '/admin/channels/0x01/deposit', { amount: '5' })).json).to.include({ message: 'Channel is not in open state' })
  })

  it('closes one together with the peer, or by challenge, and pays it out', async () => {
    open()
    expect((await api.send('POST', '/admin/channels/0x01/close', {})).json).to.deep.equal({ channelId: '0x01', status: 'settled', txHash: '0xc1' })
    expect((await api.send('POST', '/admin/channels/0x01/close', {})).status).to.equal(400)
    open()
    expect((await api.send('POST', '/admin/channels/0x01/close', { cooperative: false })).json)
      .to.deep.equal({ channelId: '0x01', status: 'closing', txHash: '0xc1' })
    expect((await api.get('/admin/channels/0x01')).json).to.include({ closedAt: '1970-01-01T01:00:00.000Z' })
    expect((await api.send('POST', '/admin/channels/0x01/redeem')).json).to.deep.equal({ channelId: '0x01', status: 'closed', txHash: '0x4e' })
    expect((await api.send('POST', '/admin/channels/0x01/settle')).json).to.deep.equal({ channelId: '0x01', status: 'settled', txHash: '0x5e' })
    for (const [method, action, body] of [
      ['POST', 'deposit', { amount: '1' }], ['POST', 'close', {}], ['POST', 'settle'], ['POST', 'redeem'], ['GET', 'claims']
    ] as const) {
      const answer = await api.send(method, `/admin/channels/0x02/${action}`, body)
      expect([answer.status, answer.json], action).to.deep.equal([404, { error: 'Not found', message: 'Channel not found' }])
    }
  })

  it('shows the best claim', async () => {
    expect((await api.get('/admin/channels/0x01/claims')).json).to.deep.equal({ nonce: 7 })
    channels.claimed = undefined
    expect((await api.get('/admin/channels/0x01/claims')).json).to.deep.equal({ error: 'Not found', message: 'No claims found for this channel' })
  })

  it('says how settlement stands, also while the chain is away', async () => {
    expect((await api.get('/admin/settlement/states')).json).to.deep.equal([{
      peerId: 'peer-b', tokenId: 'USDC', state: 'SETTLEMENT_PENDING', chain: 'evm:8453', address: '0xa', reachable: true, prepaid: '0', headroom: '9',
      token: '12'
    }])
    channels.trouble = 'no settlement now: the chain is away'
    expect((await api.get('/admin/settlement/states')).json).to.deep.equal([{
      peerId: 'peer-b', tokenId: 'USDC', state: 'SETTLEMENT_PENDING', reachable: false, error: 'no settlement now: the chain is away'
    }])
    expect((await api.get('/admin/channels')).json).to.deep.equal([])
    expect((await api.get('/admin/channels/0x01')).json).to.deep.equal({ error: 'Service unavailable', message: 'no settlement now: the chain is away' })
  })

  it('changes how a peer is settled with', async () => {
    const settlement = { preference: 'evm', evmAddress: `0x${'12'.repeat(20)}`, chainId: 8453 }
    expect((await api.send('PUT', '/admin/peers/peer-b', { settlement })).json).to.deep.equal({ success: true, peerId: 'peer-b', updated: true })
    expect(api.node.updates).to.deep.equal([{ peerId: 'peer-b', settlement }])
  })
})
