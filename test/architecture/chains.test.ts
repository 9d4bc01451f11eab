/** src knows no chain: what a chain is called and how it writes things stands in its plugin. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import { chainWordsIn } from '../support/chain-words.js'

/** Words that stay, by file, and why. */
const ALLOWED: ReadonlyArray<{ file: string, found: RegExp, reason: string }> = [
  { file: 'src/contracts/node-config.ts', found: /^evmAddress$/, reason: 'a field of a public type, as the seeds publish it' },
  { file: 'src/contracts/signer.ts', found: /^'(secp256k1|ed25519)'$/, reason: 'the curves of keys, which many chains share' },
  { file: 'src/config/node/unsupported.ts', found: /^'(solana|mina|xrp|aptos|xrpl)'$/, reason: 'settings that the seeds name and no plugin has yet are refused by name' },
  { file: 'src/config/node/foreign-variables.ts', found: /^(XRP|XRPL|APTOS|SOLANA|MINA)_[A-Z_]+$/, reason: 'variables for kinds of chains that no plugin has yet are named' },
  { file: 'src/admin/node/channels.ts', found: /^'EVM settlement infrastructure not enabled'$/, reason: 'an answer that clients know, for a node that has no chain of any kind' },
  { file: 'src/commands/cli/channels.ts', found: /^'connector channels open peer-b evm:8453 10000000'$/, reason: 'an example for a person' },
  { file: 'src/config/connector/account-schema.ts', found: /`USD` or `XRP`/, reason: 'an asset, as an example' },
  { file: 'src/config/connector/schema.ts', found: /`ecb-plus-xrp`/, reason: 'the name of a backend' },
  { file: 'src/ledger/tigerbeetle/book.ts', found: /^`0x\$\{$/, reason: 'a number in hexadecimal digits' },
  { file: 'src/ledger/tigerbeetle/transfers.ts', found: /^`0x\$\{$/, reason: 'a number in hexadecimal digits' }
]

describe('src', () => {
  it('knows no chain', () => {
    const used = new Set<unknown>()
    const faults = sources().flatMap(path => chainWordsIn({ path, text: readFileSync(path, 'utf8') }).flatMap(({ line, word, found }) => {
      const exception = ALLOWED.find(each => each.file === path && each.found.test(found))
      used.add(exception)
      return exception === undefined ? [`${path}:${line}: ${word} in ${found}`] : []
    }))
    expect(faults).to.deep.equal([])
    expect(ALLOWED.filter(exception => !used.has(exception)), 'exceptions that nothing needs').to.deep.equal([])
  })

  it('is looked through for names in identifiers and texts, and for the way chains write bytes', () => {
    const text = [
      '// evm in a comment, 0x too', 'const evmAddress = 1', "const a = 'evm:8453'", 'const b = /^0x[0-9a-f]+$/', 'const c = `on ${b} for xrp`',
      'const mask = 0xff', "const d = 'minable premier'"
    ].join('\n')
    expect(chainWordsIn({ path: 'x.ts', text }).map(({ line, word }) => `${line} ${word}`)).to.deep.equal(['2 evm', '3 evm', '4 0x', '5 xrp'])
  })
})

function sources (): string[] {
  return readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts')).map(name => `src/${name.replaceAll('\\', '/')}`)
}
