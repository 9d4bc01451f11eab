/** What lies between a peer and us, as a bar with its limits. The words for it stand in the label, for those who do not see it. */
import type { JSX } from 'preact'
import type { BalanceView } from '../../src/contracts/explorer.js'
import { barOf } from '../model/balance-bar.js'
import { fullAmount, shortAmount } from '../model/money.js'

/** Above this share of its limit a peer needs a look. */
const NEARLY_FULL = 0.9

export function PeerBar ({ view }: { view: BalanceView }): JSX.Element {
  const bar = barOf(view)
  const full = bar.used >= 1 ? ' full' : bar.used >= NEARLY_FULL ? ' nearly' : ''
  return (
    <div class={`bar${full}`} role="img" aria-label={wordsOf(view)} title={wordsOf(view)}>
      <div class="half left">
        {bar.limitIn !== undefined && <span class="room" style={{ width: percent(bar.limitIn) }} />}
        <span class="held" style={{ width: percent(bar.heldIn + (bar.side === 'owed to us' ? bar.owed : 0)) }} />
        {bar.side === 'owed to us' && <span class="owed" style={{ width: percent(bar.owed) }} />}
        {bar.limitIn !== undefined && <span class="limit" style={{ right: percent(bar.limitIn) }} />}
      </div>
      <div class="half right">
        {bar.limitOut !== undefined && <span class="room" style={{ width: percent(bar.limitOut) }} />}
        <span class="held" style={{ width: percent(bar.heldOut + (bar.side === 'owed by us' ? bar.owed : 0)) }} />
        {bar.side === 'owed by us' && <span class="owed" style={{ width: percent(bar.owed) }} />}
        {bar.limitOut !== undefined && <span class="limit" style={{ left: percent(bar.limitOut) }} />}
        {bar.threshold !== undefined && <span class="threshold" style={{ left: percent(bar.threshold) }} />}
      </div>
    </div>
  )
}

export function BarLegend (): JSX.Element {
  return (
    <p class="bar-legend" aria-hidden="true">
      <span>◂ owes us</span><span><i class="key owed-in" />owed to us</span><span><i class="key owed-out" />owed by us</span>
      <span><i class="key held-key" />on hold</span><span><i class="key limit-key" />limit</span><span><i class="key threshold-key" />settles here</span><span>we owe ▸</span>
    </p>
  )
}

function wordsOf (view: BalanceView): string {
  const amount = (value: string): string => `${shortAmount(value.replace(/^-/, ''), view.assetScale)} ${view.assetCode}`
  const said = view.balance.startsWith('-') ? `We owe ${view.peerId} ${amount(view.balance)}` : `${view.peerId} owes us ${amount(view.balance)}`
  return [
    `${said} (${fullAmount(view.balance, view.assetScale)})`,
    `on hold: in ${amount(view.incomingHolds)}, out ${amount(view.outgoingHolds)}`,
    view.maximum === undefined ? 'no limit for the peer' : `limit of the peer ${amount(view.maximum)}`,
    view.minimum === undefined ? 'no limit for us' : `our limit ${amount(view.minimum)}`,
    view.settleThreshold === undefined ? 'no settlement by itself' : `settles when we owe ${amount(view.settleThreshold)}`
  ].join('; ')
}

function percent (part: number): string {
  return `${Math.min(1, part) * 100}%`
}
