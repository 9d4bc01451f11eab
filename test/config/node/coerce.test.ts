/** Text from the environment becomes a number, a flag or a list where the field is one, and else stays text. */
import { expect } from 'chai'
import { z } from 'zod'
import { coerce } from '../../../src/config/node/coerce.js'

const FIELDS = {
  number: z.number().optional(),
  flag: z.boolean().default(false),
  list: z.array(z.string()),
  text: z.string()
}

describe('text for a field', () => {
  const values: Array<[field: keyof typeof FIELDS, text: string, value: unknown]> = [
    ['number', ' 3000 ', 3000], ['number', '-1.5', -1.5], ['number', '0x10', '0x10'], ['number', '1e3', '1e3'], ['number', '', ''],
    ['flag', 'true', true], ['flag', 'false', false], ['flag', 'yes', 'yes'],
    ['list', '127.0.0.1, 10.0.0.0/8,', ['127.0.0.1', '10.0.0.0/8']], ['list', '', []],
    ['text', '12', '12']
  ]
  for (const [field, text, value] of values) {
    it(`that is a ${field}: ${JSON.stringify(text)} is ${JSON.stringify(value)}`, () => expect(coerce(FIELDS[field], text)).to.deep.equal(value))
  }

  it('that nobody knows stays text', () => expect(coerce(undefined, 'true')).to.equal('true'))
})
