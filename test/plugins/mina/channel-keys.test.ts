/** Keys of channels follow from our own, the chain, the payee and an index: nothing to back up, and never the same address twice. */
import { expect } from 'chai'
import MinaSigner from 'mina-signer'
import { ChannelKeys } from '../../../plugins/mina/channel-keys.js'
import { keyOf } from '../../../plugins/mina/keys.js'

const client = new MinaSigner({ network: 'devnet' })
const genKeys = (): { privateKey: string, publicKey: string } => client.genKeys()
const [ours, other, payee, otherPayee] = Array.from({ length: 4 }, genKeys)

describe('keys of channels', () => {
  it('are the same for the same, and others for anything else', () => {
    const keys = new ChannelKeys(ours!.privateKey, 'mina:devnet')
    const first = keys.keyFor(payee!.publicKey, 0)
    expect(new ChannelKeys(ours!.privateKey, 'mina:devnet').keyFor(payee!.publicKey, 0)).to.deep.equal(first)
    const others = [
      keys.keyFor(payee!.publicKey, 1), keys.keyFor(otherPayee!.publicKey, 0),
      new ChannelKeys(ours!.privateKey, 'mina:lightnet').keyFor(payee!.publicKey, 0), new ChannelKeys(other!.privateKey, 'mina:devnet').keyFor(payee!.publicKey, 0)
    ]
    expect(new Set([first, ...others].map(({ address }) => address)).size).to.equal(5)
  })

  it('are keys of Mina', () => {
    const { text, address } = new ChannelKeys(ours!.privateKey, 'mina:devnet').keyFor(payee!.publicKey, 3)
    expect(client.derivePublicKey(text)).to.equal(address)
    expect(keyOf(text)).to.deep.equal({ text, address })
  })
})

describe('our key', () => {
  it('is none of Mina without saying what it was', () => {
    expect(() => keyOf('EKsecret')).to.throw(/^keyId is not a private key of Mina(?!.*secret)/)
  })
})
