/** Names of packages, and what else could be loaded if it were taken for one. */
import { expect } from 'chai'
import fc from 'fast-check'
import { isPackageName } from '../../src/modules/package-name.js'

describe('the name of a package', () => {
  it('is one that npm would publish, with or without a scope', () => {
    for (const name of ['btp', 'ilp-plugin-btp', 'ilp-plugin-xrp-paychan', '@interledger/plugin', '@me/my.plugin_2', 'a'.repeat(214)]) {
      expect(isPackageName(name), name).to.equal(true)
    }
  })

  it('is neither a path, nor a URL, nor a file in a package, nor a module of Node.js, nor anything but text', () => {
    for (const name of [
      '', '.', '..', './x', '../x', '/x', '//x', 'x/', 'x/y', 'x/../y', 'x//y', '@x', '@x/', '@/x', '@x/y/z', '@x/../y', '@x/.y', '@../y', '.x', '_x', '~/x', 'C:x',
      'C:\\x', 'x\\y', '.\\x', 'file:x', 'file:///x', 'data:text/javascript,1', 'node:fs', 'fs', 'fs/promises', 'child_process', 'worker_threads', '#x', '%2e', ' x',
      'x ', 'x\n', 'x\0', 'X', 'ß', 'x?y', 'x#y', 'a'.repeat(215), undefined, null, 5, {}, ['btp']
    ]) expect(isPackageName(name), JSON.stringify(name)).to.equal(false)
  })

  it('never has anything that leads to another folder', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('.', '/', '\\', '@', ':', 'a', '-', '~', '%', ' ')).map(parts => parts.join('')), name => {
      if (!isPackageName(name)) return
      expect(name.replace(/^@[^/]+\//, '')).to.not.match(/[/\\:]|^\./)
    }))
  })
})
