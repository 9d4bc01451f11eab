#!/usr/bin/env node
/**
 * The daemon: environment -> createApp -> listen -> signals. A start that fails is one clear message on stderr and exit code 1.
 * The first SIGINT or SIGTERM lets the packets under way finish; the second ends the process at once.
 */
import { createApp, type App } from './app.js'
import { ConfigError } from './config/errors.js'
import { createLogger } from './log.js'
import { describeError } from './packet/errors.js'
import { applyQuickstart, printWelcome } from './quickstart.js'

const log = createLogger('app')
let app: App | undefined
let stopping = false

async function run (): Promise<void> {
  const quickstart = process.argv.includes('--quickstart') ? await applyQuickstart(process.env) : undefined
  app = createApp()
  await app.listen()
  if (quickstart !== undefined) printWelcome(quickstart)
  // Accounts that only dial out, or none at all, do not keep the process alive: a daemon stays until it is told to go.
  setInterval(() => undefined, 2 ** 31 - 1)
}

/** One line for each thing that is wrong: only a ConfigError has several. */
function fail (error: unknown): never {
  const message = describeError(error)
  const lines = error instanceof ConfigError ? message.split('\n') : [message.replaceAll(/\s*\n\s*/g, ' ')]
  process.stderr.write(lines.map(line => `sluice: ${line}\n`).join(''))
  process.exit(1)
}

async function stop (signal: string): Promise<void> {
  if (stopping) {
    log.warn('received second %s during graceful shutdown, exiting forcefully.', signal)
    process.exit(1)
  }
  stopping = true
  log.info('shutting down. signal=%s', signal)
  await app?.shutdown()
  log.info('completed graceful shutdown.')
  process.exit(0)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { stop(signal).catch(fail) })
// A promise that a plugin forgot is that plugin's trouble: the other accounts go on.
process.on('unhandledRejection', reason => log.error('unhandled rejection, probably of a plugin or middleware. error=%s', describeError(reason)))

run().catch(fail)
