/**
 * A proof of nothing, which the ledger of o1js parses and a local chain without proofs does not verify. o1js takes eight seconds to make
 * one.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../package-root.js'

export const DUMMY_PROOF = readFileSync(join(PACKAGE_ROOT, 'test/support/mina/dummy-proof.txt'), 'utf8').trim()
