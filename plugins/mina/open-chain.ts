/** Mina's part of settlement, put together. Only this file and what it imports need mina-signer; the process that proves loads o1js. */
import { join } from 'node:path'
import { homedir } from 'node:os'
import type { Logger } from '../../src/contracts/logger.js'
import type { PluginServices } from '../../src/contracts/plugin.js'
import type { Chain } from '../lib/channels/parts.js'
import { MinaClaims } from './claims.js'
import { CODE } from './contract/code.js'
import { openSigner } from './crypto/mina-signer.js'
import { signatures } from './crypto/signature-threads.js'
import { urlsOf } from './entry-fields.js'
import { networkOf } from './formats.js'
import { keyOf } from './keys.js'
import type { MinaOptions } from './options.js'
import { measuredRate } from './claim-rate.js'
import { inWords } from './proofs.js'
import { MinaProvider } from './provider.js'
import { Prover } from './prover/prover.js'

/** Of the transactions that o1js 2 makes: a later version would let the keys of accounts change their code. */
export const TXN_VERSION = 3
const LONGEST_LOOK_MS = 30_000
const TIMEOUT_MS = 300_000
const MAX_RSS_MB = 1500
const IDLE_SECS = 600

/** By what they are configured with. Accounts share one: a machine makes one proof at a time. */
const provers = new Map<string, Prover>()

/** Reaches nothing yet. Rejects when mina-signer is not installed. */
export async function openMinaChain ({ chain, settings }: MinaOptions, { store, log }: PluginServices): Promise<Chain> {
  const { chainId, graphqlUrl, keyId, zkAppAddress, txFeeNanomina, maxFeeNanomina, confirmations, stopSlot, socksProxy } = chain
  const network = networkOf(chainId) ?? ''
  const signer = await openSigner(network)
  const key = keyOf(keyId)
  const prover = proverFor(chain.prover, log)
  const provider = new MinaProvider({
    chainId,
    network,
    urls: urlsOf(graphqlUrl),
    socksProxy,
    key,
    store,
    log,
    prover,
    signatures,
    expected: { chainId, codeHash: CODE.hash, txnVersion: TXN_VERSION },
    fees: { least: txFeeNanomina, most: maxFeeNanomina > txFeeNanomina ? maxFeeNanomina : txFeeNanomina },
    confirmations,
    lookMs: Math.min(settings.pollingIntervalMs, LONGEST_LOOK_MS),
    stopSlot,
    standbyStep: settings.redeemThreshold / 2n,
    alsoLookAt: zkAppAddress
  })
  const codecFor = (peer: string): MinaClaims => new MinaClaims({
    chainId,
    key,
    peer,
    signer,
    signatures,
    checkFresh: channelId => { provider.checkFresh(channelId) },
    onGenuine: claim => { provider.claimed(claim) }
  })
  if (settings.claims === 'packet') {
    log.warn('claims is packet: a claim takes this machine so long that it can pay for or check about %d packets a second on Mina', await measuredRate(signatures, chainId, key))
  }
  const wasUsedWith = (): Promise<boolean> => Promise.resolve(false) // no version before 0.3 knew the chain
  return { provider, codec: codecFor(settings.peerAddress), codecFor, wasUsedWith, work: () => inWords(prover.status()) }
}

function proverFor (options: MinaOptions['chain']['prover'], log: Logger): Prover {
  const { cacheDir = join(homedir(), '.cache', 'sluice', 'mina'), timeoutMs = TIMEOUT_MS, maxRssMb = MAX_RSS_MB, idleSecs = IDLE_SECS, proofs = true } = options
  const name = JSON.stringify([cacheDir, proofs])
  const prover = provers.get(name) ?? new Prover({ cacheDir, timeoutMs, maxRssMb, idleMs: idleSecs * 1000, log, proofs })
  provers.set(name, prover)
  return prover
}
