/** The routes for accounts whose packets are refused: by a rule of the middleware `guard`, or here. */
import { z } from 'zod'
import { SluiceError } from '../../contracts/errors.js'
import { asGuard, type Guard } from '../../contracts/guard.js'
import type { Accounts } from '../../accounts/accounts.js'
import { json } from '../../http/responses.js'
import { param, route, type Route } from '../../http/route.js'
import { accountOf } from './accounts.js'
import type { BalanceParts } from './balances.js'
import { checked, objectOf } from './body.js'

export interface PausingParts {
  accounts: Pick<Accounts, 'accounts'>
  middlewares: BalanceParts['middlewares']
}

const BY = 'the admin API'
const REASON_LENGTH_MAX = 500
const ID = { id: 'The account\'s id' }
const paused = z.strictObject({
  accountId: z.string(),
  since: z.iso.datetime(),
  by: z.string().describe('A rule (`rule trafficSpike`), or who asked for it'),
  reason: z.string(),
  disconnected: z.boolean().describe('Whether its connection is kept closed, too')
})
const pausing = z.strictObject({ reason: z.string().max(REASON_LENGTH_MAX).optional() })

export function pausingRoutes ({ accounts, middlewares }: PausingParts): Route[] {
  const guard = (): Guard | undefined => asGuard(middlewares.getMiddleware('guard'))
  const needed = (): Guard => {
    const found = guard()
    if (found === undefined) throw new SluiceError('SLUICE_NO_GUARD', 'there is no middleware "guard", which pauses accounts. Put it into CONNECTOR_MIDDLEWARES.')
    return found
  }
  return [
    route({
      method: 'get',
      path: '/paused',
      summary: 'Lists the accounts that are paused, and why; {} without the middleware `guard`',
      responses: { 200: z.strictObject({ paused: z.array(paused).optional() }) },
      errors: {}
    }, () => json(200, {
      paused: guard()?.paused().map(({ peerId, since, by, reason, isDisconnected }) =>
        ({ accountId: peerId, since: new Date(since).toISOString(), by, reason, disconnected: isDisconnected }))
    })),

    route({
      method: 'post',
      path: '/paused/{id}',
      summary: 'Refuses packets from and to an account until it is resumed; it can still pay, and is paid',
      params: ID,
      body: {
        schema: pausing,
        example: { reason: 'their operator asked for it' },
        check: body => checked(pausing, objectOf(body, 'no json body provided to pause an account.'), 'invalid pause')
      },
      responses: { 200: z.strictObject({ account: z.string(), paused: z.literal(true) }) },
      errors: { 400: 'The id or the body is wrong', 404: 'No such account, or no middleware `guard`' }
    }, request => {
      const account = param(request, 'id')
      accountOf(accounts, account)
      needed().pause(account, BY, request.body.reason ?? 'not said')
      return json(200, { account, paused: true })
    }),

    route({
      method: 'delete',
      path: '/paused/{id}',
      summary: 'Carries packets of a paused account again, whoever paused it',
      params: ID,
      responses: { 200: z.strictObject({ account: z.string(), paused: z.literal(false) }) },
      errors: { 404: 'No middleware `guard`', 409: 'It is not paused' }
    }, request => {
      const account = param(request, 'id')
      if (!needed().resume(account, BY)) throw new SluiceError('SLUICE_PEER_NOT_PAUSED', `account is not paused. accountId=${account}`)
      return json(200, { account, paused: false })
    })
  ]
}
