/** What a subcommand of `connector` consists of: its options, its help, and what it does. */
import { parseArgs } from 'node:util'
import { nearest } from '../../lib/nearest.js'
import { CliError, type ExitCode } from './output.js'

interface Option {
  type: 'string' | 'boolean'
  short?: string
  /** What stands for the value in the help, such as `<file>`. */
  value?: string
  multiple?: boolean
  help: string
}

export interface Arguments {
  positionals: string[]
  /** The value of an option; the last one if it was given several times. */
  text (name: string): string | undefined
  /** Every value of an option that may be given several times. */
  texts (name: string): string[]
  flag (name: string): boolean
}

export interface Command {
  name: string
  /** One line. */
  summary: string
  /** What follows `connector <name>`. */
  usage: string
  /** What a newcomer needs to know, and the exit codes. */
  description: string
  options: Readonly<Record<string, Option>>
  maxPositionals: number
  examples: readonly string[]
  run (args: Arguments): Promise<ExitCode>
}

const HELP: Option = { type: 'boolean', short: 'h', help: 'Show this help' }

/** Throws CliError for options and arguments that the command does not know. */
export function parse (command: Command, argv: readonly string[]): Arguments {
  const options = { ...command.options, help: HELP }
  const parsed = tryParse(command, argv, options)
  const { values, positionals } = parsed
  if (positionals.length > command.maxPositionals) {
    // They are not repeated: a secret may be among them.
    const found = `${positionals.length} ${positionals.length === 1 ? 'argument' : 'arguments'}`
    throw usageError(command, `Found ${found} that belong to no option, expected at most ${command.maxPositionals}. Put quotes around text with spaces.`)
  }
  const all = (name: string): unknown[] => [values[name]].flat().filter(value => value !== undefined)
  const texts = (name: string): string[] => all(name).filter(value => typeof value === 'string')
  return { positionals, texts, text: name => texts(name).at(-1), flag: name => all(name).includes(true) }
}

function tryParse (command: Command, argv: readonly string[], options: Readonly<Record<string, Option>>): {
  values: Record<string, unknown>, positionals: string[]
} {
  const known = Object.keys(options)
  const config = Object.fromEntries(Object.entries(options).map(([name, { type, short, multiple }]) =>
    [name, { type, ...(short !== undefined && { short }), ...(multiple !== undefined && { multiple }) }]))
  try {
    return parseArgs({ args: [...argv], options: config, allowPositionals: true })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const unknown = /Unknown option '(-[^']*)'/.exec(message)?.[1]
    if (unknown === undefined) throw usageError(command, message)
    const meant = nearest(unknown.replace(/^-+/, ''), known)
    throw usageError(command, `Unknown option ${unknown}.${meant === undefined ? '' : ` Did you mean --${meant}?`}`)
  }
}

export function usageError (command: Command, message: string): CliError {
  return new CliError(`${message}\nUsage: connector ${command.name} ${command.usage}\nMore: connector ${command.name} --help`)
}

export function helpOf (command: Command): string {
  const rows = Object.entries({ ...command.options, help: HELP }).map(([name, { short, value, help }]) =>
    [`${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`, help] as const)
  return [
    `${command.summary}.`,
    `Usage: connector ${command.name} ${command.usage}`,
    command.description,
    `Options:\n${table(rows)}`,
    `Examples:\n${command.examples.map(example => `  ${example}`).join('\n')}`
  ].join('\n\n')
}

/** Two columns. */
export function table (rows: ReadonlyArray<readonly [string, string]>): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}
