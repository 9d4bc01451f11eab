/** What an operator of a connector without a node's admin API sees and does of an account's channels: the plugin's admin info. */
import { z } from 'zod'
import type { ByHand } from './operator-actions.js'
import { jsonOf } from './read-record.js'

const command = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('channels') }),
  z.strictObject({ action: z.enum(['redeem', 'settle']), channelId: z.string() }),
  z.strictObject({ action: z.literal('close'), channelId: z.string(), cooperative: z.boolean().optional() })
])
const EXPECTED = '{ "action": "channels" }, or "close" (with "cooperative": false by challenge), "redeem" or "settle" with a "channelId"'

/** Resolves to what the account's channels look like then. Rejects with `httpErrorCode` 400 for what is no command. */
export async function carryOut (info: unknown, channels: ByHand): Promise<unknown> {
  const { data } = command.safeParse(info)
  if (data === undefined) throw Object.assign(new Error(`unknown command for payment channels. expected=${EXPECTED}`), { httpErrorCode: 400 })
  switch (data.action) {
  case 'channels': return plain(await channels.list())
  case 'close': return plain(await channels.close(data.channelId, { cooperative: data.cooperative }))
  case 'redeem': return plain(await channels.redeem(data.channelId))
  case 'settle': return plain(await channels.settle(data.channelId))
  }
}

/** Amounts as decimal strings. */
function plain (value: unknown): unknown {
  return JSON.parse(jsonOf(value)) as unknown
}
