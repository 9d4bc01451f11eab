/** A program in the place of tor: it takes the same settings, makes the name of a hidden service, and misbehaves as a file says. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export const HOSTNAME = `${'abcdefghijklmnopqrstuvwxyz234567'.repeat(2).slice(0, 56)}.onion`

/**
 * What it does by default is right. `ends`: at once; `ends-later`: half a second after it answered, when it is started for the first time;
 * `is-deaf`: does not open its port; `ignores-sigterm`; `no-service`: makes no hidden service;
 * `reaches-nobody`: refuses to connect to whatever it is asked for.
 */
export type Behaviour = 'good' | 'ends' | 'ends-later' | 'is-deaf' | 'ignores-sigterm' | 'no-service' | 'reaches-nobody'

const SOURCE = `
const { readFileSync, writeFileSync, existsSync, appendFileSync } = require('node:fs')
const { createServer } = require('node:net')
const file = process.argv[process.argv.indexOf('-f') + 1]
const text = readFileSync(file, 'utf8')
const setting = name => (new RegExp('^' + name + ' "?([^"\\\\n]+)"?$', 'm').exec(text) || [])[1]
const included = setting('%include')
const behaviour = included === undefined ? 'good' : readFileSync(included, 'utf8').trim()
appendFileSync(file + '.starts', JSON.stringify({ pid: process.pid, env: Object.keys(process.env) }) + '\\n')
const isFirst = readFileSync(file + '.starts', 'utf8').trim().split('\\n').length === 1
console.log('this is the program of the test')
writeFileSync(setting('PidFile'), String(process.pid))
if (behaviour === 'ends') { console.error('HOSTNAME cannot be served'); process.exit(3) }
process.on('SIGTERM', () => { if (behaviour !== 'ignores-sigterm') process.exit(0) })
const directory = setting('HiddenServiceDir')
if (directory !== undefined && behaviour !== 'no-service' && !existsSync(directory + '/hostname')) writeFileSync(directory + '/hostname', 'HOSTNAME\\n')
setInterval(() => undefined, 1000)
const port = Number(/:(\\d+) IsolateSOCKSAuth/.exec(text)[1])
if (behaviour !== 'is-deaf') {
  createServer(socket => {
    socket.on('error', () => undefined)
    let step = 0
    socket.on('data', () => socket.write(++step === 1 ? Buffer.from([5, 0]) : Buffer.from([5, behaviour === 'reaches-nobody' ? 4 : 0, 0, 1, 0, 0, 0, 0, 0, 0])))
  }).listen(port, '127.0.0.1')
  console.log('Bootstrapped 100% (done): Done')
}
if (behaviour === 'ends-later' && isFirst) setTimeout(() => process.exit(7), 500)
`

/** Writes the program into a directory. Resolves to the options that run it. */
export async function overlayProgram (directory: string, behaviour: Behaviour = 'good'): Promise<{ binaryPath: string, configFilePath: string }> {
  await mkdir(directory, { recursive: true })
  const binaryPath = join(directory, 'program')
  const configFilePath = join(directory, 'behaviour')
  await writeFile(binaryPath, `#!${process.execPath}\n${SOURCE.replaceAll('HOSTNAME', HOSTNAME)}`, { mode: 0o755 })
  await writeFile(configFilePath, behaviour)
  return { binaryPath, configFilePath }
}

/** Whether a process is there. */
export function isAlive (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
