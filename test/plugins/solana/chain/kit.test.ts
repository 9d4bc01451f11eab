/** Without @solana/kit, everything but settlement on Solana works, and that says what to install. */
import { spawnSync } from 'node:child_process'
import { expect } from 'chai'

/** Runs where `@solana/kit` is not installed, as far as imports can tell. */
function runWithoutKit (program: string): { stdout: string, stderr: string } {
  const hooks = `export function resolve (specifier, context, next) {
    if (specifier === '@solana/kit') {
      throw Object.assign(new Error("Cannot find package '@solana/kit' imported from " + context.parentURL), { code: 'ERR_MODULE_NOT_FOUND' })
    }
    return next(specifier, context)
  }`
  const loader = `import { register } from 'node:module'; register(${JSON.stringify(moduleOf(hooks))})`
  return spawnSync(process.execPath, ['--import', moduleOf(loader), '--input-type=module', '--eval', program], { encoding: 'utf8' })
}

function moduleOf (text: string): string {
  return `data:text/javascript,${encodeURIComponent(text)}`
}

const folder = new URL('../../../../plugins/solana/', import.meta.url).href

describe('@solana/kit', function () {
  this.timeout(60_000)

  it('is named with how to install it where it is missing', () => {
    const { stdout, stderr } = runWithoutKit(`
      const { withKit } = await import('${folder}chain/kit.js')
      await withKit(() => import('${folder}open-chain.js')).catch(error => console.log(error.message))
    `)
    expect(stderr).to.equal('')
    expect(stdout).to.contain('npm install @solana/kit')
  })

  it('is not said to be missing when something else is', async () => {
    const { withKit } = await import('../../../../plugins/solana/chain/kit.js')
    const error = await withKit(() => Promise.reject(new Error('other'))).catch((error: unknown) => error)
    expect(error).to.have.property('message', 'other')
  })
})
