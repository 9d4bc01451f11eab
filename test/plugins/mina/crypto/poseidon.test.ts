/** The hash is Mina's: with its constants, of any number of inputs. The oracle is the code of mina-signer. */
import { expect } from 'chai'
import fc from 'fast-check'
import { poseidon } from '../../../../plugins/mina/crypto/poseidon.js'
import { FIELD } from '../../../../plugins/mina/formats.js'

/** Not exported by the package, and so only known to this test. */
async function oracle (): Promise<(input: bigint[]) => bigint> {
  const file = new URL('../bindings/crypto/poseidon.js', import.meta.resolve('mina-signer'))
  const { Poseidon } = await import(file.href) as { Poseidon: { hash: (input: bigint[]) => bigint } }
  return Poseidon.hash
}

describe('Poseidon', () => {
  it('hashes as Mina does', async () => {
    const hash = await oracle()
    fc.assert(fc.property(fc.array(fc.bigInt(0n, FIELD - 1n), { maxLength: 5 }), input => {
      expect(poseidon(input)).to.equal(hash(input))
    }), { numRuns: 60 })
    for (const input of [[], [0n], [0n, 0n], [0n, 0n, 0n], [FIELD - 1n]]) expect(poseidon(input)).to.equal(hash(input))
  })
})
