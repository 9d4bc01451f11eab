#!/usr/bin/env node
/** The `connector` command: finds the subcommand, runs it, and turns errors into one message and an exit code. */
import { nearest } from '../../lib/nearest.js'
import { codeOf } from '../../contracts/errors.js'
import { ConfigurationError } from '../../config/errors.js'
import { describeError } from '../../lib/describe-error.js'
import { version } from '../../lib/version.js'
import { endProcess, exitCodeOf } from '../ending.js'
import { helpOf, parse, table, type Command } from './command.js'
import { CliError, complain, EXIT, print, type ExitCode } from './output.js'

/** In the order of the help. A command is loaded when it is called for: most need little of what the others do. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  setup: async () => (await import('./setup.js')).setup,
  import: async () => (await import('./import.js')).importing,
  validate: async () => (await import('./validate.js')).validate,
  start: async () => (await import('./start.js')).start,
  health: async () => (await import('./health.js')).health,
  top: async () => (await import('./top.js')).top,
  explain: async () => (await import('./explain.js')).explain,
  send: async () => (await import('./send.js')).send,
  channels: async () => (await import('./channels.js')).channels,
  ledger: async () => (await import('./ledger.js')).ledger,
  wallet: async () => (await import('./wallet.js')).wallet,
  security: async () => (await import('./security.js')).security,
  audit: async () => (await import('./audit.js')).audit,
  faucet: async () => (await import('./faucet.js')).faucet,
  'fund-peers': async () => (await import('./fund-peers.js')).fundPeers
}

async function help (): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map(load => load()))
  return `connector runs and manages a Sluice node: an Interledger connector that forwards packets of money.

Usage: connector <command> [options]

Commands:
${table(commands.map(({ name, summary }) => [name, summary]))}

A node in three steps:
  connector setup --yes          writes config.yaml and .env
  connector start                runs the node; leave it running
  connector health               in another terminal: shows its health

Two nodes can pay each other once each one's config.yaml lists the other under "peers", with a route to it under "routes":
  connector validate nodes/      checks the configurations of a whole network
  connector send -d g.<their nodeId> -a 1000

More: connector <command> --help. Every command exits with 0 if it succeeded, and start and import with 78 if the configuration is at fault. --version shows the version (${version}).`
}

async function run ([name, ...rest]: readonly string[]): Promise<ExitCode> {
  if (name === undefined || name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    print(await help())
    return name === undefined ? EXIT.failed : EXIT.ok
  }
  if (name === '--version' || name === '-V') {
    print(version)
    return EXIT.ok
  }
  if (name === 'help') return run([...rest, '--help'])
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (load === undefined) {
    const meant = nearest(name, Object.keys(COMMANDS))
    throw new CliError(`Unknown command: ${name}.${meant === undefined ? '' : ` Did you mean ${meant}?`} See: connector --help`)
  }
  const command = await load()
  const args = parse(command, rest)
  if (args.flag('help')) {
    print(helpOf(command))
    return EXIT.ok
  }
  return command.run(args)
}

/** Errors become text for people, with their code: never a stack trace, and never more than one message. */
function failed (name: string | undefined, error: unknown): ExitCode {
  if (error instanceof ConfigurationError) complain(error.message.split('\n').map(line => `Configuration error: ${line}`).join('\n'))
  else if (error instanceof CliError) complain(error.message)
  else complain(`connector: ${describeError(error)}`)
  const code = error instanceof CliError ? error.code : codeOf(error)
  if (code !== undefined) complain(`Error code: ${code}`)
  if (error instanceof CliError) return error.exitCode
  return name === 'start' || name === 'import' ? exitCodeOf(error) : EXIT.failed
}

const args = process.argv.slice(2)
const code = await run(args).catch((error: unknown) => failed(args[0], error))
// A pipe may not have read everything yet: that is flushed first.
process.stdout.write('', () => endProcess(code))
