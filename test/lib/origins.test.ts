/** Whose pages may connect: those that are listed, and nothing that only looks like them. */
import { expect } from 'chai'
import { ORIGIN, isListedOrigin } from '../../src/lib/origins.js'

describe('origins', () => {
  const listed = ['https://wallet.example', 'http://localhost:3000', 'chrome-extension://abcdef']

  it('are let in if they are listed', () => {
    for (const origin of [...listed, 'HTTPS://Wallet.Example', 'https://wallet.example:443']) expect(isListedOrigin(origin, listed), origin).to.equal(true)
  })

  it('are refused if they are not', () => {
    for (const origin of [
      '', 'null', 'https://evil.example', 'http://wallet.example', 'https://wallet.example:8443', 'https://wallet.example.evil.example', 'https://x.wallet.example',
      'https://wallet.example, https://evil.example', 'https://wallet.example/', 'https://evil.example#https://wallet.example', 'http://localhost',
      'https://wallet.example@evil.example', 'wallet.example', '*', 'chrome-extension://other'
    ]) expect(isListedOrigin(origin, listed), origin).to.equal(false)
    expect(isListedOrigin('null', ['null'])).to.equal(false)
  })

  it('are a scheme and a host', () => {
    for (const origin of listed) expect(ORIGIN.test(origin), origin).to.equal(true)
    for (const origin of ['*', 'null', 'https://a/', 'https://a b', 'a.example', 'https://*.example/x']) expect(ORIGIN.test(origin), origin).to.equal(false)
  })
})
