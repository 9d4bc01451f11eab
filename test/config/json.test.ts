/** Broken JSON is found exactly where the language finds it, and nothing of its text but a repeated key is told. */
import { expect } from 'chai'
import fc from 'fast-check'
import { readJson } from '../../src/config/json.js'

describe('reading JSON from a variable', () => {
  const faults: [text: string, fault: string][] = [
    ['', 'at line 1, column 1 (its end): expected a value'],
    ['  ', 'at line 1, column 3 (its end): expected a value'],
    ['{', 'at line 1, column 2 (its end): expected a key in double quotes or }'],
    ['[', 'at line 1, column 2 (its end): expected a value or ]'],
    ['{a: 1}', 'at line 1, column 2: expected a key in double quotes or }'],
    [`{'a': 1}`, 'at line 1, column 2: expected a key in double quotes or }'],
    ['{"a" 1}', 'at line 1, column 6: expected a colon'],
    ['{"a": }', 'at line 1, column 7: expected a value'],
    ['{"a": 1,}', 'at line 1, column 9: expected a key in double quotes'],
    ['{"a": 1 "b": 2}', 'at line 1, column 9: expected a comma or }'],
    ['[1 2]', 'at line 1, column 4: expected a comma or ]'],
    ['[1,]', 'at line 1, column 4: expected a value'],
    ['[1}', 'at line 1, column 3: expected a comma or ]'],
    ['{} {}', 'at line 1, column 4: expected nothing more'],
    ['{\n  "a": {\n    "b": tru\n  }\n}', 'at line 3, column 10: expected a value'],
    ['{"a": "b}', 'at line 1, column 7: the string that starts there is not finished or has a bad escape'],
    ['["\\x"]', 'at line 1, column 2: the string that starts there is not finished or has a bad escape'],
    ['[01]', 'at line 1, column 3: expected a comma or ]'],
    ['NaN', 'at line 1, column 1: expected a value'],
    ['{"a": 1, "b": {"a": 2}, "a": 3}', 'at line 1, column 25: the key "a" is in this object already'],
    ['[{"b": [{}, "b"],\n "\\u0062": 2}]', 'at line 2, column 2: the key "\\u0062" is in this object already']
  ]
  for (const [text, fault] of faults) {
    it(`says what is wrong with ${JSON.stringify(text)}`, () => expect(readJson(text)).to.deep.equal({ ok: false, fault }))
  }

  it('reads all that is JSON', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.nat(2), (value, space) => {
      const text = JSON.stringify(value, null, space)
      expect(readJson(text)).to.deep.equal({ ok: true, value: JSON.parse(text) as unknown })
    }))
  })

  // One character is left out, added or changed, and the fault is never named before the token in which that happened.
  it('does not blame what comes before the fault', () => {
    const damage = fc.record({ text: fc.json(), at: fc.nat(), insert: fc.constantFrom('', ',', '}', ']', ':', '"', 'x', '\\'), cut: fc.nat(1) })
    fc.assert(fc.property(damage, ({ text, at, insert, cut }) => {
      const start = at % (text.length + 1)
      const reading = readJson(text.slice(0, start) + insert + text.slice(start + cut))
      if (reading.ok) return
      expect(reading.fault).to.match(/^at line 1, column \d+/)
      const column = Number(/column (\d+)/.exec(reading.fault)?.[1])
      if (!reading.fault.includes('the string that starts there')) expect(column).to.be.greaterThanOrEqual(start - longestToken(text))
    }), { numRuns: 500 })
  })

  it('is not stopped by a long or deep text', () => {
    expect(readJson('["' + 'a'.repeat(200000)).ok).to.equal(false)
    expect(readJson('['.repeat(100000))).to.deep.equal({ ok: false, fault: 'at line 1, column 100001 (its end): expected a value or ]' })
  })

  function longestToken (text: string): number {
    return Math.max(...(text.match(/"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+|./g) ?? ['']).map(token => token.length))
  }
})
