/** The words and seeds of BIP-39, as its own vectors have them; and no error gives a word away. */
import { expect } from 'chai'
import { entropyOf, isEntropy, newEntropy, phraseOf, seedOf } from '../../../src/lib/wallet/words.js'

const VECTORS: ReadonlyArray<readonly [entropy: string, phrase: string]> = [
  ['00'.repeat(16), `${'abandon '.repeat(11)}about`],
  ['7f'.repeat(16), 'legal winner thank year wave sausage worth useful legal winner thank yellow'],
  ['80'.repeat(16), 'letter advice cage absurd amount doctor acoustic avoid letter advice cage above'],
  ['ff'.repeat(16), `${'zoo '.repeat(11)}wrong`],
  ['00'.repeat(32), `${'abandon '.repeat(23)}art`],
  ['ff'.repeat(32), `${'zoo '.repeat(23)}vote`]
]

describe('The words of a wallet', () => {
  for (const [entropy, phrase] of VECTORS) {
    it(`are those of BIP-39: ${phrase.slice(0, 30)}...`, () => {
      expect(phraseOf(Buffer.from(entropy, 'hex'))).to.equal(phrase)
      expect(entropyOf(phrase).toString('hex')).to.equal(entropy)
    })
  }

  it('make the seed that every wallet makes of them', () => {
    expect(seedOf(Buffer.alloc(16)).toString('hex')).to.equal(
      '5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc19a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4')
  })

  it('are read with any spaces and capitals, as people type them', () => {
    expect(entropyOf(` ${'Abandon\t'.repeat(11)}\n about \r\n`)).to.deep.equal(Buffer.alloc(16))
  })

  it('are new every time, and as many as asked for', () => {
    for (const words of [12, 24]) {
      const phrases = Array.from({ length: 20 }, () => phraseOf(newEntropy(words)))
      expect(new Set(phrases).size).to.equal(20)
      for (const phrase of phrases) expect(phrase.split(' ')).to.have.lengthOf(words)
    }
    expect([16, 32, 20, 0].map(length => isEntropy(Buffer.alloc(length)))).to.deep.equal([true, true, false, false])
  })

  const faults: Array<[phrase: string, fault: RegExp]> = [
    ['', /12 or 24 words, and this one has 0$/],
    ['abandon '.repeat(15), /this one has 15$/], // BIP-39 knows it, and the wallet does not
    [`${'abandon '.repeat(10)}abandom about`, /word number 11\. Check the spelling$/],
    ['abandon '.repeat(12), /checksum/],
    [`about ${'abandon '.repeat(11)}`, /checksum/]
  ]
  for (const [phrase, fault] of faults) {
    it(`are refused with the reason, and not with a word of theirs: ${fault.source}`, () => {
      expect(() => entropyOf(phrase)).to.throw(fault).with.property('message').that.does.not.match(/aband|about/)
    })
  }
})
