/** Keys of Ed25519 from their bytes: those of RFC 8032, section 7.1. */
import { sign, verify } from 'node:crypto'
import { expect } from 'chai'
import { ed25519PrivateKey, ed25519PublicBytes, ed25519PublicKey, knownEd25519Key } from '../../../../plugins/lib/keys/ed25519.js'

const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
const PUBLIC = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'

describe('keys of Ed25519', () => {
  it('are made of their bytes, and give them back', () => {
    const seed = Buffer.from(SEED, 'hex')
    const [secret, open] = [ed25519PrivateKey(seed), ed25519PublicKey(Buffer.from(PUBLIC, 'hex'))]
    expect(seed.toString('hex'), 'what was given is left as it was').to.equal(SEED)
    expect([secret, open].map(key => ed25519PublicBytes(key).toString('hex'))).to.deep.equal([PUBLIC, PUBLIC])
    const signature = sign(null, Buffer.alloc(0), secret)
    expect(signature.toString('hex').slice(0, 32)).to.equal('e5564300c360ac729086e2cc806e828a')
    expect(verify(null, Buffer.alloc(0), open, signature)).to.equal(true)
  })

  it('are remembered, each as itself, and not more of them than are in use', function () {
    this.timeout(20_000)
    const bytes = Array.from({ length: 1100 }, (_, each) => {
      const seed = Buffer.alloc(32)
      seed.writeUInt32LE(each)
      return ed25519PublicBytes(ed25519PrivateKey(seed))
    })
    const first = knownEd25519Key(bytes[0]!)
    expect(knownEd25519Key(Buffer.from(bytes[0]!))).to.equal(first)
    for (const each of bytes) expect(ed25519PublicBytes(knownEd25519Key(each)).equals(each)).to.equal(true)
    expect(knownEd25519Key(bytes[0]!), 'forgotten meanwhile').to.not.equal(first)
    expect(() => knownEd25519Key(Buffer.alloc(31))).to.throw()
  })
})
