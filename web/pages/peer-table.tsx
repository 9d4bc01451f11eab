/** Peers, each with the bar of what lies between it and us. On the overview without what only the Peers page has room for. */
import type { JSX } from 'preact'
import type { BalanceView, PeerView } from '../../src/contracts/explorer.js'
import { baseUnits, type Money } from '../model/money.js'
import { peerTraffic, type PeerTraffic } from '../model/traffic.js'
import { exactTime, relative, span } from '../model/time.js'
import { count, shortened } from '../model/text.js'
import { accountSeconds } from '../state/live.js'
import { hrefOf, now } from '../state/page.js'
import { PeerBar } from '../parts/balance-bar.js'
import { Empty } from '../parts/panel.js'
import { Amount, Tag } from '../parts/values.js'

const BRIEF_MAX = 8

export function PeerTable ({ peers, brief = false, selected = '' }: { peers: readonly PeerView[], brief?: boolean, selected?: string }): JSX.Element {
  const traffic = peerTraffic(accountSeconds.value)
  const sorted = [...peers].sort((a, b) => urgency(b) - urgency(a))
  const shown = brief ? sorted.slice(0, BRIEF_MAX) : sorted
  if (peers.length === 0) {
    return <Empty title="No peers." text="A node earns between peers. Add one to its configuration, or while it runs:" command="connector peer add" />
  }
  return (
    <table class={brief ? 'peers brief' : 'peers'}>
      <thead>
        <tr>
          <th scope="col">Peer</th>
          <th scope="col" class="c-bar"><span class="ends" aria-hidden="true"><span>owes us</span><span>we owe</span></span><span class="sr">Balance</span></th>
          <th scope="col" class="num" title="How much more packets of the peer may bring before its limit stops them">Room in</th>
          <th scope="col" class="num" title="How much more packets may take to the peer before our limit stops them">Room out</th>
          <th scope="col" class="num" title="Until the peer's limit is reached, as the last five minutes went">Full in</th>
          {!brief && <>
            <th scope="col" class="num">Packets /s</th>
            <th scope="col" class="num" title="Median and 99th percentile of the time to the answer">p50 / p99 ms</th>
            <th scope="col">Settlement</th>
          </>}
        </tr>
      </thead>
      <tbody>
        {shown.map(peer => (
          <PeerLine key={peer.peerId} peer={peer} traffic={traffic.get(peer.peerId)} brief={brief} selected={peer.peerId === selected} />
        ))}
      </tbody>
    </table>
  )
}

function PeerLine ({ peer, traffic, brief, selected }: {
  peer: PeerView
  traffic: PeerTraffic | undefined
  brief: boolean
  selected: boolean
}): JSX.Element {
  const { balance } = peer
  return (
    <tr class={selected ? 'selected' : undefined}>
      <th scope="row" class="c-peer">
        <a href={hrefOf('peers', peer.peerId)} title={peer.peerId}>{shortened(peer.peerId, 26)}</a>
        <span class="sub"><Presence peer={peer} />{!brief && <span>{peer.relation}{peer.isGuest && ', guest'} · {peer.plugin}</span>}</span>
      </th>
      {balance === undefined
        ? <td class="c-bar" colSpan={4}><span class="none">no balance</span></td>
        : <>
          <td class="c-bar"><PeerBar view={balance} />{!brief && <BarNumbers view={balance} />}</td>
          <td class="num" data-label="Room in"><Room amount={balance.roomIn} view={balance} /></td>
          <td class="num" data-label="Room out"><Room amount={balance.roomOut} view={balance} /></td>
          <td class="num" data-label="Full in"><FullIn view={balance} /></td>
        </>}
      {!brief && <>
        <td class="num" data-label="Packets /s">
          {traffic === undefined
            ? <span class="none">–</span>
            : <span title={`${count(traffic.packetsIn)} came, ${count(traffic.packetsOut)} went`}>{count(traffic.packetsIn + traffic.packetsOut)}</span>}
        </td>
        <td class="num times" data-label="p50 / p99 ms">
          {traffic?.p50 === undefined ? <span class="none">–</span> : `${count(traffic.p50)} / ${count(traffic.p99 ?? traffic.p50)}`}
        </td>
        <td data-label="Settlement"><SettlementState view={balance} /></td>
      </>}
    </tr>
  )
}

export function Presence ({ peer }: { peer: PeerView }): JSX.Element {
  const since = peer.since === undefined ? '' : ` ${relative(peer.since, now.value).replace(/ ago$/, '')}`
  const title = peer.since === undefined ? undefined : exactTime(peer.since)
  if (peer.connected) return <span class="presence here" title={title}>connected{since}</span>
  return <span class="presence away" title={title}>away{since}</span>
}

/** What is owed, in words, below the bar. */
function BarNumbers ({ view }: { view: BalanceView }): JSX.Element {
  const balance = baseUnits(view.balance)
  const owed: Money = { ...view, amount: (balance < 0n ? -balance : balance).toString() }
  const held = baseUnits(view.incomingHolds) - baseUnits(view.outgoingHolds)
  return (
    <span class="bar-numbers">
      <span>{balance === 0n ? 'even' : <>{balance > 0n ? 'owes us ' : 'we owe '}<Amount money={owed} /></>}</span>
      {held !== 0n && <span>on hold <Amount money={{ ...view, amount: held.toString() }} unit={false} /></span>}
      {view.maximum !== undefined && <span>limit <Amount money={{ ...view, amount: view.maximum }} unit={false} /></span>}
      {view.settleThreshold !== undefined && <span>settles at <Amount money={{ ...view, amount: view.settleThreshold.replace(/^-/, '') }} unit={false} /></span>}
    </span>
  )
}

function Room ({ amount, view }: { amount: string | undefined, view: BalanceView }): JSX.Element {
  if (amount === undefined) return <span class="none" title="No limit">no limit</span>
  return <Amount money={{ ...view, amount }} />
}

function FullIn ({ view }: { view: BalanceView }): JSX.Element {
  if (view.roomIn !== undefined && baseUnits(view.roomIn) <= 0n) return <Tag tone="look">full now</Tag>
  if (view.fullInSeconds === undefined) return <span class="none" title="It does not get fuller">–</span>
  const words = span(view.fullInSeconds * 1000)
  return view.fullInSeconds < 3600 ? <Tag tone="look">{words}</Tag> : <span>{words}</span>
}

function SettlementState ({ view }: { view: BalanceView | undefined }): JSX.Element {
  if (view === undefined || (view.settlementState === 'IDLE' && view.settleThreshold === undefined)) return <span class="none">–</span>
  if (view.settlementState === 'IDLE') return <span class="note">idle</span>
  return <Tag tone="out">{view.settlementState === 'SETTLEMENT_PENDING' ? 'due' : 'in progress'}</Tag>
}

/** Those that need a look stand first; the rest stay in the order of the node. */
function urgency ({ balance, connected }: PeerView): number {
  const full = balance?.roomIn !== undefined && baseUnits(balance.roomIn) <= 0n
  return (full ? 2 : 0) + (connected ? 0 : 1)
}
