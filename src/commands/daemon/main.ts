#!/usr/bin/env node
/**
 * The daemon: environment -> createApp -> listen -> signals. If the start fails, it prints one clear message on stderr and exits with 78,
 * if the configuration is at fault, or with 1. The first SIGINT or SIGTERM lets the packets in flight finish; the second ends the process
 * at once.
 */
import { createApp, type App } from '../../connector/connector.js'
import { ConfigError } from '../../config/errors.js'
import { createLogger, logFormat, oneLine } from '../../lib/log.js'
import { describeError } from '../../lib/describe-error.js'
import { TIMER_LONGEST_MS } from '../../lib/timers.js'
import { endProcess, exitCodeOf } from '../ending.js'
import { applyQuickstart, printWelcome } from './quickstart.js'
import { version } from '../../lib/version.js'

const HELP = `ilp-connector runs an Interledger connector (Sluice ${version}). It takes no arguments; configure it with environment variables.

  CONNECTOR_ILP_ADDRESS=test.me CONNECTOR_BACKEND=one-to-one CONNECTOR_ACCOUNTS='{}' ilp-connector

docs/configuration.md in the package lists them all, and docs/operating.md says how to run it. CONNECTOR_LOG_LEVEL=warn (or LOG_LEVEL) leaves out
less important lines of the log; CONNECTOR_LOG_FORMAT=json (or LOG_FORMAT) writes it as one JSON object a line (docs/log-events.md).
To run a node from a YAML file: connector start
`

let log = createLogger('app')
let app: App | undefined
let stopping = false
let isUp = false

async function run (): Promise<void> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    process.stdout.write(HELP)
    return
  }
  const quickstart = process.argv.includes('--quickstart') ? await applyQuickstart(process.env) : undefined
  app = createApp()
  log = app.config.createLogger('app')
  await app.listen()
  isUp = true
  // With LOG_FORMAT=json, stdout carries nothing but lines of JSON.
  if (quickstart !== undefined) printWelcome(quickstart, logFormat() === 'json' ? process.stderr : process.stdout)
  // Accounts that only dial out, or no accounts at all, would not keep the process alive. A daemon stays until it is told to stop.
  setInterval(() => undefined, TIMER_LONGEST_MS)
}

/** One line for each problem: only a ConfigError has several. */
function fail (error: unknown): void {
  const message = describeError(error)
  const lines = error instanceof ConfigError ? message.split('\n') : [message.replaceAll(/\s*\n\s*/g, ' ')]
  process.stderr.write(lines.map(line => `sluice: ${line}\n`).join(''))
  endProcess(exitCodeOf(error))
}

async function stop (signal: string): Promise<void> {
  if (stopping) {
    log.warn('received second %s during graceful shutdown, exiting forcefully.', signal)
    endProcess(1)
    return
  }
  stopping = true
  log.info('shutting down. signal=%s', signal)
  await app?.shutdown()
  log.info('completed graceful shutdown.')
  if (isUp) process.exit(0)
  endProcess(0, 'SIGTERM')
}

/** Which accounts name the port that cannot be had. A plugin of npm may try it in a callback of its own, and does not say for whom. */
function whose (error: Error): string {
  const { code, port } = error as NodeJS.ErrnoException & { port?: unknown }
  if (app === undefined || !['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL'].includes(code ?? '')) return ''
  const ids = Object.entries(app.config.accounts).filter(([, { options }]) => portsIn(options).includes(String(port))).map(([id]) => id)
  return ids.length === 0 ? '' : ` accountId=${ids.join(',')}: another program listens there, or it may not be used. Free it, or change the account's options ` +
    '(CONNECTOR_ACCOUNTS).'
}

function portsIn (options: unknown): string[] {
  if (typeof options !== 'object' || options === null) return []
  return Object.entries(options).flatMap(([name, value]) => /port$/i.test(name) ? [String(value)] : portsIn(value))
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { stop(signal).catch(fail) })
// If a plugin forgets to handle a rejected promise, only that plugin should suffer: the other accounts continue.
process.on('unhandledRejection', reason => log.error('unhandled rejection, probably of a plugin or middleware. error=%s', describeError(reason)))

// Errors thrown in a plugin's own callbacks. The process ends, as it would without this handler. A system error needs no stack.
process.on('uncaughtException', error => {
  const found = oneLine('syscall' in error ? `${error.message}.${whose(error)}` : error.stack ?? error.message)
  process.stderr.write(`sluice: uncaught exception, probably of a plugin or middleware: the connector ends. error=${found}\n`)
  process.exit(1)
})

run().catch(fail)
