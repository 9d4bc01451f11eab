/** A body is read whole or not at all, and its sender does not decide how much of it is kept. */
import { expect } from 'chai'
import { readUpTo } from '../../src/lib/read-up-to.js'

async function * chunks (sizes: readonly number[], taken: number[] = []): AsyncGenerator<Uint8Array> {
  for (const size of sizes) {
    await Promise.resolve()
    taken.push(size)
    yield Buffer.alloc(size, 'x')
  }
}

describe('readUpTo', () => {
  it('reads all chunks of a body that fits', async () => {
    expect((await readUpTo(chunks([3, 0, 2]), 5))?.toString()).to.equal('xxxxx')
  })

  it('reads nothing where there is no body', async () => {
    expect(await readUpTo(null, 5)).to.deep.equal(Buffer.alloc(0))
  })

  it('stops at the chunk with which the body is too long', async () => {
    const taken: number[] = []
    expect(await readUpTo(chunks([4, 2, 100], taken), 5)).to.equal(undefined)
    expect(taken).to.deep.equal([4, 2])
  })
})
