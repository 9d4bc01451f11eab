/** The elements of an XML document in their order; half a document, or one that is more than rates need, is refused. */
import { expect } from 'chai'
import { tagsOf } from '../../../backends/lib/xml-tags.js'

describe('the elements of an XML document', () => {
  it('come in the order in which they open, with their attributes', () => {
    const tags = tagsOf('\uFEFF<?xml version="1.0"?>\n<!-- rates <x> -->\n<a:b x="1"  y=\'2\'>text<Cube currency="USD" rate="1.1"/><c></c></a:b>')
    expect(tags.map(({ name, attributes }) => [name, Object.fromEntries(attributes)])).to.deep.equal([
      ['a:b', { x: '1', y: '2' }], ['Cube', { currency: 'USD', rate: '1.1' }], ['c', {}]
    ])
  })

  const faults: Array<[xml: string, reason: RegExp]> = [
    ['', /does not begin/], ['text', /does not begin/], ['<!-- only -->', /no element/], ['<a>', /<a> is not closed/], ['<a', /cut off inside a tag/],
    ['<a></b>', /unexpected <\/b>/], ['<a/><b/>', /more than one root/], ['<a x="1" x="2"/>', /attribute x given twice/], ['<a x=1/>', /unexpected <a x=1/],
    ['<!DOCTYPE a><a/>', /unexpected <!DOCTYPE/], ['<a>&amp;<?pi?></a>', /unexpected <\?pi/], ['<a x="<"/>', /unexpected/],
    [`${'<a>'.repeat(33)}${'</a>'.repeat(33)}`, /nested deeper than 32/], ['<a></a x="1">', /unexpected/]
  ]
  for (const [xml, reason] of faults) {
    it(`are refused: ${xml.slice(0, 30)}`, () => expect(() => tagsOf(xml)).to.throw(reason))
  }
})
