/** The configuration in effect is shown flat, with the source of each value, and without a secret. */
import { expect } from 'chai'
import { z } from 'zod'
import { effectiveSettings } from '../../src/config/effective.js'
import { schemaAt } from '../../src/config/fields.js'

const schema = z.object({
  port: z.number(),
  code: z.string().meta({ secret: true }),
  options: z.record(z.string(), z.unknown()).meta({ secret: true }),
  peers: z.array(z.object({ id: z.string(), door: z.string().meta({ secret: true }) }))
})

const shown = (values: object): Record<string, string> =>
  Object.fromEntries(effectiveSettings(values, path => schemaAt(schema, path), () => 'default').map(({ name, value }) => [name, value]))

describe('the configuration in effect', () => {
  it('has a line for each value, and says where it comes from', () => {
    const settings = effectiveSettings({ port: 5, peers: [{ id: 'bob' }], ratio: 10n, none: undefined, list: [], map: {} }, path => schemaAt(schema, path), ([key]) => key === 'port' ? 'environment' : 'file')
    expect(settings).to.deep.equal([
      { name: 'port', value: '5', source: 'environment' }, { name: 'peers[0].id', value: 'bob', source: 'file' }, { name: 'ratio', value: '10', source: 'file' },
      { name: 'list', value: '[]', source: 'file' }, { name: 'map', value: '{}', source: 'file' }
    ])
  })

  it('hides what its schema, its name or its form says to be a secret, as a whole', () => {
    const text = JSON.stringify(shown({
      code: 'hunter2', options: { anything: 'hunter2', deep: { er: ['hunter2'] } }, peers: [{ id: 'bob', door: 'hunter2' }], authToken: 'hunter2', extra: { privateKey: { part: 'hunter2' } },
      url: 'wss://me:hunter2@example.net', rpc: 'https://example.net/?token=hunter2', seed: 'hunter2'
    }))
    expect(text).to.not.include('hunter2')
    expect(text).to.include('"code":"(hidden)"').and.include('"options":"(hidden)"').and.include('"peers[0].door":"(hidden)"').and.include('wss://me')
  })

  it('says whether there is a secret at all', () => {
    expect(shown({ code: '', options: {} })).to.deep.equal({ code: '(none)', options: '(none)' })
  })

  it('looks into nothing that a class or a function has made, and has an end', () => {
    class Plugin { readonly inner = 'hunter2' }
    expect(shown({ plugin: new Plugin(), run: () => 'hunter2' })).to.deep.equal({ plugin: '(Plugin)' })
    const settings = effectiveSettings({ many: Array.from({ length: 10_000 }, () => 'x'.repeat(1000)) }, () => undefined, () => 'given')
    expect(settings).to.have.length(2000)
    expect(settings[0]!.value).to.have.length(300)
    const ring: Record<string, unknown> = {}
    ring.ring = ring
    expect(shown({ ring })).to.be.an('object')
  })
})
