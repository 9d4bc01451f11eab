#!/usr/bin/env node
/**
 * The daemon: environment -> createApp -> listen -> signals. A start that fails is one clear message on stderr and exit code 1.
 * The first SIGINT or SIGTERM lets the packets under way finish; the second ends the process at once.
 */
import { createApp, type App } from '../../connector/connector.js'
import { ConfigError } from '../../config/errors.js'
import { createLogger } from '../../lib/log.js'
import { describeError } from '../../lib/describe-error.js'
import { TIMER_LONGEST_MS } from '../../lib/timers.js'
import { applyQuickstart, printWelcome } from './quickstart.js'
import { version } from '../../lib/version.js'

const HELP = `ilp-connector runs an Interledger connector (Sluice ${version}). It takes no arguments: its options are environment variables.

  CONNECTOR_ILP_ADDRESS=test.me CONNECTOR_BACKEND=one-to-one CONNECTOR_ACCOUNTS='{}' ilp-connector

All of them are in docs/configuration.md of the package. Nodes with a YAML file are run by: connector start
`

const log = createLogger('app')
let app: App | undefined
let stopping = false

async function run (): Promise<void> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    process.stdout.write(HELP)
    return
  }
  const quickstart = process.argv.includes('--quickstart') ? await applyQuickstart(process.env) : undefined
  app = createApp()
  await app.listen()
  if (quickstart !== undefined) printWelcome(quickstart)
  // Accounts that only dial out, or none at all, do not keep the process alive: a daemon stays until it is told to go.
  setInterval(() => undefined, TIMER_LONGEST_MS)
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

// Of what a plugin does in a callback of its own. The process ends, as without this, but what the system refuses (a port) needs no stack.
process.on('uncaughtException', error => {
  const found = 'syscall' in error ? `${error.message}.` : error.stack ?? error.message
  process.stderr.write(`sluice: uncaught exception, probably of a plugin or middleware: the connector ends. error=${found}\n`)
  process.exit(1)
})

run().catch(fail)
