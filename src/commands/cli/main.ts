#!/usr/bin/env node
/** The `connector` command: finds the subcommand, runs it, and turns errors into one message and an exit code. */
import { nearest } from '../../lib/nearest.js'
import { codeOf } from '../../contracts/errors.js'
import { ConfigurationError } from '../../config/errors.js'
import { describeError } from '../../lib/describe-error.js'
import { version } from '../../lib/version.js'
import { endProcess, exitCodeOf } from '../ending.js'
import { audit } from './audit.js'
import { channels } from './channels.js'
import { helpOf, parse, table, type Command } from './command.js'
import { explain } from './explain.js'
import { faucet } from './faucet.js'
import { fundPeers } from './fund-peers.js'
import { health } from './health.js'
import { importing } from './import.js'
import { ledger } from './ledger.js'
import { CliError, complain, EXIT, print, type ExitCode } from './output.js'
import { security } from './security.js'
import { send } from './send.js'
import { setup } from './setup.js'
import { start } from './start.js'
import { top } from './top.js'
import { validate } from './validate.js'
import { wallet } from './wallet.js'

const COMMANDS: readonly Command[] = [
  setup, importing, validate, start, health, top, explain, send, channels, ledger, wallet, security, audit, faucet, fundPeers
]

const HELP = `connector runs and manages a Sluice node: an Interledger connector that forwards packets of money.

Usage: connector <command> [options]

Commands:
${table(COMMANDS.map(({ name, summary }) => [name, summary]))}

A node in three steps:
  connector setup --yes          writes config.yaml and .env
  connector start                runs the node; leave it running
  connector health               in another terminal: shows its health

Two nodes can pay each other once each one's config.yaml lists the other under "peers", with a route to it under "routes":
  connector validate nodes/      checks the configurations of a whole network
  connector send -d g.<their nodeId> -a 1000

More: connector <command> --help. Every command exits with 0 if it succeeded, and start and import with 78 if the configuration is at fault. --version shows the version (${version}).`

async function run ([name, ...rest]: readonly string[]): Promise<ExitCode> {
  if (name === undefined || name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    print(HELP)
    return name === undefined ? EXIT.failed : EXIT.ok
  }
  if (name === '--version' || name === '-V') {
    print(version)
    return EXIT.ok
  }
  if (name === 'help') return run([...rest, '--help'])
  const command = COMMANDS.find(each => each.name === name)
  if (command === undefined) {
    const meant = nearest(name, COMMANDS.map(each => each.name))
    throw new CliError(`Unknown command: ${name}.${meant === undefined ? '' : ` Did you mean ${meant}?`} See: connector --help`)
  }
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
