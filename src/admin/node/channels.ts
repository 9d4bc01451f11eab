/** The admin API's routes for payment channels, and for how settlement stands. Amounts are in units of the token, as decimal strings. */
import { z } from 'zod'
import { plainOf } from '../../lib/json.js'
import type { ChainKind } from '../../contracts/chain-kind.js'
import type { NodeChannelState, NodeChannels, OpenChannelRequest, PeerChannel } from '../../contracts/node-channels.js'
import type { NodeConfig } from '../../contracts/node.js'
import type { ChannelMetadata } from '../../contracts/channels.js'
import { SluiceError } from '../../contracts/errors.js'
import { json } from '../../http/responses.js'
import { param, route, type Route, type RouteRequest } from '../../http/route.js'

/** What these routes ask of the node. */
export interface ChannelsNode {
  /** The kinds of chains that requests may speak of. */
  readonly config: Pick<NodeConfig, 'chainKinds'>
  readonly channelManager: NodeChannels
  /** Rejects with 400, 404, 409 and 503 where no channel can be opened. */
  openChannel (request: OpenChannelRequest): Promise<NodeChannelState>
}

const DISABLED = 'Settlement infrastructure not enabled'
const CHANNEL = { channelId: 'The channel\'s id' }
const CHAIN_SHAPE = /^[a-z0-9]+(:[a-zA-Z0-9-]+){1,2}$/
const OBJECT = 'Request body must be a JSON object'
const TOKEN = 'Invalid token address format'
const NETWORK = 'Invalid tokenNetwork address format'
const TIMEOUT = 'settlementTimeout must be a positive integer'

const amount = z.string().regex(/^\d+$/)
const deposit = z.string({ error: ({ input }) => input === undefined ? 'Missing initialDeposit' : 'initialDeposit must be a string' })
  .regex(/^\d{1,78}$/, 'initialDeposit must be a non-negative integer string').describe('What is put in at once, in units of the token')
const added = z.string({ error: ({ input }) => input === undefined ? 'Missing amount' : 'amount must be a string' })
  .regex(/^\d{1,78}$/, 'amount must be a positive integer string').regex(/[^0]/, 'amount must be greater than zero')
/** A request for a channel. Its addresses are those of the kind of chain that it names. */
function newChannel (kinds: readonly ChainKind[]): z.ZodType<NewChannel> {
  return z.strictObject({
    peerId: z.string('Missing or invalid peerId').min(1, 'Missing or invalid peerId'),
    chain: chain(kinds),
    initialDeposit: deposit,
    token: z.string(TOKEN).optional().describe('To be sure: channels pay in the token of their chain'),
    tokenNetwork: z.string(NETWORK).optional().describe('Not needed: the registry says it'),
    settlementTimeout: z.int(TIMEOUT).positive(TIMEOUT).optional().describe('Seconds of the challenge period'),
    peerAddress: z.string('Invalid peerAddress').optional().describe('For a peer with which the node does not settle yet')
  }, OBJECT).superRefine(({ chain, token, tokenNetwork, peerAddress }, context) => {
    const kind = kindOf(chain, kinds)
    if (kind === undefined) return
    const isWrong = (address: string | undefined): boolean => address !== undefined && !kind.address.matches(address)
    if (isWrong(token)) context.addIssue(TOKEN)
    if (isWrong(tokenNetwork)) context.addIssue(NETWORK)
    if (isWrong(peerAddress)) context.addIssue(`Invalid ${kind.label} address format: must be ${kind.address.inAnswers?.peer ?? kind.address.inWords}`)
  })
}

type NewChannel = OpenChannelRequest & { chain: string, initialDeposit: string }

function chain (kinds: readonly ChainKind[]): z.ZodString {
  return z.string('Missing or invalid chain').superRefine((text, context) => {
    const kind = kindOf(text, kinds)
    if (!CHAIN_SHAPE.test(text) || kind?.chainId.matches(text) === false) {
      context.addIssue(`Invalid chain format: ${text.slice(0, 64)}. Expected {blockchain}:{network}:{chainId}`)
    } else if (kind === undefined) context.addIssue(`Unsupported blockchain: ${text.split(':', 1).join('')}`)
  }).describe(kinds.flatMap(({ chainId }) => chainId.examples).join(' or '))
}

