/** What a server says of itself, and of what transactions cost (xrpl.org: server_info, server_state, fee, ledger, feature). */
import { BASE_LEVEL, dropsFor } from '../fees.js'
import type { ClosedLedger } from '../network.js'
import type { Fields, Vantage } from './vantage.js'

const BUILD_VERSION = '3.0.0'
const DROPS_PER_XRP = 1_000_000

export function serverInfo (vantage: Vantage): Fields {
  const { network, faults, validated, closed, validatedIndex, networkId } = vantage
  const isSynced = validatedIndex >= network.options.firstLedger && faults.serverState !== 'connected'
  const ledger = ledgerInXrp(vantage, isSynced ? validated ?? closed : closed)
  const common = {
    complete_ledgers: vantage.completeLedgers,
    ...faults.amendmentBlocked ? { amendment_blocked: true } : {},
    load_factor: network.loadFactor,
    [isSynced ? 'validated_ledger' : 'closed_ledger']: ledger
  }
  if (faults.clio === undefined) {
    return { info: { build_version: BUILD_VERSION, network_id: networkId, server_state: faults.serverState, peers: 10, ...common } }
  }
  const network_id = faults.clio === 'with network id' ? { network_id: `${networkId}` } : {}
  return { info: { clio_version: '2.6.0', rippled_version: BUILD_VERSION, ...network_id, ...common } }
}

function ledgerInXrp (vantage: Vantage, ledger: ClosedLedger): Fields {
  const { base, reserveBase, reserveIncrement } = vantage.network.fees
  return {
    seq: ledger.index,
    hash: vantage.hashOf(ledger),
    age: Math.max(0, vantage.network.now() - ledger.closeTime),
    base_fee_xrp: Number(base) / DROPS_PER_XRP,
    reserve_base_xrp: Number(reserveBase) / DROPS_PER_XRP,
    reserve_inc_xrp: Number(reserveIncrement) / DROPS_PER_XRP
  }
}

export function serverState (vantage: Vantage): Fields {
  const { network, faults, validated, closed, networkId } = vantage
  const { base, reserveBase, reserveIncrement } = network.fees
  const ledger = validated ?? closed
  return {
    state: {
      build_version: BUILD_VERSION,
      network_id: networkId,
      server_state: faults.serverState,
      complete_ledgers: vantage.completeLedgers,
      ...faults.amendmentBlocked ? { amendment_blocked: true } : {},
      load_base: Number(BASE_LEVEL),
      load_factor: Number(BASE_LEVEL) * network.loadFactor,
      validated_ledger: {
        seq: ledger.index,
        hash: vantage.hashOf(ledger),
        close_time: ledger.closeTime,
        base_fee: Number(base),
        reserve_base: Number(reserveBase),
        reserve_inc: Number(reserveIncrement)
      }
    }
  }
}

export function fee ({ network, currentIndex }: Vantage): Fields {
  const { base } = network.fees
  const { metrics, queue, openCount } = network
  const openLevel = metrics.levelFor(openCount)
  const minimum = queue.minimumLevel() ?? BASE_LEVEL
  return {
    current_ledger_size: `${openCount}`,
    current_queue_size: `${queue.length}`,
    expected_ledger_size: `${metrics.expected}`,
    max_queue_size: `${queue.maxSize}`,
    ledger_current_index: currentIndex,
    levels: {
      reference_level: `${BASE_LEVEL}`, minimum_level: `${minimum}`, median_level: `${metrics.multiplier}`, open_ledger_level: `${openLevel}`
    },
    drops: {
      base_fee: `${base}`,
      minimum_fee: `${dropsFor(minimum, base)}`,
      median_fee: `${dropsFor(metrics.multiplier, base)}`,
      open_ledger_fee: `${dropsFor(openLevel, base)}`
    }
  }
}

export function ledger (request: Fields, vantage: Vantage): Fields {
  const { ledger: found, fields } = vantage.select(request)
  if (found === undefined) {
    return { ledger: { ledger_index: vantage.currentIndex, parent_hash: vantage.hashOf(vantage.closed), closed: false }, ...fields }
  }
  const parent = vantage.network.ledger(found.index - 1)
  return {
    ledger: {
      ledger_hash: vantage.hashOf(found),
      ledger_index: found.index,
      parent_hash: parent === undefined ? found.parentHash : vantage.hashOf(parent),
      close_time: found.closeTime,
      close_time_iso: vantage.isoTimeOf(found),
      parent_close_time: found.parentCloseTime,
      close_time_resolution: 10,
      total_coins: `${found.totalDrops}`,
      closed: true,
      ...request.transactions === true ? { transactions: found.transactions.map(({ tx }) => tx.hash) } : {}
    },
    ...fields
  }
}

export function feature ({ network }: Vantage): Fields {
  return { features: Object.fromEntries([...network.amendments].map(name => [name, { name, enabled: true, supported: true }])) }
}

export function version (): Fields {
  return { version: { first: 1, good: 1, last: 2 } }
}
