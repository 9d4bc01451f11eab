/** Claims of the test chain: JSON without a nonce, since they are numbered by what they come to. */
import { FakeCodec } from '../channels/fake-codec.js'

export class TestClaims extends FakeCodec {
  constructor (address: string) {
    super(address, false)
  }
}