function kindOf (chainId: string, kinds: readonly ChainKind[]): ChainKind | undefined {
  return kinds.find(({ type }) => chainId.startsWith(`${type}:`))
}

function tokenAmount (kinds: readonly ChainKind[]): z.ZodType<{ amount: string, token?: string | undefined }> {
  const token = z.string(TOKEN).refine(text => kinds.some(({ address }) => address.matches(text)), TOKEN).optional()
  return z.strictObject({ amount: added, token }, OBJECT)
}

const closing = z.strictObject({
  cooperative: z.boolean('cooperative must be true or false').optional().describe('Together with the peer (default), or by challenge')
}, OBJECT)

const channelStatus = z.enum(['opening', 'open', 'closing', 'closed', 'settling', 'settled'])
const listed = z.strictObject({
  channelId: z.string(),
  peerId: z.string(),
  chain: z.string(),
  status: channelStatus,
  deposit: z.string().describe('What we have put in, in the smallest unit of the token, or `unknown`'),
  lastActivity: z.iso.datetime()
})
const shown = z.looseObject({ channelId: z.string(), status: channelStatus }).describe('With all that is known: participants, deposits, claims')
const changed = z.strictObject({ channelId: z.string(), status: channelStatus, txHash: z.string() })
/** Where the peer has made the transaction, and did not say which it is, there is no `txHash`. */
const closed = changed.extend({ txHash: z.string().optional() })
const state = z.looseObject({
  peerId: z.string(),
  tokenId: z.string(),
  state: z.enum(['IDLE', 'SETTLEMENT_PENDING', 'SETTLEMENT_IN_PROGRESS']),
  reachable: z.boolean().describe('Whether the chain answered just now')
})

