/** What is made of a log call: event, message and fields, in JSON's values, bounded and without secrets. */
import { expect } from 'chai'
import { eventOf, fieldNamesOf, recordOf, textOf } from '../../src/lib/log-record.js'

describe('a log call', () => {
  const events: Array<[text: string, event: string]> = [
    ['could not connect account. accountId=%s', 'could_not_connect_account'],
    ['no route to child, its address is taken. accountId=%s', 'no_route_to_child'],
    ['(!!!) cannot write balances, packets are refused.', 'cannot_write_balances'],
    ['connector ready (republic attitude). address=%s', 'connector_ready'],
    ['generating alert for account=%s', 'generating_alert'],
    ['error while submitting %s to backend. error=%s', 'error_while_submitting_to_backend'],
    ['connector_ready', 'connector_ready'],
    ['Größe: 5', 'größe'],
    ['%s', 'log'],
    ['', 'log']
  ]
  for (const [text, event] of events) {
    it(`${JSON.stringify(text)} is the event ${event}`, () => expect(eventOf(text)).to.equal(event))
  }

  it('has an event of bounded length', () => expect(eventOf('word '.repeat(1000))).to.have.length.at.most(64))

  it('is taken apart into words and fields', () => {
    expect(recordOf('could not stop %s. step=%s count=%d more="%s" %%', ['bob', 'routes', 5, 'x'])).to.deep.equal({
      event: 'could_not_stop', message: 'could not stop bob. %', fields: { step: 'routes', count: 5, more: 'x' }
    })
    expect(recordOf({ port: 3000, event: 'btp_forward' }, ['forwarding. to=%s', 'bob'])).to.deep.equal({
      event: 'btp_forward', message: 'forwarding.', fields: { port: 3000, event: 'btp_forward', to: 'bob' }
    })
    expect(recordOf('failed', [new Error('why'), { a: 1n }, 2])).to.deep.equal({ event: 'failed', message: 'failed', fields: { error: 'why', more: [{ a: '1' }, 2] } })
    expect(recordOf(new Error('why'), [])).to.deep.equal({ event: 'log', message: '', fields: { error: 'why' } })
    expect(recordOf('too few. a=%s b=%s', ['x'])).to.deep.equal({ event: 'too_few', message: 'too few. b=%s', fields: { a: 'x' } })
    expect(fieldNamesOf('a b. c=%s d="%s" e=%j f=g')).to.deep.equal(['c', 'd', 'e'])
  })

  it('has fields that JSON can hold, whatever is given', () => {
    const circle: Record<string, unknown> = { name: 'circle' }
    circle.self = circle
    const given = {
      big: 2n ** 70n, bytes: Buffer.from('abc'), at: new Date(0), never: new Date(NaN), none: null, nan: NaN, call: () => 1, sign: Symbol('s'),
      map: new Map([['a', 1n]]), set: new Set(['b']), error: new TypeError('bad'), circle
    }
    const { fields } = recordOf(given, ['x'])
    expect(JSON.parse(JSON.stringify(fields))).to.deep.include({
      big: '1180591620717411303424', bytes: '<3 bytes>', at: '1970-01-01T00:00:00.000Z', never: 'invalid date', none: null, nan: 'NaN',
      call: '[function]', sign: 'Symbol(s)', map: { a: '1' }, set: ['b'], error: 'bad'
    })
  })

  it('is bounded in length, depth and number', () => {
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, Array.from({ length: 1000 }, () => 'v'.repeat(10))]))
    expect(JSON.stringify(recordOf({ wide, text: 'x'.repeat(1e6) }, ['x'])).length).to.be.below(20_000)
    expect(recordOf('x'.repeat(1e6), []).message).to.have.lengthOf(4_000)
    expect(recordOf('long. text=%s', ['x'.repeat(5_000)]).fields.text).to.equal(`${'x'.repeat(4_000)}… (5000 characters)`)
  })

  it('shows no secret by its name, in either form', () => {
    const given = { authToken: 'hush', nested: [{ privateKey: Buffer.from('hush') }], apiKey: 5, url: 'btp+ws://:hush@host' }
    for (const shown of [JSON.stringify(recordOf(given, ['x'])), textOf(given, ['x']), textOf('%j secret=%s %o', [given, 'hush', given]),
      JSON.stringify(recordOf('%j secret=%s %o', [given, 'hush', given]))]) {
      expect(shown).to.include('[redacted]').and.not.include('hush').and.not.include('104')
    }
  })
})
