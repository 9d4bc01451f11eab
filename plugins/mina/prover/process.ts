/**
 * The process that proves, as prover-process.ts starts it. It has no keys and uses no network, and ends with the process that started it.
 */
import { createRequire } from 'node:module'
import { describeError } from '../../../src/lib/describe-error.js'
import { withPackage } from '../../lib/optional-package.js'
import type { CommandBuilder } from './commands.js'
import type { Answer, Fault, Request, Setup } from './messages.js'
import type { ProverJob } from './jobs.js'

const MIB = 1_048_576
let builder: CommandBuilder | undefined
let cacheDir = ''

process.on('message', (request: Request) => { void answer(request).then(told => process.send?.(told)) })
process.once('disconnect', () => { process.exit(0) })

async function answer (request: Request): Promise<Answer> {
  switch (request.kind) {
  case 'setup': return prepare(request.setup)
  case 'compile': return compile()
  case 'job': return work(request.job)
  }
}

async function prepare (setup: Setup): Promise<Answer> {
  cacheDir = setup.cacheDir
  preferNative()
  try {
    const { CommandBuilder } = await withPackage('o1js', 'Opening, redeeming and closing channels on Mina', () => import('./commands.js'))
    builder = await CommandBuilder.create(setup.proofs)
    return { kind: 'ready' }
  } catch (error) {
    return fault('missing', error)
  }
}

async function compile (): Promise<Answer> {
  try {
    await builder?.compile(cacheDir)
    return { kind: 'ready' }
  } catch (error) {
    return fault(error instanceof Error && error.name === 'OtherCodeError' ? 'otherCode' : 'compiling', error)
  }
}

async function work (job: ProverJob): Promise<Answer> {
  if (builder === undefined) return fault('failed', new Error('not set up'))
  try {
    const command = await builder.build(job)
    try {
      const json = await command.prove()
      return { kind: 'command', json, rssMb: Math.round(process.memoryUsage.rss() / MIB) }
    } catch (error) {
      return fault('failed', error)
    }
  } catch (error) {
    return fault('refused', error)
  }
}

function fault (kind: Fault, error: unknown): Answer {
  return { kind: 'fault', fault: kind, reason: describeError(error) }
}

/** Four times as fast as WebAssembly. It comes with o1js, for the platforms that it is built for. */
function preferNative (): void {
  try {
    createRequire(import.meta.resolve('o1js')).resolve(`@o1js/native-${process.platform}-${process.arch}`) // as o1js does
    process.env.O1JS_BACKEND = 'native'
  } catch {
    process.env.O1JS_BACKEND = 'wasm'
  }
}
