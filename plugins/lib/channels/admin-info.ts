/** What an operator of a connector without a node's admin API sees and does of an account's channels: the plugin's admin info. */
import { z } from 'zod'
import { SluiceError } from '../../../src/contracts/errors.js'
import { plainOf } from '../../../src/lib/json.js'
import type { OperatorActions } from './operator-actions.js'

const command = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('channels') }),
  z.strictObject({ action: z.enum(['redeem', 'settle']), channelId: z.string() }),
  z.strictObject({ action: z.literal('close'), channelId: z.string(), cooperative: z.boolean().optional() })
])
const EXPECTED = '{ "action": "channels" }, or "close" (with "cooperative": false by challenge), "redeem" or "settle" with a "channelId"'

/** Resolves to what the account's channels look like then. Rejects with `httpErrorCode` 400 for an unknown command. */
export async function carryOut (info: unknown, channels: OperatorActions): Promise<unknown> {
  const { data } = command.safeParse(info)
  if (data === undefined) throw new SluiceError('SLUICE_ADMIN_COMMAND_UNKNOWN', `unknown command for payment channels. expected=${EXPECTED}`)
  switch (data.action) {
  case 'channels': return plainOf(await channels.list())
  case 'close': return plainOf(await channels.close(data.channelId, { cooperative: data.cooperative }))
  case 'redeem': return plainOf(await channels.redeem(data.channelId))
  case 'settle': return plainOf(await channels.settle(data.channelId))
  }
}
