/** Every log call has a stable event and named fields, and docs/log-events.md lists them all. */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { callsIn, logCalls, logEventsPage } from '../../scripts/log-events.js'

describe('log calls', () => {
  it('have a stable event and named fields', () => {
    const calls = logCalls()
    expect(calls.length).to.be.greaterThan(100)
    expect(calls.flatMap(({ file, line, fault }) => fault === undefined ? [] : `${file}:${line}: ${fault}`)).to.deep.equal([])
  })

  it('are listed in docs/log-events.md: if not, run `npm run docs`', () => {
    expect(readFileSync('docs/log-events.md', 'utf8')).to.equal(logEventsPage())
  })

  const faults: Array<[code: string, fault: RegExp]> = [
    ['log.warn(`no route. prefix=${prefix}`)', /not a literal/],
    ['this.log.warn(text)', /not a literal/],
    ["log.warn('%s', text)", /no words/],
    ["log.warn('no route. prefix=none accountId=%s', id)", /no placeholder/],
    ["log.warn('no route. account-id=%s', id)", /camel case/],
    ["log.warn('this is a sentence which goes on and on and on and on. id=%s', id)", /longer than/],
    ['this.#log.warn({ ...fields }, \'no_route\')', /spread/],
    ['log.warn({ prefix })', /no event/],
    ["log[isNew ? 'warn' : 'debug'](text)", /not a literal/],
    ['options.onError(log.warn)', /handed on/]
  ]
  for (const [code, fault] of faults) {
    it(`are found when they have not: ${code}`, () => {
      expect(callsIn('x.ts', code).map(call => call.fault).join()).to.match(fault)
    })
  }

  it('are read with their levels and fields', () => {
    expect(callsIn('x.ts', "log[a ? 'warn' : 'debug']('no way, ' + 'to %s. a=%s b=%d', x, y, z)")).to.deep.equal([
      { file: 'x.ts', line: 1, levels: ['warn', 'debug'], event: 'no_way', fields: ['a', 'b'] }
    ])
    expect(callsIn('x.ts', "log.trace({ port, host: h }, 'server_started')")).to.deep.equal([
      { file: 'x.ts', line: 1, levels: ['debug'], event: 'server_started', fields: ['port', 'host'] }
    ])
  })
})
