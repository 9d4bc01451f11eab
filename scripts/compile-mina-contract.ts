/**
 * Writes plugins/mina/contract/code.ts, what the zkApp of channels compiles to with the installed o1js: `npm run contracts:mina`. With
 * `--check` it writes nothing, and fails when the file is another.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Cache } from 'o1js'
import { Channel } from '../plugins/mina/contract/channel.js'

const FILE = 'plugins/mina/contract/code.ts'
const WIDTH = 130

const { version } = createRequire(import.meta.url)('../../node_modules/o1js/package.json') as { version: string }
const { verificationKey } = await Channel.compile({ cache: Cache.None })
const text = sourceOf(verificationKey.hash.toString(), verificationKey.data)
if (!process.argv.includes('--check')) writeFileSync(FILE, text)
else if (readFileSync(FILE, 'utf8') !== text) throw new Error(`${FILE} is not what the contract compiles to with o1js ${version}. Run "npm run contracts:mina".`)
process.stdout.write(`${verificationKey.hash.toString()}\n`)
process.exit(0) // threads of o1js would keep the process

function sourceOf (hash: string, data: string): string {
  const lines = data.match(new RegExp(`.{1,${WIDTH}}`, 'g')) ?? []
  return `/** What contract/channel.ts compiles to. Made by \`npm run contracts:mina\`. Do not edit. */

export const CODE = {
  /** The version of o1js that makes and proves it. Another version may give another hash. */
  o1js: '${version}',
  /** The hash of the verification key, as accounts on the chain have it. */
  hash: '${hash}',
  /** The verification key, base64: what \`open\` puts on the chain. */
  data: [
${lines.map(line => `    '${line}'`).join(',\n')}
  ].join('')
}
`
}
