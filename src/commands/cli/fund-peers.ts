/** `connector fund-peers`: fills up the addresses of a node's peers from a treasury of the operator. */
import { ConfigLoader } from '../../config/node/config-loader.js'
import { addressOf, chainOf } from '../../config/node/settlement-chains.js'
import type { SettlementChain } from '../../contracts/chain-kind.js'
import type { NodeConfig } from '../../contracts/node.js'
import type { Purse, Treasury } from '../../contracts/treasury.js'
import { amountInWords, amountOfWords } from '../../lib/amounts.js'
import { describeError } from '../../lib/describe-error.js'
import { proxyOfChain } from '../../node/circuits.js'
import type { Arguments, Command } from './command.js'
import { table, usageError } from './command.js'
import { environment } from './env-file.js'
import { CliError, EXIT, print, sentence } from './output.js'
import { isFundable, openTreasury } from './treasury.js'

const DEFAULT_FILE = 'config.yaml'
/** In the options of a chain: where its node is. */
const RPC_URL = 'rpcUrl'

interface Target {
  peer: string
  address: string
}

interface Transfer extends Target {
  purse: Purse
  /** What is missing, in smallest units. */
  amount: bigint
}

export const fundPeers: Command = {
  name: 'fund-peers',
  summary: 'Fills up the addresses of a node\'s peers from a treasury',
  usage: '[<config>] (--coin <amount> | --token <amount>) [--chain <id>] [--peer <id>]... [--yes]',
  description: `Looks at what each peer of the configuration (default: CONFIG_FILE, else ${DEFAULT_FILE}) has on a chain, and shows what is missing up to the amounts
that you name, in whole coins and tokens. With --yes it sends that. Run again, it sends only what is missing by then. The money comes from the key
in TREASURY_KEY (environment or .env): a private key of the chain, or a key of the wallet such as wallet:5.
Exit codes: 0 shown, sent, or nothing is missing; 1 not everything was sent (it is on stderr).`,
  options: {
    chain: { type: 'string', value: '<id>', help: 'The chain, such as its chainId in the configuration (default: the only one)' },
    coin: { type: 'string', value: '<amount>', help: 'Coins for fees that each peer is to have, such as 0.05' },
    token: { type: 'string', value: '<amount>', help: 'Of what the chain settles in, that each peer is to have' },
    peer: { type: 'string', value: '<id>', multiple: true, help: 'This peer only; may be repeated (default: all that settle there)' },
    yes: { type: 'boolean', short: 'y', help: 'Send. Without it, nothing is sent' }
  },
  maxPositionals: 1,
  examples: ['connector fund-peers --coin 0.05 --token 100', 'connector fund-peers config.yaml --token 100 --peer peer-b --yes'],

  async run (args) {
    Object.assign(process.env, environment()) // a wallet is opened by its variables
    if (args.text('coin') === undefined && args.text('token') === undefined) throw usageError(fundPeers, 'How much? Add --coin, --token, or both.')
    const { config } = ConfigLoader.read(args.positionals[0] ?? process.env.CONFIG_FILE ?? DEFAULT_FILE, process.env)
    const chain = chainIn(config, args.text('chain'))
    const targets = targetsOf(config, chain, args.texts('peer'))
    const treasury = await treasuryOf(chain, config)
    try {
      if (treasury.chainId !== chain.id) throw new CliError(`The configuration says ${chain.id}, and its node says ${treasury.chainId}. Nothing was sent.`)
      const transfers = await missing(args, treasury, targets)
      if (transfers.length === 0) {
        print('Nothing is missing.')
        return EXIT.ok
      }
      print(`From ${[...new Set(transfers.map(({ purse }) => purse.owner))].join(' and ')} on ${chain.id}${treasury.isReal ? ', where money may be real' : ''}:`)
      print(table(transfers.map(({ peer, address, purse, amount }) => [`${peer}  ${address}`, wordsOf(purse, amount)] as const)))
      await refuseShort(transfers)
      if (args.flag('yes')) await sendAll(transfers)
      else print('Nothing was sent. To send it, add --yes.')
      return EXIT.ok
    } finally {
      treasury.close()
    }
  }
}

