/** Whoever is taken for a neighbour on this machine needs no key: nothing else may look like one. */
import { expect } from 'chai'
import { isLoopbackAddress, staysHere } from '../../src/lib/loopback.js'

const STRANGERS = ['', 'localhost.evil.com', 'evil.localhost', '127.0.0.1.evil.com', '10.0.0.1', '::', '128.0.0.1', 'example.com']

describe('loopback', () => {
  it('is bound by its addresses', () => {
    for (const address of ['localhost', 'LOCALHOST', '127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
      expect(isLoopbackAddress(address), address).to.equal(true)
    }
    for (const address of [...STRANGERS, '0.0.0.0', '[::1]']) expect(isLoopbackAddress(address), address).to.equal(false)
  })

  it('is where some URLs lead that no server can be reached by', () => {
    for (const host of ['localhost', '127.0.0.1', '[::1]', '0.0.0.0']) expect(staysHere(host), host).to.equal(true)
    for (const host of STRANGERS) expect(staysHere(host), host).to.equal(false)
  })
})
