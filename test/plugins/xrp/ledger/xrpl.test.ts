/** Without xrpl, everything but settlement on the XRP Ledger works, and that says what to install. */
import { spawnSync } from 'node:child_process'
import { expect } from 'chai'

/** Runs where `xrpl` is not installed, as far as imports can tell. */
function runWithoutXrpl (program: string): { stdout: string, stderr: string } {
  const hooks = `export function resolve (specifier, context, next) {
    if (specifier === 'xrpl') {
      throw Object.assign(new Error("Cannot find package 'xrpl' imported from " + context.parentURL), { code: 'ERR_MODULE_NOT_FOUND' })
    }
    return next(specifier, context)
  }`
  const loader = `import { register } from 'node:module'; register(${JSON.stringify(moduleOf(hooks))})`
  return spawnSync(process.execPath, ['--import', moduleOf(loader), '--input-type=module', '--eval', program], { encoding: 'utf8' })
}

function moduleOf (text: string): string {
  return `data:text/javascript,${encodeURIComponent(text)}`
}

const folder = new URL('../../../../plugins/xrp/', import.meta.url).href

describe('xrpl', () => {
  it('is named with how to install it where it is missing', () => {
    const { stdout, stderr } = runWithoutXrpl(`
      const { withXrpl } = await import('${folder}ledger/xrpl.js')
      await withXrpl(() => import('${folder}open-chain.js')).catch(error => console.log(error.message))
    `)
    expect(stderr).to.equal('')
    expect(stdout).to.contain('npm install xrpl')
  })

  it('is not said to be missing when something else is', async () => {
    const { withXrpl } = await import('../../../../plugins/xrp/ledger/xrpl.js')
    const error = await withXrpl(() => Promise.reject(new Error('other'))).catch((error: unknown) => error)
    expect(error).to.have.property('message', 'other')
  })
})
