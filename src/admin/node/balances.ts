/** The admin API's routes for what peers and we owe each other. */
import { z } from 'zod'
import type { NodeAdminHost } from './host.js'
import { param, route, type Answer, type Route, type RouteRequest } from '../../http/route.js'

const amount = z.string().regex(/^-?\d+$/)
const peerBalance = z.strictObject({
  peerId: z.string(),
  balances: z.array(z.strictObject({
    tokenId: z.string(),
    debitBalance: amount.describe('What the peer owes us, in base units'),
    creditBalance: amount.describe('What we owe the peer'),
    netBalance: amount.describe('Credit minus debit')
  }))
})

export function balanceRoutes (host: NodeAdminHost): Route[] {
  const balance = async (request: RouteRequest<unknown>): Promise<Answer> => {
    return { status: 200, body: await host.getBalance(param(request, 'peerId'), request.query.tokenId) }
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
