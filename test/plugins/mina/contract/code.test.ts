/**
 * The code that `open` puts on the chain, and its hash. That the contract compiles to it is shown where it is proven with:
 * prover/proofs.test.ts.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect } from 'chai'
import { Field, VerificationKey } from 'o1js'
import { CODE } from '../../../../plugins/mina/contract/code.js'
import { PACKAGE_ROOT } from '../../../support/package-root.js'

describe('the code of Mina channels', () => {
  it('is for the version of o1js that is installed', () => {
    const { version } = createRequire(import.meta.url)(join(PACKAGE_ROOT, 'node_modules/o1js/package.json')) as { version: string }
    expect(CODE.o1js).to.equal(version)
  })

  it('has the hash that stands beside it', async () => {
    const key = new VerificationKey({ data: CODE.data, hash: Field(CODE.hash) })
    expect(await VerificationKey.checkValidity(key)).to.equal(true)
    expect(await VerificationKey.checkValidity(new VerificationKey({ data: CODE.data, hash: Field(1) })).catch(() => false)).to.equal(false)
  })
})