export function channelRoutes (node: ChannelsNode): Route[] {
  const kinds = node.config.chainKinds
  const enabled = (message = DISABLED): NodeChannels => {
    if (!node.channelManager.isEnabled()) throw new SluiceError('SLUICE_NO_CHAIN', message)
    return node.channelManager
  }
  return [
    route({
      method: 'get',
      path: '/admin/channels',
      summary: 'Lists payment channels',
      query: { peerId: 'Only with this peer', chain: 'Only on this chain', status: 'Only in this status' },
      responses: { 200: z.array(listed) },
      errors: { 503: DISABLED }
    }, async ({ query }) => {
      const channels = await enabled().list()
      const isAsked = (channel: ChannelMetadata): boolean => (['peerId', 'chain', 'status'] as const)
        .every(field => query[field] === undefined || query[field] === channel[field])
      return json(200, channels.filter(isAsked).map(listedOf))
    }),

    route({
      method: 'post',
      path: '/admin/channels',
      summary: 'Opens a payment channel; answers when the chain has it',
      body: {
        schema: newChannel(kinds),
        example: { peerId: 'peer-b', chain: kinds[0]?.chainId.examples[0], initialDeposit: '1000000' }
      },
      responses: { 201: z.strictObject({ channelId: z.string(), chain: z.string(), status: channelStatus, deposit: amount }) },
      errors: { 400: 'A field is missing or wrong', 404: 'No such peer', 409: 'There is a channel already', 503: `${DISABLED}, or the chain cannot be reached` }
    }, async ({ body: request }) => {
      enabled()
      return json(201, { ...await node.openChannel(request), deposit: request.initialDeposit })
    }),

    route({
      method: 'get',
      path: '/admin/channels/{channelId}',
      summary: 'Shows a payment channel, as the chain says where it can be reached',
      params: CHANNEL,
      responses: { 200: shown },
      errors: { 404: 'No such channel', 503: DISABLED }
    }, async request => json(200, detailsOf(await known(enabled().get(param(request, 'channelId')))))),

    route({
      method: 'post',
      path: '/admin/channels/{channelId}/deposit',
      summary: 'Adds to a channel\'s deposit; answers when the chain has it',
      params: CHANNEL,
      body: { schema: tokenAmount(kinds), example: { amount: '500000' } },
      responses: { 200: z.strictObject({ channelId: z.string(), newDeposit: amount, status: channelStatus }) },
      errors: { 400: 'The amount is wrong, or the channel is not open', 404: 'No such channel', 503: 'The chain cannot be reached' }
    }, async request => {
      const { channelId, deposit, status } = await known(
        enabled('EVM settlement infrastructure not enabled').deposit(param(request, 'channelId'), BigInt(request.body.amount)))
      return json(200, { channelId, newDeposit: String(deposit), status })
    }),

    route({
      method: 'post',
      path: '/admin/channels/{channelId}/close',
      summary: 'Closes a payment channel: together with the peer, or by challenge when it does not agree',
      params: CHANNEL,
      body: { schema: closing, example: { cooperative: true } },
      responses: { 200: closed },
      errors: { 400: 'The channel is not open', 404: 'No such channel', 503: 'The chain cannot be reached' }
    }, async request => {
      const { channel: { channelId, status }, txId } = await known(enabled().close(param(request, 'channelId'), request.body))
      return json(200, { channelId, status: status === 'settled' ? status : 'closing', txHash: txId })
    }),

    change('settle', 'Pays out a channel whose challenge is over'),
    change('redeem', 'Takes out now what the peer\'s best claim grants'),

    route({
      method: 'get',
      path: '/admin/channels/{channelId}/claims',
      summary: 'Shows the peer\'s best claim, as it was received',
      params: CHANNEL,
      responses: { 200: z.looseObject({}) },
      errors: { 404: 'No such channel, or no claim', 503: 'Claim receiver not enabled' }
    }, async request => {
      const claim = await known(enabled('Claim receiver not enabled').claim(param(request, 'channelId')))
      if (typeof claim !== 'object' || claim === null) throw new SluiceError('SLUICE_CLAIM_UNKNOWN', 'No claims found for this channel')
      return json(200, claim)
    }),

    route({
      method: 'get',
      path: '/admin/settlement/states',
      summary: 'Lists, for each peer with which the node settles, what is in progress and whether the chain answers',
      responses: { 200: z.array(state) },
      errors: { 503: 'Settlement monitoring not enabled' }
    }, async () => json(200, plainOf(await enabled('Settlement monitoring not enabled').states())))
  ]

  function change (action: 'settle' | 'redeem', summary: string): Route {
    return route({
      method: 'post',
      path: `/admin/channels/{channelId}/${action}`,
      summary,
      params: CHANNEL,
      responses: { 200: changed },
      errors: { 400: 'The channel is not in a status for it', 404: 'No such channel', 503: `${DISABLED}, or there is nothing to do` }
    }, async (request: RouteRequest<unknown>): Promise<Response> => {
      const { channel: { channelId, status }, txId } = await known(enabled()[action](param(request, 'channelId')))
      return json(200, { channelId, status, txHash: txId })
    })
  }
}

/** The words that clients know for what the node says in its own. */
async function known<T> (work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const { httpErrorCode } = Object(error) as { httpErrorCode?: number }
    if (httpErrorCode === 404) throw new SluiceError('SLUICE_CHANNEL_UNKNOWN', 'Channel not found', { cause: error })
    throw error
  }
}

function isDetailed (channel: ChannelMetadata): channel is PeerChannel {
  return 'deposit' in channel
}

function listedOf (channel: ChannelMetadata): object {
  const { channelId, peerId, chain, status, lastActivityAt } = channel
  return { channelId, peerId, chain, status, deposit: isDetailed(channel) ? String(channel.deposit) : 'unknown', lastActivity: lastActivityAt.toISOString() }
}

function detailsOf (channel: ChannelMetadata): object {
  const { createdAt, lastActivityAt, ...rest } = channel
  const times = { createdAt, lastActivity: lastActivityAt }
  if (!isDetailed(channel)) return plainOf({ ...rest, ...times, deposit: 'unknown' })
  const { settleableAt, settlementTimeout } = channel
  const closedAt = settleableAt === undefined ? null : new Date(settleableAt.getTime() - settlementTimeout * 1000)
  return plainOf({ ...rest, ...times, openedAt: createdAt, closedAt })
}
