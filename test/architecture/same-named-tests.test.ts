/** Every source has a test that one finds by its name, or is listed with the test that exercises it; and helpers of tests have one home. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import { EXERCISED_THROUGH, SOURCE_ROOMS, hasOnlyTypes, mirrored, testsOf } from '../support/same-named-tests.js'

function filesIn (room: string): string[] {
  return readdirSync(room, { recursive: true, encoding: 'utf8' }).map(name => `${room}/${name}`)
}

const sources = SOURCE_ROOMS.flatMap(filesIn).filter(name => name.endsWith('.ts'))
const listed = Object.values(EXERCISED_THROUGH).flat()
const hasOwn = (source: string): boolean => mirrored(source).some(test => existsSync(test))

describe('the tests of a source', () => {
  it('are found by its name, or by the list in test/support/same-named-tests.ts', () => {
    expect(sources.length).to.be.greaterThan(250)
    const lost = sources.filter(source => !hasOwn(source) && !listed.includes(source) && !hasOnlyTypes(source))
    expect(lost.map(source => `${source}: add ${mirrored(source)[0] ?? ''}, or list it`)).to.deep.equal([])
  })

  it('exist, where the list names them', () => {
    expect(Object.keys(EXERCISED_THROUGH).filter(test => !existsSync(test))).to.deep.equal([])
  })

  it('are listed for sources that are there, have none of their own, and have something to test', () => {
    const stale = listed.filter(source => !existsSync(source) || hasOwn(source) || hasOnlyTypes(source))
    expect(stale, 'take them off the list').to.deep.equal([])
    expect(listed.filter((source, at) => listed.indexOf(source) !== at), 'listed twice').to.deep.equal([])
  })

  it('are found for sources, tests, and the index of a folder', () => {
    expect(testsOf('src/ledger/audit.ts')).to.deep.equal(['test/ledger/audit.test.ts'])
    expect(testsOf('stores/memdown.ts')).to.deep.equal(['test/stores/memdown.test.ts'])
    expect(testsOf('plugins/local/index.ts')).to.deep.equal(['test/plugins/local/local.test.ts'])
    expect(testsOf('test/ledger/audit.test.ts')).to.deep.equal(['test/ledger/audit.test.ts'])
    expect(testsOf('src/routing/status.ts')).to.deep.equal(['test/routing/router.test.ts'])
    expect(testsOf('src/nowhere.ts')).to.deep.equal([])
  })

  it('stand at a mirrored place: each folder of tests is one of sources', () => {
    const ours = ['architecture', 'bench', 'conformance', 'e2e', 'support']
    const others = 'contracts/programs' // what programs of others rely on
    const folders = filesIn('test').filter(name => name.endsWith('.test.ts')).map(name => name.slice('test/'.length, name.lastIndexOf('/')))
    const strange = folders.filter(folder => folder !== others && !ours.includes(folder.split('/')[0] ?? '') && !existsSync(`src/${folder}`) && !existsSync(folder))
    expect([...new Set(strange)]).to.deep.equal([])
  })
})

describe('helpers of tests', () => {
  it('live in test/support, and suites for others in test/conformance', () => {
    const strays = filesIn('test').filter(name => /\.(?:[cm]?ts|[cm]?js|json|py|sol)$/.test(name) && !name.endsWith('.test.ts'))
    expect(strays.filter(name => !/^test\/(?:support|conformance)\//.test(name))).to.deep.equal([])
  })

  it('exist once: no two helpers export a function of one name', () => {
    const places = new Map<string, string[]>()
    for (const file of filesIn('test/support').filter(name => name.endsWith('.ts'))) {
      for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(/^export (?:async )?function\s?\*? ?(\w+)/gm)) {
        places.set(name, [...places.get(name) ?? [], file])
      }
    }
    expect([...places].filter(([, files]) => files.length > 1).map(([name, files]) => `${name}: ${files.join(', ')}`)).to.deep.equal([])
  })
})
