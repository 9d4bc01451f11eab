/**
 * The software of the Anyone network, a fork of Tor, from its npm package. It wants consent to the terms of that network, which a test
 * cannot give for anybody: who runs the test says so.
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { OnionProgram } from './network.js'

/** @throws Error that says what to install, or what to set */
export function anonOfPackage (): OnionProgram {
  if (process.env.ANYONE_TERMS !== 'agreed') throw new Error('Read https://www.anyone.io/terms. If you agree to them, set ANYONE_TERMS to agreed.')
  const folder = join(dirname(createRequire(join(process.cwd(), 'package.json')).resolve('@anyone-protocol/anyone-client/package.json')), 'bin', process.platform, process.arch)
  return { name: 'anon', binary: join(folder, 'anon'), gencert: join(folder, 'anon-gencert'), settings: 'AgreeToTerms 1\n' }
}
