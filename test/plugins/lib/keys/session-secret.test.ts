/** The secret of claim keys beside a vault is drawn once, kept before it is used, and not drawn anew when the store is damaged. */
import { expect } from 'chai'
import { sessionSecret } from '../../../../plugins/lib/keys/session-secret.js'
import { memoryStore } from '../../../support/evm/life.js'
import { rejectionError } from '../../../support/failures.js'

describe('the secret of claim keys', () => {
  it('is the same each time, and another one for each account and network', async () => {
    const entries = new Map<string, string>()
    const store = memoryStore(entries)
    const one = await sessionSecret(store, 'xrp:session:1:rA')
    expect(one).to.have.lengthOf(32)
    expect(await sessionSecret(memoryStore(entries), 'xrp:session:1:rA')).to.deep.equal(one)
    expect(await sessionSecret(store, 'xrp:session:1:rB')).not.to.deep.equal(one)
    expect(await sessionSecret(store, 'xrp:session:0:rA')).not.to.deep.equal(one)
  })

  it('is not used when it cannot be kept, and not drawn anew when it is damaged', async () => {
    const full = memoryStore(new Map(), () => { throw new Error('the disk is full') })
    expect((await rejectionError(sessionSecret(full, 'xrp:session:1:rA'))).message).to.equal('the disk is full')
    const damaged = memoryStore(new Map([['xrp:session:1:rA', 'hunter2']]))
    expect((await rejectionError(sessionSecret(damaged, 'xrp:session:1:rA'))).message).to.contain('is damaged in the store').and.not.contain('hunter2')
  })
})
