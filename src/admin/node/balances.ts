/** The admin API's routes for what peers and we owe each other. */
import { z } from 'zod'
import type { PeerAccountBalance } from '../../contracts/node.js'
import { json } from '../../http/responses.js'
import { param, route, type Route, type RouteRequest } from '../../http/route.js'

/** What these routes ask of the node. */
export interface BalancesNode {
  /** Rejects with `httpErrorCode` 404 for a peer that nothing is known of. */
  getBalance (peerId: string, tokenId?: string): Promise<PeerAccountBalance>
}

const amount = z.string().regex(/^-?\d+$/)
const peerBalance = z.strictObject({
  peerId: z.string(),
  balances: z.array(z.strictObject({
    tokenId: z.string(),
    debitBalance: amount.describe('What the peer owes us, in base units'),
    creditBalance: amount.describe('What we owe the peer'),
    netBalance: amount.describe('Credit minus debit'),
    assetCode: z.string().optional().describe('What the amounts are in, where the configuration names an asset'),
    assetScale: z.int().optional().describe('One unit of the asset is 10^assetScale base units')
  }))
})

export function balanceRoutes (node: BalancesNode): Route[] {
  const balance = async (request: RouteRequest<unknown>): Promise<Response> => {
    return json(200, await node.getBalance(param(request, 'peerId'), request.query.tokenId))
  }
  const described = {
    method: 'get' as const,
    params: { peerId: 'The peer\'s id' },
    query: { tokenId: 'Only this token' },
    responses: { 200: peerBalance },
    errors: { 404: 'No such peer' }
  }
  return [
    route({ ...described, path: '/admin/balances/{peerId}', summary: 'Shows the balances with a peer' }, balance),
    route({ ...described, path: '/admin/accounts/{peerId}', summary: 'The same under its older name' }, balance)
  ]
}
