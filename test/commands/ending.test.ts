/** A process of ours ends with a code that supervisors understand, also while a call to the file system never returns. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect } from 'chai'
import { EX_CONFIG, exitCodeOf } from '../../src/commands/ending.js'
import { ConfigError } from '../../src/config/errors.js'
import { SluiceError } from '../../src/contracts/errors.js'
import { temporaryFolder } from '../support/daemon.js'

describe('the end of a process', () => {
  it('has the code of a faulty configuration where another try would end in the same way', () => {
    expect(exitCodeOf(new ConfigError([]))).to.equal(EX_CONFIG).and.to.equal(78)
    expect(exitCodeOf(new SluiceError('SLUICE_MODULE_NOT_FOUND', ''))).to.equal(78)
    for (const error of [new SluiceError('SLUICE_STORE_IN_USE', ''), new Error('no'), 'no', undefined]) expect(exitCodeOf(error)).to.equal(1)
  })

  it('comes at once, even if a call to the file system never returns', async () => {
    const folder = await temporaryFolder()
    const pipe = join(folder.path, 'pipe')
    execFileSync('mkfifo', [pipe])
    const endings: unknown[] = []
    for (const [readsFrom, signal] of [[pipe, 'SIGTERM'], [pipe, 'SIGKILL'], [import.meta.filename, 'SIGKILL']] as const) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', `
        import { readFile } from 'node:fs/promises'
        import { endProcess } from '${new URL('../../src/commands/ending.js', import.meta.url).href}'
        process.on('SIGTERM', () => undefined)
        const reading = readFile(${JSON.stringify(readsFrom)})
        setTimeout(() => endProcess(7, '${signal}'), 200)
        await reading`])
      endings.push(await once(child, 'close'))
    }
    expect(endings).to.deep.equal([[null, 'SIGTERM'], [null, 'SIGKILL'], [7, null]])
    await folder.remove()
  })
})
