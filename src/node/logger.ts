/** The log of a node, in the shape that pino made common: fields and a message. Lines look like those of the rest of the connector. */
import { format } from 'node:util'
import { LOG_RANKS, type LogLevel, type Logger } from '../contracts/logger.js'
import type { NodeLogger } from '../contracts/node.js'

const SECRET = /^(authToken|apiKey|password|secret|seed|masterSeed|mnemonic|privateKey|encryptionKey|wallet)$/i

/** Takes both shapes: `info({ port }, 'listening')` and, as plugins do, `info('listening. port=%d', port)`. */
class ConsoleLogger implements Logger, NodeLogger {
  readonly #rank: number

  constructor (private readonly name: string, readonly level: LogLevel) {
    this.#rank = LOG_RANKS[level]
  }

  get debugEnabled (): boolean {
    return this.#rank >= LOG_RANKS.debug
  }

  error (first: object | string, ...rest: unknown[]): void {
    this.#write('error', first, rest)
  }

  warn (first: object | string, ...rest: unknown[]): void {
    this.#write('warn', first, rest)
  }

  info (first: object | string, ...rest: unknown[]): void {
    this.#write('info', first, rest)
  }

  debug (first: object | string, ...rest: unknown[]): void {
    this.#write('debug', first, rest)
  }

  trace (message: string, ...rest: unknown[]): void {
    this.#write('debug', message, rest)
  }

  #write (level: LogLevel, first: object | string, rest: unknown[]): void {
    if (LOG_RANKS[level] > this.#rank) return
    const text = typeof first === 'string' ? format(first, ...rest) : [format(...rest), ...fieldsOf(first)].join(' ')
    process.stdout.write(`${new Date().toISOString()} connector:${this.name} ${level} ${text}\n`)
  }
}

/**
 * A log under a name, on stdout. Fields that are named like a secret are not shown.
 * @param level `debug`, `info`, `warn` or `error`; default the environment variable LOG_LEVEL, else `info`, as for an unknown level
 */
export function createLogger (name: string, level: string | undefined = process.env.LOG_LEVEL): Logger & NodeLogger {
  return new ConsoleLogger(name, isLogLevel(level) ? level : 'info')
}

/** A plugin's log on top of a node's: the lines that plugins write with placeholders, as messages. */
export function pluginLog (log: NodeLogger): Logger {
  const at = (level: LogLevel) => (message: string, ...args: unknown[]): void => { log[level](format(message, ...args)) }
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug'), trace: at('debug'), debugEnabled: false }
}

function isLogLevel (level: string | undefined): level is LogLevel {
  return level !== undefined && Object.hasOwn(LOG_RANKS, level)
}

function fieldsOf (fields: object): string[] {
  return Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(shown(key, value), (inner, field: unknown) => shown(inner, field))}`)
}

function shown (key: string, value: unknown): unknown {
  if (SECRET.test(key)) return '[redacted]'
  if (typeof value === 'bigint') return String(value)
  return value instanceof Error ? value.message : value
}
