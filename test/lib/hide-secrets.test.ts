/** Secrets are found by name, by form and by value; what only looks like one to a careless eye stays. */
import { expect } from 'chai'
import { hideSecrets, isSecretName, redact, secretsIn } from '../../src/lib/hide-secrets.js'

describe('secrets', () => {
  it('of options are replaced by their place', () => {
    const options = { server: 'btp+ws://:hush@host', listener: { secret: 'shh' }, list: ['long secret', 'ab'] }
    expect(hideSecrets('at btp+ws://:hush@host with shh, hush, long secret and ab', options))
      .to.equal('at <options.server> with <options.listener.secret>, <password in options.server>, <options.list.0> and ab')
    expect(hideSecrets('nothing', undefined)).to.equal('nothing')
    const known = { listener: { username: 'carol', token: 'hush', keys: { secret: ['psst'] } }, server: 'btp+ws://:shh@carolxyz.onion:3000', pin: '1234' }
    expect(hideSecrets('connecting to carolxyz.onion:3000 as carol, xhushx, 0psst0, xshhx, 1234 and 12345', known))
      .to.equal('connecting to carolxyz.onion:3000 as <options.listener.username>, x<options.listener.token>x, 0<options.listener.keys.secret.0>0, ' +
        'x<password in options.server>x, <options.pin> and 12345')
  })

  it('of options are found however long they are', () => {
    const secret = `${'x'.repeat(100_000)}-the-end`
    expect(hideSecrets(`with ${secret} and more`, { secret })).to.match(/^with <options\S*> and more$/)
    expect(redact(`with ${secret} and more`, secretsIn({ secret }))).to.equal('with [redacted] and more')
  })

  for (const name of ['authToken', 'btpToken', 'secret', 'routingSecret', 'privateKey', 'private_key', 'OUR_API_KEY', 'apiKey', 'password', 'mnemonic',
    'seed', 'masterSeed', 'encryptionKey', 'wallet', 'Authorization']) {
    it(`have names like ${name}`, () => expect(isSecretName(name)).to.equal(true))
  }

  for (const name of ['tokenId', 'tokenAddress', 'key', 'keyId', 'publicKey', 'accountId', 'secrets are bad', 'seedless']) {
    it(`do not have names like ${name}`, () => expect(isSecretName(name)).to.equal(false))
  }

  const forms: Array<[text: string, shown: string]> = [
    ['btp+ws://:hush@host:1/x', 'btp+ws://:[redacted]@host:1/x'],
    ['to https://bob:hush@host failed', 'to https://bob:[redacted]@host failed'],
    ['http://host/?a=1&token=hush&b=2', 'http://host/?a=1&token=[redacted]&b=2'],
    ['authToken=hush, more', 'authToken=[redacted], more'],
    ['{"privateKey":"hu\\"sh","a":"b"}', '{"privateKey":[redacted],"a":"b"}'],
    ["{ secret: 'hush', a: 'b' }", "{ secret: [redacted], a: 'b' }"],
    ["Map(1) { 'apiKey' => 'hush' }", "Map(1) { 'apiKey' => [redacted] }"],
    ['Authorization: Bearer hush.hush', 'Authorization: Bearer [redacted]']
  ]
  for (const [text, shown] of forms) {
    it(`are seen in ${text}`, () => expect(redact(text)).to.equal(shown))
  }

  for (const text of ['token=0x1234 chainId=1', 'http://host:80/a@b', 'accountId=bob error=no secret is set', 'ws://host:3000', 'secret: set one']) {
    it(`are not seen in ${text}`, () => expect(redact(text)).to.equal(text))
  }

  it('are looked for in time that grows with the text alone', () => {
    for (const piece of ['x', 'a.', 'secret', 'secret:"', "secret:'\\", 'a://', 'a://:', '-', 'Bearer ']) {
      const started = process.cpuUsage().user
      redact(piece.repeat(200_000))
      expect((process.cpuUsage().user - started) / 1000, piece).to.be.below(5_000)
    }
  })

  it('of options are found as text and as bytes', () => {
    const known = secretsIn({ url: 'ws://a:p%20w@host', deep: { token: 'tok', keys: [Buffer.from('bytes'), 'hush'], secret: ['one', { two: 'two' }] }, name: 'bob' })
    for (const hidden of ['p%20w', 'p w', 'tok', 'one', 'two', Buffer.from('one').toString('hex'), Buffer.from('two').toString('base64')]) {
      expect(redact(`x ${hidden} y`, known), hidden).to.equal('x [redacted] y')
    }
    expect(redact('bob is hush with bytes', known)).to.equal('bob is hush with bytes')
    expect(secretsIn({ name: 'bob', secret: '' })).to.equal(undefined)
  })
})