function chainIn ({ chains }: NodeConfig, wanted: string | undefined): SettlementChain {
  const known = chains.map(({ id }) => id).join(', ')
  if (chains.length === 0) throw new CliError('The configuration has no chainProviders: its peers have no addresses on a chain.')
  const found = wanted === undefined ? chains : chains.filter(({ id, kind }) => id === kind.chainId.canonical(wanted))
  const [chain, another] = found
  if (chain === undefined || another !== undefined) throw usageError(fundPeers, `Which chain? Add --chain with one of ${known}.`)
  return chain
}

/** Peers that settle on the chain, with their addresses there. */
function targetsOf (config: NodeConfig, chain: SettlementChain, wanted: readonly string[]): Target[] {
  const all = config.peers.flatMap(peer => {
    const address = addressOf(peer, chain.kind)
    return address === undefined || chainOf(peer, config) !== chain ? [] : [{ peer: peer.id, address }]
  })
  const unknown = wanted.find(id => !all.some(({ peer }) => peer === id))
  if (unknown !== undefined) throw new CliError(`No peer ${unknown} settles on ${chain.id}. These do: ${all.map(({ peer }) => peer).join(', ')}`)
  return wanted.length === 0 ? all : all.filter(({ peer }) => wanted.includes(peer))
}

async function treasuryOf (settled: SettlementChain, { transport }: NodeConfig): Promise<Treasury> {
  const { kind, id, options: { chain }, tokenAddress } = settled
  const { TREASURY_KEY: keyId = '' } = process.env
  if (keyId === '') throw new CliError('Set TREASURY_KEY in the environment or in .env to the key that the money comes from.')
  const rpcUrl: unknown = typeof chain === 'object' && chain !== null && RPC_URL in chain ? chain[RPC_URL] : undefined
  if (!isFundable(kind) || typeof rpcUrl !== 'string') throw new CliError(`No money can be sent on ${id} with this command.`)
  return await openTreasury(kind, { rpcUrl, socksProxy: proxyOfChain(settled, transport), keyId, tokenAddress })
}

async function missing (args: Arguments, treasury: Treasury, targets: readonly Target[]): Promise<Transfer[]> {
  const goals: Array<{ purse: Purse, goal: bigint }> = []
  for (const [name, purse] of [['coin', treasury.coin], ['token', await treasury.token()]] as const) {
    const words = args.text(name)
    if (words === undefined) continue
    if (purse === undefined) throw new CliError('The token of the configuration is not on the chain. Nothing was sent.')
    const goal = amountOfWords(words, purse.decimals)
    if (goal === undefined) throw usageError(fundPeers, `--${name} takes an amount of ${purse.symbol} with at most ${purse.decimals} decimals, found ${words}.`)
    goals.push({ purse, goal })
  }
  const transfers: Transfer[] = []
  const funded = new Set<string>() // two peers may be paid at one address
  for (const { peer, address } of targets) {
    if (funded.has(address)) continue
    funded.add(address)
    for (const { purse, goal } of goals) {
      const amount = goal - await purse.balanceOf(address)
      if (amount > 0n) transfers.push({ peer, address, purse, amount })
    }
  }
  return transfers
}

/** A treasury that cannot pay for all is not begun with. */
async function refuseShort (transfers: readonly Transfer[]): Promise<void> {
  for (const purse of new Set(transfers.map(({ purse }) => purse))) {
    const total = transfers.filter(transfer => transfer.purse === purse).reduce((sum, { amount }) => sum + amount, 0n)
    const has = await purse.balanceOf(purse.owner)
    if (has < total) throw new CliError(`The treasury ${purse.owner} has ${wordsOf(purse, has)}, and ${wordsOf(purse, total)} are needed. Nothing was sent.`)
  }
}

async function sendAll (transfers: readonly Transfer[]): Promise<void> {
  for (const [index, { peer, address, purse, amount }] of transfers.entries()) {
    try {
      print(`sent ${wordsOf(purse, amount)} to ${peer}: ${await purse.send(address, amount)}`)
    } catch (error) {
      throw new CliError(`Cannot send ${wordsOf(purse, amount)} to ${peer}: ${sentence(describeError(error))} ${transfers.length - index - 1} more were not tried. ` +
        'Run the command again without --yes: it shows what is still missing.')
    }
  }
}

function wordsOf ({ decimals, symbol }: Purse, amount: bigint): string {
  return amountInWords(amount, decimals, symbol)
}
