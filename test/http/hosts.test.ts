/** What a Host header names, and which Origin is the API's own. */
import { expect } from 'chai'
import { HOST_NAME, hostIn, isAddress, isOwnOrigin, isThisMachine } from '../../src/http/hosts.js'

describe('hosts', () => {
  it('are read as browsers read them', () => {
    for (const [header, host] of [
      ['localhost', 'localhost'], ['LocalHost:8081', 'localhost'], ['127.1', '127.0.0.1'], ['2130706433:80', '127.0.0.1'], ['[::1]:8081', '::1'],
      ['[::FFFF:127.0.0.1]', '::ffff:7f00:1'], ['node.example:443', 'node.example'], ['a_b', 'a_b']
    ] as const) expect(hostIn(header), header).to.equal(host)
    for (const header of ['', ' ', ':80', '127.999.999.999', '1.2.3.4.5', 'a:b', 'a:99999', '[::1', '::1', 'a b', 'x@a', 'a/b', 'a?b', 'a#b', 'a\\b', '[::1]x']) {
      expect(hostIn(header), header).to.equal(undefined)
    }
  })

  it('are this machine, an address, or a name', () => {
    for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '::1', '::ffff:7f00:1']) expect(isThisMachine(host), host).to.equal(true)
    for (const host of ['localhost.', 'evil.localhost', '10.0.0.1', '0.0.0.0', '::', 'example.com']) expect(isThisMachine(host), host).to.equal(false)
    for (const host of ['10.0.0.1', '2001:db8::1']) expect(isAddress(host)).to.equal(true)
    expect(isAddress('10.0.0.1.nip.io')).to.equal(false)
  })

  it('have pages of their own', () => {
    for (const [origin, host] of [
      ['http://localhost:8081', 'localhost:8081'], ['http://localhost', 'localhost:80'], ['https://node.example', 'node.example'], ['http://[::1]:1', '[::1]:1']
    ] as const) expect(isOwnOrigin(origin, host), origin).to.equal(true)
    for (const [origin, host] of [
      ['http://localhost:8082', 'localhost:8081'], ['http://localhost', 'localhost:8081'], ['null', 'localhost'], ['', 'localhost'], ['http://', ''],
      ['file://localhost', 'localhost'], ['http://evil@localhost', 'localhost'], ['http://localhost/', 'localhost'], ['http://localhost?', 'localhost']
    ] as const) expect(isOwnOrigin(origin, host), origin).to.equal(false)
  })

  it('are listed without a port', () => {
    for (const name of ['connector', 'admin.example', 'a_b-c']) expect(HOST_NAME.test(name), name).to.equal(true)
    for (const name of ['', '*', 'connector:80', 'http://connector', '.example', 'a/b', 'a b']) expect(HOST_NAME.test(name), name).to.equal(false)
  })
})
