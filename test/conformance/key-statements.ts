/** What keys say of themselves, of which handing over to another one is made: a part of the suite for chains. */
import { expect } from 'chai'
import { promised } from '../../plugins/lib/channels/types.js'
import type { ChannelProvider, ClaimCodec } from '../../plugins/lib/channels/types.js'

interface KeyHolder {
  provider: Pick<ChannelProvider, 'address'>
  codec: Pick<ClaimCodec, 'signStatement' | 'verifyStatement'>
}

/** Rejects when one of the two takes a statement for what it is not. */
export async function expectStatements (us: KeyHolder, them: KeyHolder): Promise<void> {
  const signature = await promised(us.codec.signStatement?.('what we say'), 'signStatement')
  const theirs = await promised(them.codec.signStatement?.('what we say'), 'signStatement')
  const verify = async (text: string, address: string, signed: string): Promise<boolean> =>
    await promised(them.codec.verifyStatement?.(text, address, signed), 'verifyStatement')
  const { address } = us.provider
  expect(await verify('what we say', address, signature)).to.equal(true)
  expect(await verify('what we said', address, signature), 'another text').to.equal(false)
  expect(await verify('what we say', them.provider.address, signature), 'of somebody else').to.equal(false)
  expect(await verify('what we say', address, theirs), 'signed by somebody else').to.equal(false)
  for (const nonsense of ['', '0x', 'A'.repeat(88), '00'.repeat(64), signature.slice(2), `${signature}00`]) {
    expect(await verify('what we say', address, nonsense), `signed with ${nonsense}`).to.equal(false)
    expect(await verify('what we say', nonsense, signature), `of ${nonsense}`).to.equal(false)
  }
}
