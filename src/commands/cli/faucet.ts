/** `connector faucet`: gives coins and tokens of a test chain to anybody who asks, within limits. */
import type { TreasurySettings } from '../../contracts/treasury.js'
import { createLogger } from '../../lib/log.js'
import { socksProxyFault } from '../../lib/socks-proxy.js'
import type { Command } from './command.js'
import { usageError } from './command.js'
import { environment } from './env-file.js'
import { CliError, EXIT, print, type ExitCode } from './output.js'
import { fundableKinds, openTreasury } from './treasury.js'

const PORT = '3500'
const TOKEN_AMOUNT = '10000'

type Variables = Readonly<Record<string, string | undefined>>

export const faucet: Command = {
  name: 'faucet',
  summary: 'Gives money of a test chain to anybody who asks',
  usage: '[--chain <kind>] [--proxy <url>]',
  /** A getter: other commands need not load chains. */
  get description () {
    const kinds = fundableKinds()
    const names = kinds.map(({ type }) => type)
    const coins = kinds.map(({ treasury: { coinName, coinAmount } }) => `${coinName.toUpperCase()}_PRIVATE_KEY, ${coinName.toUpperCase()}_AMOUNT (${coinAmount})`)
    return `Serves a form at http://127.0.0.1:${PORT}/ and an API: GET /health, GET /api/info, POST /api/request {"address": "..."}.
An address gets money once an hour, a client ten times an hour. It refuses to run where money is real: only well-known test chains and the
chains of developers will do.
Kinds of chains: ${names.join(', ')}. From the environment or .env: RPC_URL, the key and amount of the coin (${coins.join('; ')}),
TOKEN_ADDRESS, TOKEN_PRIVATE_KEY (default: the coin's), TOKEN_AMOUNT (${TOKEN_AMOUNT}), FAUCET_PORT (${PORT}), FAUCET_HOST (127.0.0.1), and
FAUCET_ALLOWED_HOSTS, names under which it may be asked. Keys may come from a wallet: wallet:0.
Exit codes: 0 stopped by a signal, 78 the settings or the chain will not do, 1 could not start for another reason.`
  },
  options: {
    chain: { type: 'string', value: '<kind>', help: 'The kind of chain (default: the first)' },
    proxy: { type: 'string', value: '<url>', help: 'Ask the chain through this SOCKS5 proxy alone: socks5h://host:port' }
  },
  maxPositionals: 0,
  examples: ['connector faucet', 'FAUCET_PORT=3501 connector faucet'],

  async run (args) {
    Object.assign(process.env, environment()) // a wallet is opened by its variables
    const env: Variables = process.env
    const kinds = fundableKinds()
    const name = args.text('chain') ?? kinds[0]?.type
    const kind = kinds.find(({ type }) => type === name)
    if (kind === undefined) throw usageError(faucet, `--chain takes ${kinds.map(({ type }) => type).join(' or ')}, found ${name ?? 'nothing'}.`)
    const socksProxy = args.text('proxy')
    const fault = socksProxy === undefined ? undefined : socksProxyFault(socksProxy)
    if (fault !== undefined) throw usageError(faucet, `--proxy ${fault}`)
    const coin = kind.treasury.coinName.toUpperCase()
    const tokenAddress = optional(env, 'TOKEN_ADDRESS')
    const settings: TreasurySettings = {
      rpcUrl: needed(env, 'RPC_URL'), socksProxy, keyId: needed(env, `${coin}_PRIVATE_KEY`), tokenKeyId: optional(env, 'TOKEN_PRIVATE_KEY'), tokenAddress
    }
    const treasury = await openTreasury(kind, settings)
    if (treasury.isReal) {
      treasury.close()
      throw misconfigured(`The faucet does not run on ${treasury.chainId}: money may be real there. Set RPC_URL to a node of a test chain.`)
    }
    const [{ faucetApi }, { HttpServer }] = await Promise.all([import('../../admin/faucet/api.js'), import('../../http/server.js')])
    const log = createLogger('faucet')
    const host = optional(env, 'FAUCET_HOST') ?? '127.0.0.1'
    const app = faucetApi({
      treasury,
      address: kind.address,
      coinName: kind.treasury.coinName,
      invalidAddress: kind.treasury.invalidAddress,
      amounts: { coin: optional(env, `${coin}_AMOUNT`) ?? kind.treasury.coinAmount, token: optional(env, 'TOKEN_AMOUNT') ?? TOKEN_AMOUNT },
      tokenAddress,
      allowedHosts: [host, ...(env.FAUCET_ALLOWED_HOSTS ?? '').split(',').map(name => name.trim()).filter(name => name !== '')]
    }, log)
    const server = new HttpServer((request, bindings) => app.fetch(request, bindings), {
      name: 'faucet', host, port: portIn(env), settings: { host: 'FAUCET_HOST', port: 'FAUCET_PORT' }
    }, log)
    await server.start()
    print(`The faucet of ${treasury.chainId} is at http://${host}:${server.port}/ and sends from ${treasury.coin.owner}. Ctrl-C stops it.`)
    return await untilStopped(async () => {
      await server.stop()
      treasury.close()
    })
  }
}

function untilStopped (stop: () => Promise<void>): Promise<ExitCode> {
  return new Promise((resolve, reject) => {
    const onSignal = (): void => { stop().then(() => { resolve(EXIT.ok) }, reject) }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal)
  })
}

function optional (env: Variables, name: string): string | undefined {
  const value = env[name]
  return value === '' ? undefined : value
}

function needed (env: Variables, name: string): string {
  const value = optional(env, name)
  if (value === undefined) throw misconfigured(`Set ${name} in the environment or in .env: connector faucet --help says what for.`)
  return value
}

function portIn (env: Variables): number {
  const port = optional(env, 'FAUCET_PORT') ?? PORT
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw misconfigured(`FAUCET_PORT must be a port from 0 to 65535, found ${port}.`)
  return Number(port)
}

function misconfigured (message: string): CliError {
  return new CliError(message, EXIT.misconfigured, 'SLUICE_CONFIG_INVALID')
}
