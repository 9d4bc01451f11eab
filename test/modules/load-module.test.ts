/** Modules by name: where they are looked for, in every form that packages come in, and what is said when one does not work. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import type { ModuleType } from '../../src/modules/construct.js'
import { loadConstructor } from '../../src/modules/load-module.js'
import { account, startConnector } from '../support/connector.js'
import { withoutLog } from '../support/log.js'
import { FULFILL, prepare } from '../support/packets.js'
import { noRejectionLeft } from '../support/unhandled.js'

type Files = Record<string, string | object>

const METHODS: Record<ModuleType, string> = {
  plugin: '',
  middleware: 'async applyToPipelines () {}',
  backend: 'async connect () {}  async getRate () { return 1 }  async submitPayment () {}',
  store: 'async get () {}  async put () {}  async del () {}'
}
const TYPES = Object.keys(METHODS) as ModuleType[]

describe('modules by name', () => {
  withoutLog()
  noRejectionLeft()
  const home = process.cwd()
  let folder: string

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'modules-')))
    mkdirSync(join(folder, 'work'))
    process.chdir(join(folder, 'work'))
  })
  afterEach(() => {
    process.chdir(home)
    rmSync(folder, { recursive: true })
  })

  /** Below the temporary folder. Objects become JSON. */
  function write (files: Files): void {
    for (const [path, content] of Object.entries(files)) {
      const file = join(folder, path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
    }
  }

  /** An npm package in the working directory. */
  function install (name: string, manifest: object, files: Files): void {
    write(Object.fromEntries(Object.entries({ 'package.json': { name, ...manifest }, ...files })
      .map(([path, content]) => [`work/node_modules/${name}/${path}`, content])))
  }

  const classOf = (type: ModuleType, mark = 'here'): string =>
    `class Mine { constructor (options) { this.mark = '${mark}'; this.options = options }  ${METHODS[type]} }`

  function markOf (type: ModuleType, name: string): unknown {
    const Loaded = loadConstructor(type, name) as new (options: object) => { mark?: unknown, options?: unknown }
    const options = {}
    const instance = new Loaded(options)
    expect(instance.options).to.equal(options)
    return instance.mark
  }

  const code = (type: ModuleType): Record<string, [manifest: object, files: Files]> => ({
    'CommonJS': [{}, { 'index.js': `${classOf(type)}; module.exports = Mine` }],
    'CommonJS with a main file': [{ main: 'lib/start' }, { 'lib/start.js': `${classOf(type)}; module.exports = Mine` }],
    'CommonJS with a default export': [{}, { 'index.js': `${classOf(type)}; exports.default = Mine` }],
    'CommonJS that TypeScript made': [{}, {
      'index.js': `Object.defineProperty(exports, '__esModule', { value: true }); ${classOf(type)}; exports.default = Mine; exports.other = 1`
    }],
    'CommonJS that was wrapped twice': [{}, { 'index.js': `${classOf(type)}; module.exports = { default: { default: Mine } }` }],
    'CommonJS with an old-style constructor': [{}, {
      'index.js': `${classOf(type)}; function Old (options) { Object.setPrototypeOf(this, Mine.prototype); this.mark = 'here'; this.options = options }; module.exports = Old`
    }],
    'an ES module': [{ type: 'module' }, { 'index.js': `export default ${classOf(type)}` }],
    'an ES module by its extension': [{ main: 'index.mjs' }, { 'index.mjs': `${classOf(type)}; export { Mine as default }; export const other = 1` }],
    'an ES module of several files': [{ type: 'module', exports: './a.js' }, {
      'a.js': `import Mine from './b.js'; export default Mine`, 'b.js': `export default ${classOf(type)}`
    }],
    'exports for both': [{ exports: { '.': { import: './none.mjs', require: './index.cjs' } } }, { 'index.cjs': `${classOf(type)}; module.exports = Mine` }],
    'exports for import only': [{ exports: { import: './index.mjs' } }, { 'index.mjs': `export default ${classOf(type)}` }],
    'exports of the root for import only': [{ exports: { '.': { types: './index.d.ts', import: { types: './x.d.ts', default: './index.mjs' } } } },
      { 'index.mjs': `export default ${classOf(type)}` }],
    'exports of Node for import only': [{ type: 'module', exports: { '.': { node: { import: './lib/index.js' } } } },
      { 'lib/index.js': `export default ${classOf(type)}` }]
  })

  for (const type of TYPES) {
    describe(`of a ${type}`, () => {
      for (const [form, [manifest, files]] of Object.entries(code(type))) {
        it(`can be ${form}`, () => {
          install('mine', manifest, files)
          expect(markOf(type, 'mine')).to.equal('here')
        })
      }

      it('can have a scope', () => {
        install('@me/mine', { exports: { import: './index.mjs' } }, { 'index.mjs': `export default ${classOf(type)}` })
        expect(markOf(type, '@me/mine')).to.equal('here')
      })

      it('can be a file of a package', () => {
        install('mine', {}, { 'lib/part.js': `${classOf(type)}; module.exports = Mine` })
        expect(markOf(type, 'mine/lib/part')).to.equal('here')
      })

      it('can be a path, absolute or from the working directory', () => {
        write({
          'work/near.js': `${classOf(type, 'near')}; module.exports = Mine`,
          'above.mjs': `export default ${classOf(type, 'above')}`,
          'work/folder/index.js': `${classOf(type, 'folder')}; module.exports = Mine`
        })
        expect(['./near.js', './near', '../above.mjs', './folder', join(folder, 'above.mjs')].map(name => markOf(type, name)))
          .to.deep.equal(['near', 'near', 'above', 'folder', 'above'])
      })

      it('are found above the working directory', () => {
        write({ 'node_modules/mine/index.js': `${classOf(type, 'above')}; module.exports = Mine` })
        expect(markOf(type, 'mine')).to.equal('above')
      })
    })
  }

  it('are found in the working directory before the connector\'s own', () => {
    expect(() => markOf('backend', 'levelup')).to.throw('could not create backend') // the connector's own is there, and is no backend
    install('levelup', {}, { 'index.js': `${classOf('backend', 'own')}; module.exports = Mine` })
    expect(markOf('backend', 'levelup')).to.equal('own')
  })

  it('are the connector\'s own where the working directory has none', () => {
    expect(loadConstructor('plugin', 'ilp-plugin-btp')).to.have.property('version', 2)
  })

  it('are built in before all others', () => {
    install('one-to-one', {}, { 'index.js': `${classOf('backend', 'other')}; module.exports = Mine` })
    expect(loadConstructor('backend', 'one-to-one').name).to.not.equal('Mine')
    expect(loadConstructor('store', 'memory'), 'the former name').to.have.property('name', loadConstructor('store', 'memdown').name)
  })

  it('cannot be built-in helpers', () => {
    for (const name of ['lib', 'lib/level-store', '../stores/memdown']) expect(() => loadConstructor('store', name), name).to.throw()
  })

  describe('that do not work', () => {
    const failure = (name: string, type: ModuleType = 'middleware'): string => {
      try {
        loadConstructor(type, name)
      } catch (error) {
        return (error as Error).message
      }
      throw new Error('it loaded')
    }

    it('say where they were looked for when they are not there', () => {
      for (const type of TYPES) {
        expect(failure('not-there', type)).to.match(new RegExp(`^${type} not found`))
          .and.include('moduleName=not-there').and.include(process.cwd()).and.include('npm install not-there')
      }
      expect(failure('./not-there')).to.include(join(process.cwd(), 'not-there')).and.not.include('npm install')
    })

    it('say the same of the channels that settlement plugins share', () => {
      for (const name of ['paychan', 'channels', 'lib']) expect(failure(name, 'plugin')).to.match(/^plugin not found as a module name or under/)
    })

    for (const [what, manifest, files, reason] of [
      ['a dependency is missing', {}, { 'index.js': `require('not-there'); module.exports = class {}` }, 'not-there'],
      ['a dependency of a dependency is missing', {}, { 'index.js': `require('./part')`, 'part.js': `require('not-there')` }, 'part.js'],
      ['a dependency of an ES module is missing', { type: 'module' }, { 'index.js': `import 'not-there'; export default class {}` }, 'not-there'],
      ['a dependency of one for import only is missing', { exports: { import: './index.mjs' } },
        { 'index.mjs': `import 'not-there'; export default class {}` }, 'not-there'],
      ['it asks for itself and is not there', { main: 'missing.js' }, {}, 'missing.js'],
      ['it throws', {}, { 'index.js': `throw new Error('needs Node 99')` }, 'needs Node 99'],
      ['it throws nothing', {}, { 'index.js': `throw undefined` }, 'undefined'],
      ['it cannot be parsed', {}, { 'index.js': `class {` }, 'index.js'],
      ['it exports as an ES module and is none by name', { type: 'commonjs' }, { 'index.js': 'export default class {}' }, 'name it .mjs'],
      ['it imports as an ES module and is none by name', { type: 'commonjs' }, { 'index.js': `import 'node:fs'` }, 'name it .mjs'],
      ['it awaits at its top level', { type: 'module' }, { 'index.js': `await null; export default class {}` }, 'await'],
      ['it awaits at its top level, for import only', { exports: { import: './index.mjs' } },
        { 'index.mjs': `await null; export default class {}` }, 'await']
    ] as Array<[string, object, Files, string]>) {
      it(`say so as their own fault when ${what}`, () => {
        install('broken', manifest, files)
        expect(failure('broken')).to.include('could not load').and.include('moduleName=broken').and.include(reason).and.not.include('not found')
      })
    }

    for (const [what, files] of [
      ['nothing', { 'index.js': '' }],
      ['a function that cannot construct', { 'index.js': `module.exports = () => {}` }],
      ['an object', { 'index.js': `module.exports = { Mine: class {} }` }],
      ['nothing by default', { 'index.mjs': `export class Mine {}` }],
      ['null', { 'index.js': `module.exports = null` }]
    ] as Array<[string, Files]>) {
      it(`say that they export no constructor: ${what}`, () => {
        install('odd', { main: Object.keys(files)[0] }, files)
        expect(failure('odd')).to.include('does not export a constructor').and.include('module=odd')
      })
    }

    it('say what a constructor threw', () => {
      install('fussy', {}, { 'index.js': `module.exports = class { constructor () { throw new Error('no colour given') } }` })
      const Fussy = loadConstructor('backend', 'fussy')
      expect(() => new Fussy()).to.throw('no colour given')
    })
  })

  it('carry a packet, all four together', async () => {
    install('my-store', { type: 'module' }, { 'index.js': `export default class { async get () {}  async put () {}  async del () {} }` })
    install('my-backend', {}, { 'index.js': `module.exports = class { async connect () {}  async getRate () { return 2 }  async submitPayment () {} }` })
    install('my-middleware', { exports: { import: './index.mjs' } }, {
      'index.mjs': `export default class {
        constructor ({ seen }) { this.seen = seen }
        async applyToPipelines ({ outgoingData }, accountId) {
          outgoingData.insertLast({ name: 'mine', method: (data, next) => { this.seen.push(accountId); return next(data) } })
        }
      }`
    })
    install('my-plugin', {}, {
      'index.js': `const { EventEmitter } = require('events')
        class MyPlugin extends EventEmitter {
          constructor (options, { store, log }) { super(); Object.assign(this, { options, store, log }) }
          async connect () {}  async disconnect () {}  isConnected () { return true }
          async sendData (packet) { this.options.sent.push(packet.readBigUInt64BE(2)); return this.options.answer }
          async sendMoney () {}
          registerDataHandler (handler) { this.dataHandler = handler }  deregisterDataHandler () {}
          registerMoneyHandler () {}  deregisterMoneyHandler () {}
        }
        MyPlugin.version = 2
        module.exports = MyPlugin`
    })
    const [seen, sent]: [string[], bigint[]] = [[], []]
    const plugin = (): ReturnType<typeof account> => account('my-plugin', { options: { sent, answer: FULFILL } })
    const { app } = await startConnector({ alice: plugin(), bob: plugin() }, {
      store: 'my-store', backend: 'my-backend', middlewares: { mine: { type: 'my-middleware', options: { seen } } }
    })
    const alice = app.getPlugin('alice') as unknown as { dataHandler: (packet: Buffer) => Promise<Buffer> }
    expect(await alice.dataHandler(prepare({ amount: 21 }))).to.equal(FULFILL)
    expect({ seen, sent }).to.deep.equal({ seen: ['bob'], sent: [42n] })
    await app.shutdown()
  })
})
