/** The payment channel program as it is deployed: the template that ships with the package, made the program of one cluster. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GENESIS_HASH_OFFSET, TEMPLATE_SHA256 } from './artifact.js'

const TEMPLATE = 'plugins/solana/program/channel.so'

/** A SHA-256, so 32 bytes. */
const GENESIS_HASH_BYTES = 32

/**
 * Resolves to the bytes that a deployment on the cluster with this genesis hash (32 bytes) has. Rejects if the template is missing, or is
 * not the one that this version of the package was released with.
 */
export async function programOf (genesisHash: Uint8Array): Promise<Buffer> {
  if (genesisHash.length !== GENESIS_HASH_BYTES) throw new TypeError(`A genesis hash has ${GENESIS_HASH_BYTES} bytes, and this one ${genesisHash.length}.`)
  const path = templatePath()
  const program = await readFile(path)
  const found = createHash('sha256').update(program).digest('hex')
  if (found !== TEMPLATE_SHA256) throw new Error(`${path} is not the program of this version: its SHA-256 is ${found}. Install the package again.`)
  program.set(genesisHash, GENESIS_HASH_OFFSET)
  return program
}

/** It is in the package, but not in the compiled tree that this file is part of. */
function templatePath (): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const path = join(folder, TEMPLATE)
    if (existsSync(path)) return path
    if (folder === dirname(folder)) throw new Error(`The package has no ${TEMPLATE}. Install it again.`)
  }
}
