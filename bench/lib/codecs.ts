/** How many claims one core reads and checks in a second, on each chain: the signature, and everything that is looked at before it. */
import type { ClaimCodec } from '../../plugins/lib/channels/types.js'
import { codecOf, signers } from './claims.js'

/** Makes claims of one payer, and checks them. */
export interface CodecUnderTest {
  payer: ClaimCodec
  payee: ClaimCodec
  channelId: string
}

/** By the name of the chain. */
export const CODECS: Record<string, CodecUnderTest> = {
  evm: { payer: codecOf(signers.alice), payee: codecOf(signers.node), channelId: `0x${'aa'.repeat(32)}` }
}

/** Claims that are checked at once, as the claims of packets are. */
const BATCH = 100

/** @returns claims in a second of one core, and microseconds of all threads for each */
export async function checkClaims (
  { payer, payee, channelId }: CodecUnderTest, count: number
): Promise<{ perSecond: number, cpuUs: number }> {
  const texts: Buffer[] = []
  for (let i = 1n; i <= BigInt(count); i++) {
    const { text } = await payer.make({ channelId, nonce: i, total: i * 100n, senderId: 'test.alice' })
    texts.push(Buffer.from(text))
  }
  const before = process.cpuUsage()
  for (let at = 0; at < count; at += BATCH) {
    const verdicts = await Promise.all(texts.slice(at, at + BATCH).map(text => payee.verify(payee.parse(text))))
    if (verdicts.includes(false)) throw new Error('a good claim was refused')
  }
  const { user, system } = process.cpuUsage(before)
  const cpuUs = (user + system) / count
  return { perSecond: 1_000_000 / cpuUs, cpuUs }
}
