/** Without ethers, everything but settlement on EVM chains works, and that says what to install. */
import { spawnSync } from 'node:child_process'
import { expect } from 'chai'

/** Runs where `ethers` is not installed, as far as imports can tell. */
function runWithoutEthers (program: string): { stdout: string, stderr: string } {
  const hooks = `export function resolve (specifier, context, next) {
    if (specifier === 'ethers') {
      throw Object.assign(new Error("Cannot find package 'ethers' imported from " + context.parentURL), { code: 'ERR_MODULE_NOT_FOUND' })
    }
    return next(specifier, context)
  }`
  const loader = `import { register } from 'node:module'; register(${JSON.stringify(moduleOf(hooks))})`
  return spawnSync(process.execPath, ['--import', moduleOf(loader), '--input-type=module', '--eval', program], { encoding: 'utf8' })
}

function moduleOf (text: string): string {
  return `data:text/javascript,${encodeURIComponent(text)}`
}

const folder = new URL('../../../../plugins/evm/', import.meta.url).href

describe('ethers', () => {
  it('is named with how to install it where it is missing', () => {
    const { stdout, stderr } = runWithoutEthers(`
      const { withEthers } = await import('${folder}chain/ethers.js')
      await withEthers(() => import('${folder}open-chain.js')).catch(error => console.log(error.message))
    `)
    expect(stderr).to.equal('')
    expect(stdout).to.contain('npm install ethers')
  })

  it('is not said to be missing when something else is', async () => {
    const { withEthers } = await import('../../../../plugins/evm/chain/ethers.js')
    const error = await withEthers(() => Promise.reject(new Error('other'))).catch((error: unknown) => error)
    expect(error).to.have.property('message', 'other')
  })
})
