/** The routes of the faucet, as its clients know them: /health, /api/info, /api/request, and a form in the browser. */
import { z } from 'zod'
import { SluiceError } from '../../contracts/errors.js'
import type { AddressFormat } from '../../contracts/chain-kind.js'
import type { Logger } from '../../contracts/logger.js'
import type { Purse, Treasury } from '../../contracts/treasury.js'
import { refuseForeignPages, requireJson, socketAddress } from '../../http/access.js'
import { readJson } from '../../http/body.js'
import { messageOf, statusOf } from '../../http/errors.js'
import { json } from '../../http/responses.js'
import { createRouter, type Router } from '../../http/router.js'
import { amountInWords, amountOfWords } from '../../lib/amounts.js'
import { describeError } from '../../lib/describe-error.js'
import { FaucetLimits } from './limits.js'
import { PAGE_PATHS, pageFile } from './page.js'

const BODY_MAX = 1024
const Asked = z.object({ address: z.string().max(200) })

export interface FaucetOptions {
  treasury: Treasury
  address: AddressFormat
  /** `eth`: the coin in answers. */
  coinName: string
  invalidAddress: string
  /** Of each request, in whole coins and tokens. */
  amounts: { coin: string, token: string }
  /** Undefined: coins alone. */
  tokenAddress: string | undefined
  /** Names under which it may be asked, besides `localhost` and addresses. */
  allowedHosts: readonly string[]
}

const MESSAGES = {
  host: 'The Host header must be localhost or an IP address. List other names in FAUCET_ALLOWED_HOSTS.',
  origin: 'Requests from web pages of other origins are refused.'
}

export function faucetApi (options: FaucetOptions, log: Logger): Router {
  const { treasury, coinName, amounts, tokenAddress = null } = options
  const app = createRouter({
    name: 'faucet',
    log,
    errorResponse,
    noSuchPath: (method, path) => `The faucet has no ${method} ${path.slice(0, 100)}`
  })
  const limits = new FaucetLimits()
  app.use(refuseForeignPages({ hosts: options.allowedHosts, anyAddress: true, messages: MESSAGES }))
  app.use(requireJson)
  for (const path of PAGE_PATHS) app.get(path, () => pageFile(path))
  app.get('/health', async () => json(200, { status: 'ok', tokenAddress, tokenReady: await isReady(options) }))
  app.get('/api/info', async () => {
    const { coin } = treasury
    const token = await treasury.token()
    return json(200, {
      chainId: treasury.chainId,
      coin: coinName,
      [`${coinName}Amount`]: amounts.coin,
      tokenAmount: amounts.token,
      tokenSymbol: token?.symbol ?? null,
      tokenAddress,
      faucetBalances: { [coinName]: await balanceIn(coin), token: token === undefined ? null : await balanceIn(token) },
      ready: await isReady(options)
    })
  })
  app.post('/api/request', async c => {
    const { data } = Asked.safeParse(await readJson(c.req.raw, BODY_MAX))
    if (data === undefined || !options.address.matches(data.address)) throw new SluiceError('SLUICE_BODY_INVALID', options.invalidAddress)
    const transactions = await serve(options, limits, { address: data.address, client: socketAddress(c) }, log)
    return json(200, { success: true, transactions })
  })
  return app
}

function errorResponse (err: Error): Response {
  const isSaid = statusOf(err) < 500 || err instanceof SluiceError
  return json(statusOf(err), { success: false, error: isSaid ? messageOf(err) : 'Cannot send now. The log of the faucet says why.' })
}

async function isReady ({ tokenAddress, treasury }: FaucetOptions): Promise<boolean> {
  return tokenAddress === undefined || await treasury.token() !== undefined
}

interface Asking {
  address: string
  /** The address of its connection. */
  client: string
}

type Transactions = Record<string, { hash: string, amount: string, symbol?: string }>

/** Counts first and looks later: of two requests at the same time, only one gets money. */
async function serve (options: FaucetOptions, limits: FaucetLimits, { address, client }: Asking, log: Logger): Promise<Transactions> {
  const { treasury, coinName, amounts, tokenAddress } = options
  const { done } = limits.take(options.address.canonical(address), client)
  let wasSent = false
  try {
    const token = await treasury.token()
    if (tokenAddress !== undefined && token === undefined) throw new SluiceError('SLUICE_FAUCET_UNUSABLE', 'Token contract not yet deployed')
    const gifts = [giftOf(treasury.coin, amounts.coin), ...token === undefined ? [] : [giftOf(token, amounts.token)]]
    for (const { purse, amount } of gifts) {
      if (await purse.balanceOf(purse.owner) < amount) throw new SluiceError('SLUICE_FAUCET_UNUSABLE', `The faucet has no ${purse.symbol} left.`)
    }
    const transactions: Transactions = {}
    for (const { purse, amount, words } of gifts) {
      wasSent = true // or may have been, whatever becomes of it
      const hash = await purse.send(address, amount)
      log.info('the faucet has sent money. amount=%s symbol=%s to=%s transaction=%s', words, purse.symbol, address, hash)
      if (purse === treasury.coin) transactions[coinName] = { hash, amount: words }
      else transactions.token = { hash, amount: words, symbol: purse.symbol }
    }
    return transactions
  } catch (error) {
    if (!(error instanceof SluiceError)) log.error('the faucet cannot send. to=%s error=%s', address, describeError(error))
    throw error
  } finally {
    done(wasSent)
  }
}

function giftOf (purse: Purse, words: string): { purse: Purse, amount: bigint, words: string } {
  const amount = amountOfWords(words, purse.decimals)
  if (amount === undefined || amount === 0n) throw new SluiceError('SLUICE_FAUCET_UNUSABLE', `The faucet is set to give ${words} ${purse.symbol}, which has ${purse.decimals} decimals.`)
  return { purse, amount, words }
}

async function balanceIn (purse: Purse): Promise<string> {
  return amountInWords(await purse.balanceOf(purse.owner), purse.decimals, '').trimEnd()
}
