/** The reference page says what the connector does, and says it about every field. */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { accountSchema } from '../../../src/config/connector/account-schema.js'
import { fieldsOf, metaOf } from '../../../src/config/fields.js'
import type { Schema } from '../../../src/config/fields.js'
import { configurationReference } from '../../../scripts/config-reference.js'
import { connectorSchema } from '../../../src/config/connector/schema.js'

function everyField (schema: Schema): [string, Schema][] {
  return fieldsOf(schema).flatMap(([name, field]) => [[name, field], ...everyField(field)])
}

describe('reference page', () => {
  it('is what the schema says: if not, run `npm run build && node scripts/generate-docs.mjs`', () => {
    expect(readFileSync('docs/configuration.md', 'utf8')).to.equal(configurationReference())
  })

  for (const [name, field] of [...everyField(connectorSchema), ...everyField(accountSchema)]) {
    it(`describes ${name} in whole sentences, with the unit of a duration`, () => {
      const { description = '', expected = '' } = metaOf(field)
      expect(description).to.match(/^[A-Z].*[.]$/)
      expect(expected).not.to.equal('')
      if (expected.includes('milliseconds')) expect(description).to.include('in milliseconds')
      expect(configurationReference()).to.include(description.replaceAll('|', '\\|'))
    })
  }
})
