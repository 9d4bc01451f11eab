/** `connector start`: runs a node until a signal stops it. */
import { existsSync } from 'node:fs'
import type { ConnectorNode } from '../../node/connector-node.js'
import type { NodeConfig } from '../../contracts/node.js'
import { describeError } from '../../lib/describe-error.js'
import { endProcess } from '../ending.js'
import type { Command } from './command.js'
import { environment } from './env-file.js'
import { CliError, complain, EXIT, print, type ExitCode } from './output.js'

const DEFAULT_FILE = 'config.yaml'
/** How long a start that was told to stop may take to come to an end. */
const START_PATIENCE_MS = 10_000

export const start: Command = {
  name: 'start',
  summary: 'Runs a node',
  usage: '[<file>] [--config <file>]',
  description: `Reads the configuration (YAML; CONFIG_FILE, else ${DEFAULT_FILE}) and .env of this folder, opens the ports, connects the peers, and keeps running.
Environment variables such as NODE_ID, LOG_LEVEL and ADMIN_API_KEY override the file.
LOG_FORMAT=json writes the log as one JSON object a line (docs/log-events.md).
Ctrl-C or SIGTERM stops it once the packets in flight are answered; a second one stops it at once.
Exit codes: 0 stopped by a signal, 78 the configuration is not valid, 1 could not start for another reason (it is on stderr).`,
  options: {
    config: { type: 'string', short: 'c', value: '<file>', help: `Configuration file (default ${DEFAULT_FILE})` }
  },
  maxPositionals: 1,
  examples: ['connector start', 'connector start config.yaml', 'LOG_LEVEL=debug connector start -c examples/linear/connector-a.yaml'],

  async run (args) {
    Object.assign(process.env, environment())
    const file = args.positionals[0] ?? args.text('config') ?? process.env.CONFIG_FILE ?? DEFAULT_FILE
    if (!existsSync(file)) throw new CliError(`Configuration error: Configuration file not found: ${file}. Give another file, or create one with: connector setup`, EXIT.misconfigured, 'SLUICE_CONFIG_INVALID')
    // Loaded here, so that the other commands (one may be a container's health check) need not load a whole node.
    const [{ ConfigLoader }, { ConnectorNode }, { createNodeLogger, logFormat }] = await Promise.all([
      import('../../config/node/config-loader.js'), import('../../node/connector-node.js'), import('../../lib/log.js')
    ])
    const reading = ConfigLoader.read(file, process.env)
    const node = new ConnectorNode(reading, createNodeLogger(reading.config.nodeId, reading.given.logLevel))
    const stopped = untilStopped(node)
    await node.start()
    const say = logFormat() === 'json' ? complain : print // stdout carries nothing but lines of JSON then
    say(portsOf(node.config))
    return stopped
  }
}

/** What a person needs to know next. */
function portsOf ({ nodeId, ilpAddress, btpServerPort, btpServerHost, healthCheckPort, healthCheckHost, adminApi }: NodeConfig): string {
  const here = (host: string): string => host === '0.0.0.0' || host === '::' ? 'localhost' : host
  return [
    `${nodeId} is running as ${ilpAddress}. Ctrl-C stops it.`,
    `  peers connect to  ws://${here(btpServerHost)}:${btpServerPort}, from other machines with the name of this one`,
    `  health            http://${here(healthCheckHost)}:${healthCheckPort}/health`,
    ...(adminApi.enabled ? [`  admin API         http://${here(adminApi.host)}:${adminApi.port}/admin/docs`] : [])
  ].join('\n')
}

/** Resolves to the exit code when a signal has stopped the node. */
function untilStopped (node: ConnectorNode): Promise<ExitCode> {
  process.on('unhandledRejection', reason => { complain(`unhandled rejection, the node goes on. error=${describeError(reason)}`) })
  return new Promise((resolve, reject) => {
    let stopping = false
    const stop = (): void => {
      if (stopping) {
        endProcess(EXIT.failed)
        return
      }
      stopping = true
      node.stop().then(() => { resolve(EXIT.ok) }, reject)
      setTimeout(() => {
        if (node.getHealthStatus().status !== 'starting') return
        complain(`the node still starts ${START_PATIENCE_MS / 1000} seconds after it was told to stop, and is ended.`)
        endProcess(EXIT.failed, 'SIGTERM')
      }, START_PATIENCE_MS).unref()
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
  })
}
