/** A URL in a configuration reaches an HTTP server, and holds nothing that a log must not show. */
import { expect } from 'chai'
import { isHttpUrl } from '../../src/lib/urls.js'

describe('isHttpUrl', () => {
  for (const url of ['http://localhost:3100', 'https://example.com/a/b', 'http://[::1]:80/']) {
    it(`takes ${url}`, () => expect(isHttpUrl(url)).to.equal(true))
  }

  for (const url of ['', 'localhost:3100', 'ws://a', 'ftp://a', 'http://user@a', 'http://:pass@a', 'http://a/?key=1', 'http://a/#b']) {
    it(`refuses ${url || 'nothing'}`, () => expect(isHttpUrl(url)).to.equal(false))
  }
})
