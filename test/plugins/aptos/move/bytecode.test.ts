// The bytecode that ships is the one that its sources give, and what is deployed is recognised at any address.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { ADDRESS_PLACEHOLDER, MODULE_SHA256, SOURCES_SHA256 } from '../../../../plugins/aptos/move/artifact.js'
import { isShippedModule } from '../../../../plugins/aptos/move/bytecode.js'
import { bytesOf } from '../../../support/aptos/bcs.js'
import { PACKAGE_ROOT } from '../../../support/package-root.js'

const NAMES = ['core', 'channel'] as const
const ADDRESS = bytesOf(`0x${'ab'.repeat(32)}`)

async function build (...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(PACKAGE_ROOT, 'scripts/build-aptos-module.mjs'), ...args])
  return stdout
}

/** What the script says is to be published at an address. */
async function publication (address: string): Promise<{ metadata: Uint8Array, modules: Uint8Array[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-move-'))
  try {
    const file = join(folder, 'publish.json')
    await build('--address', address, '--out', file)
    const { function_id: called, args } = JSON.parse(await readFile(file, 'utf8')) as { function_id: string, args: [{ value: string }, { value: string[] }] }
    expect(called).to.equal('0x1::code::publish_package_txn')
    return { metadata: bytesOf(args[0].value), modules: args[1].value.map(bytesOf) }
  } finally {
    await rm(folder, { recursive: true })
  }
}

describe('the committed Move modules', () => {
  it('are what their sources give: compiled where the compiler is installed, by the committed hashes elsewhere', async () => {
    expect(await build('--check')).to.match(/^compiled: |^@initia\/builder\.js is not installed: /)
    expect(SOURCES_SHA256).to.match(/^[0-9a-f]{64}$/)
    for (const name of NAMES) {
      const template = await readFile(join(PACKAGE_ROOT, `plugins/aptos/move/${name}.mv`))
      expect(createHash('sha256').update(template).digest('hex')).to.equal(MODULE_SHA256[name])
    }
  })

  it('have nothing of the chain whose compiler made them, and what Aptos needs for events and views', async () => {
    for (const name of NAMES) {
      const template = await readFile(join(PACKAGE_ROOT, `plugins/aptos/move/${name}.mv`))
      expect([template.includes('initia'), template.includes('aptos::metadata_v1'), template.includes('-unstable')]).to.deep.equal([false, true, false])
    }
  })

  it('are published as an immutable package at any address, and recognised there', async () => {
    const { metadata, modules } = await publication('0x' + 'ab'.repeat(32))
    expect(Buffer.from(metadata.subarray(0, 15)).toString('latin1')).to.equal('\rSluiceChannel\x02')
    for (const [index, name] of NAMES.entries()) {
      const bytecode = modules[index] ?? new Uint8Array()
      expect(Buffer.from(bytecode).includes(ADDRESS_PLACEHOLDER)).to.equal(false)
      expect(isShippedModule(name, bytecode, ADDRESS)).to.equal(true)
      expect(isShippedModule(name, bytecode, bytesOf(`0x${'cd'.repeat(32)}`))).to.equal(false)
      for (const at of [8, bytecode.length - 2]) {
        const other = Uint8Array.from(bytecode)
        other[at] = (other[at] ?? 0) ^ 1
        expect(isShippedModule(name, other, ADDRESS)).to.equal(false)
      }
    }
    expect(isShippedModule('core', modules[1] ?? new Uint8Array(), ADDRESS)).to.equal(false)
  })

  it('are not taken for the shipped ones while the placeholder stands in them', async () => {
    for (const name of NAMES) {
      const template = await readFile(join(PACKAGE_ROOT, `plugins/aptos/move/${name}.mv`))
      expect(isShippedModule(name, template, ADDRESS)).to.equal(false)
    }
    expect(() => isShippedModule('core', new Uint8Array(), new Uint8Array(31))).to.throw(TypeError, 'An address of Aptos has 32 bytes, and this one 31.')
  })

  it('are published nowhere that is no address', async () => {
    const refused = await build('--address', 'alice').then(() => '', (error: unknown) => (error as { stderr: string }).stderr)
    expect(refused).to.equal('"alice" is not an address: 0x and up to 64 hexadecimal digits.\n')
  })
})
