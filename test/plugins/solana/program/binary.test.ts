// The program that ships is the one that its sources give, and the program of a cluster differs from it in the 32 bytes of that cluster.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { getBase58Decoder, getBase58Encoder } from '@solana/kit'
import { expect } from 'chai'
import { GENESIS_HASH_OFFSET, PROGRAM_SHA256, SOURCES_SHA256, TEMPLATE_BYTES, TEMPLATE_SHA256 } from '../../../../plugins/solana/program/artifact.js'
import { programOf } from '../../../../plugins/solana/program/binary.js'
import { PACKAGE_ROOT } from '../../../support/package-root.js'

const PROGRAM = join(PACKAGE_ROOT, 'plugins/solana/program')
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const genesisHash = (text: string): Uint8Array => Uint8Array.from(getBase58Encoder().encode(text))

async function build (...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(PACKAGE_ROOT, 'scripts/build-solana-program.mjs'), ...args])
  return stdout
}

describe('the committed Solana program', () => {
  it('is what its sources give: compiled where clang-19 is installed, by the committed hashes elsewhere', async () => {
    expect(await build('--check')).to.match(/^compiled: |^clang-19 is not installed: /)
    expect(SOURCES_SHA256).to.match(/^[0-9a-f]{64}$/)
  })

  it('has a place for the cluster, and nothing else differs between clusters', async () => {
    const template = await readFile(join(PROGRAM, 'channel.so'))
    expect([template.length, sha256(template)]).to.deep.equal([TEMPLATE_BYTES, TEMPLATE_SHA256])
    const program = await programOf(new Uint8Array(32).fill(7))
    const differing = [...program.keys()].filter(at => program[at] !== template[at])
    expect(differing).to.deep.equal(Array.from({ length: 32 }, (_, i) => GENESIS_HASH_OFFSET + i))
  })

  it('has the hash that is told for each public cluster', async () => {
    expect(Object.keys(PROGRAM_SHA256)).to.have.length(3)
    for (const [genesis, hash] of Object.entries(PROGRAM_SHA256)) expect(sha256(await programOf(genesisHash(genesis)))).to.equal(hash)
  })

  it('is made for a cluster by its name or its genesis hash, without a compiler', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-program-'))
    try {
      const file = join(folder, 'channel.so')
      for (const [cluster, genesis] of [['devnet', 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG'], ['1'.repeat(32), '1'.repeat(32)]] as const) {
        await build('--cluster', cluster, '--out', file)
        expect((await readFile(file)).equals(await programOf(genesisHash(genesis)))).to.equal(true)
      }
      const refused = await build('--cluster', 'testnet2', '--out', file).then(() => '', (error: unknown) => (error as { stderr: string }).stderr)
      expect(refused).to.equal('"testnet2" is not a genesis hash. Name mainnet, devnet, testnet, or a hash of 32 bytes in base58.\n')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('is refused for what is not a genesis hash', async () => {
    const error = await programOf(new Uint8Array(31)).then(() => undefined, (error: unknown) => error)
    expect(error).to.be.instanceOf(TypeError).with.property('message', 'A genesis hash has 32 bytes, and this one 31.')
  })

  it('relies on the accounts that the comments of keys.c name', async () => {
    const text = await readFile(join(PROGRAM, 'keys.c'), 'utf8')
    const keys = [...text.matchAll(/^\/\/ (\w+)\nconst u8 \w+\[KEY_BYTES\] = \{([^}]+)\}/gm)]
    expect(keys).to.have.length(6)
    for (const [, key = '', bytes = ''] of keys) {
      expect(getBase58Decoder().decode(Uint8Array.from(bytes.split(',').map(Number)))).to.equal(key)
    }
  })
})
