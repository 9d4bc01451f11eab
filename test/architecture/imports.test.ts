/** The parts can only be replaced by name as long as nobody reaches around the names: the import rules of the design, over every file. */
import { readFileSync, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { expect } from 'chai'
import { importsOf, violationsOf, type SourceFile } from '../support/import-rules.js'

const FOLDERS = ['src', 'middlewares', 'backends', 'stores', 'plugins', 'test', 'examples', 'bench', 'explorer']
const SOURCE = /\.(ts|tsx|mts|js|mjs)$/
const NOT_OURS = /(^|\/)(support\/node\/modules|node_modules|dist)\//
const root = process.cwd()

function sourceFiles (): SourceFile[] {
  const present = new Set(readdirSync(root))
  return FOLDERS.filter(folder => present.has(folder)).flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
      .filter(path => SOURCE.test(path) && !NOT_OURS.test(path))
      .map(path => ({ path, text: readFileSync(join(root, path), 'utf8') })))
}

function made (path: string, text: string): SourceFile {
  return { path, text }
}

describe('import rules', () => {
  it('hold in every source file', () => {
    const files = sourceFiles()
    expect(files.map(file => file.path)).to.include.members(['src/connector/connector.ts', 'src/packet/prepare.ts', 'middlewares/balance.ts', 'backends/ecb.ts'])
    expect(files.flatMap(violationsOf)).to.deep.equal([])
  })

  it('see every way to name a module', () => {
    const text = [
      `import a from './a.js'`, `import type { B } from './b.js'`, `import './c.js'`, `export * from './d.js'`, `export type { E } from './e.js'`,
      `const f = await import('./f.js')`, `type G = import('./g.js').G`, `import h = require('./h.js')`, `const i = require('./i.js')`,
      `const j = createRequire(import.meta.url)('./j.js')`, `const load = createRequire(here)`, `load('./k.js')`, 'import(`./l.js`)', 'import(m)',
      `function inside () { return import('./n.js') }`, `// import './comment.js'`, `const text = "import './string.js'"`
    ].join('\n')
    expect(importsOf(made('src/x.ts', text))).to.deep.equal([
      ...'abcdefghijkl'.split('').map(letter => `./${letter}.js`), '(computed)', './n.js'
    ])
  })

  for (const [what, path, text] of [
    ['the packet view uses another part', 'src/packet/prepare.ts', `import type { Logger } from '../contracts/logger.js'`],
    ['a middleware uses a service', 'middlewares/mine.ts', `import { Accounts } from '../src/accounts/accounts.js'`],
    ['a middleware uses only the type of a service', 'middlewares/mine.ts', `import type { Config } from '../src/config/config.js'`],
    ['a middleware uses another middleware', 'middlewares/mine.ts', `export { default } from './balance.js'`],
    ['a helper of middlewares uses a middleware', 'middlewares/lib/helper.ts', `import Balance from '../balance.js'`],
    ['a middleware uses a helper of backends', 'middlewares/mine.ts', `import { fractionOf } from '../backends/lib/fraction.js'`],
    ['a backend uses another backend', 'backends/mine.ts', `import('./ecb.js')`],
    ['a plugin uses another plugin', 'plugins/mine/index.ts', `import { typedDataOf } from '../evm/eip712.js'`],
    ['a plugin uses the package by its name', 'plugins/mine/index.ts', `import { createLogger } from 'sluice'`],
    ['a store uses a service', 'stores/mine.ts', `import { StoreService } from '../src/accounts/store-service.js'`],
    ['the core knows a middleware', 'src/connector/connector.ts', `import Balance from '../../middlewares/balance.js'`],
    ['the core knows the type of a plugin', 'src/connector/connector.ts', `type Btp = import('../../plugins/btp/index.js').default`],
    ['the core loads a name past the loader', 'src/connector/connector.ts', `const load = createRequire(import.meta.url); load(config.plugin)`],
    ['the core names a file by its absolute path', 'src/connector/connector.ts', `import '/opt/module.js'`],
    ['the core uses a chain SDK', 'src/ledger/x.ts', `const { ethers } = await import('ethers')`],
    ['a middleware uses the types of a chain SDK', 'middlewares/mine.ts', `import type { PublicKey } from '@solana/web3.js'`],
    ['the core uses a test', 'src/connector/connector.ts', `import '../../test/support/store.js'`],
    ['a benchmark uses a test', 'bench/routes.ts', `import '../test/support/store.js'`]
  ] as const) {
    it(`are broken when ${what}`, () => {
      expect(violationsOf(made(path, text))).to.have.lengthOf(1)
    })
  }

  for (const [what, path, text] of [
    ['the packet view uses itself and npm', 'src/packet/prepare.ts', `import { OctetReader } from './oer.js'; import { Errors } from 'ilp-packet'`],
    ['a middleware uses packets, contracts and helpers', 'middlewares/mine.ts',
      `import { prepareOf } from '../src/packet/prepare.js'; import type { Ledger } from '../src/contracts/ledger.js'; import './lib/recent-map.js'`],
    ['a plugin builds on the transport and the channels', 'plugins/mine/index.ts',
      `import PluginBtp from '../btp/index.js'; import type { ChannelProvider } from '../lib/channels/types.js'`],
    ['a plugin uses its own folder', 'plugins/mine/index.ts', `import { Socket } from './socket.js'; import('ethers')`],
    ['a demo runs a chain', 'examples/x.ts', `import { JsonRpcProvider } from 'ethers'`],
    ['a test uses anything', 'test/x.test.ts', `import '../middlewares/balance.js'; import 'ethers'; import(name)`]
  ] as const) {
    it(`are kept when ${what}`, () => {
      expect(violationsOf(made(path, text))).to.deep.equal([])
    })
  }
})
