/** Money outside packets: channels, what claims are worth that no chain has seen yet, and what happened. */
import type { JSX } from 'preact'
import type { EventRow } from '../../src/contracts/explorer-events.js'
import type { ChannelView, OpenSettlement, WalletView } from '../../src/contracts/explorer.js'
import { accountPage, nativeMoney } from '../model/chains.js'
import { addedUp, baseUnits, share, type Money } from '../model/money.js'
import { exactTime, relative } from '../model/time.js'
import { count } from '../model/text.js'
import { GROUPS, lineOf } from '../model/words.js'
import { hrefOf, now, place } from '../state/page.js'
import { useResource } from '../state/resource.js'
import { Answered, Empty, Panel } from '../parts/panel.js'
import { Timeline } from '../parts/timeline.js'
import { Ago, Amount, Amounts, Name, OutLink, Tag } from '../parts/values.js'

const CHANNELS_MS = 5000
const EVENTS_MS = 10_000
const EVENTS = 50
const EVENTS_PATH = `api/settlements?types=${GROUPS.money.filter(type => type !== 'PAYMENT_CHANNEL_BALANCE_UPDATE').join()}&limit=${EVENTS}`

interface Channels { channels: ChannelView[], wallets: WalletView[] }

export function SettlementPage (): JSX.Element {
  const answer = useResource<Channels>('api/channels', CHANNELS_MS).value
  const events = useResource<{ events: EventRow[], open: OpenSettlement[] }>(EVENTS_PATH, EVENTS_MS).value
  const wanted = place.value.query.get('channel') ?? ''
  return (
    <>
      <Answered answer={answer} path="api/channels" lines={2}>{data => <Summary data={data} />}</Answered>
      {events.data !== undefined && events.data.open.length > 0 && <Open settlements={events.data.open} />}
      {answer.data !== undefined && (
        <Panel title="Channels" note={count(answer.data.channels.length)} wide>
          <ChannelTable channels={answer.data.channels} wanted={wanted} />
        </Panel>
      )}
      <div class="columns">
        <Panel title="Timeline" note={`the last ${EVENTS}`}>
          <Answered answer={events} path={EVENTS_PATH} lines={8}>
            {data => data.events.length === 0
              ? <Empty title="Nothing was settled yet." text="Settlements, claims and channels appear here with their transactions." />
              : <Timeline lines={data.events.flatMap(({ id, payload }) => lineOf(payload, id.toString()) ?? [])} />}
          </Answered>
        </Panel>
        <Panel title="Wallets">{answer.data !== undefined && <Wallets data={answer.data} />}</Panel>
      </div>
    </>
  )
}

/** Payments that are under way, and those of which only the operator can find out whether they were made. */
function Open ({ settlements }: { settlements: readonly OpenSettlement[] }): JSX.Element {
  return (
    <Panel title="Under way" note={count(settlements.length)} wide>
      <table class="open cards">
        <thead>
          <tr><th scope="col">Peer</th><th scope="col">State</th><th scope="col" class="num">Amount</th><th scope="col">Id</th><th scope="col" class="num">Begun</th></tr>
        </thead>
        <tbody>
          {settlements.map(({ id, peerId, state, createdAt, ...money }) => (
            <tr key={id}>
              <th scope="row"><a href={hrefOf('peers', peerId)}>{peerId}</a></th>
              <td data-label="State">{state === 'unknown' ? <Tag tone="risk">nobody knows whether it was paid</Tag> : <Tag tone="out">being sent</Tag>}</td>
              <td class="num" data-label="Amount"><Amount money={money} /></td>
              <td data-label="Id"><Name text={id} length={17} mono /></td>
              <td class="num" data-label="Begun"><Ago at={createdAt} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}

function Summary ({ data: { channels } }: { data: Channels }): JSX.Element {
  const open = channels.filter(({ status }) => status === 'open')
  const sum = (read: (channel: ChannelView) => string | undefined): Money[] =>
    addedUp(channels.map(channel => moneyIn(channel, read(channel) ?? '0'))).filter(({ amount }) => amount !== '0')
  const closing = channels.filter(({ settleableAt }) => settleableAt !== undefined)
  return (
    <ul class="tiles few" aria-label="Channels in numbers">
      <li class="tile"><span class="tile-label">Open channels</span><span class="tile-value"><b>{count(open.length)}</b></span><span class="tile-note">{count(channels.length)} in all</span></li>
      <li class="tile"><span class="tile-label">Claims not yet on chain</span><span class="tile-value amber"><b><Amounts amounts={sum(channel => channel.unredeemed)} /></b></span><span class="tile-note">lost if a channel ends without them</span></li>
      <li class="tile"><span class="tile-label">Our deposits</span><span class="tile-value"><b><Amounts amounts={sum(channel => channel.deposit)} /></b></span><span class="tile-note" /></li>
      <li class="tile"><span class="tile-label">Can still pay</span><span class="tile-value"><b><Amounts amounts={sum(channel => channel.spendable)} /></b></span><span class="tile-note" /></li>
      <li class="tile"><span class="tile-label">In challenge</span><span class="tile-value"><b>{count(closing.length)}</b></span><span class="tile-note">{closing[0]?.settleableAt === undefined ? '' : `the first ends ${relative(closing[0].settleableAt, now.value)}`}</span></li>
    </ul>
  )
}

function ChannelTable ({ channels, wanted }: { channels: readonly ChannelView[], wanted: string }): JSX.Element {
  if (channels.length === 0) return <Empty title="No channels." text="They are opened when a peer with a chain is owed something." />
  const sorted = [...channels].sort((a, b) => rank(a, wanted) - rank(b, wanted))
  return (
    <table class="channels cards">
      <thead>
        <tr>
          <th scope="col">Channel</th><th scope="col">Status</th><th scope="col">We paid, of our deposit</th><th scope="col">They paid, of their deposit</th>
          <th scope="col" class="num">Not yet on chain</th><th scope="col" class="num">Last activity</th>
        </tr>
      </thead>
      <tbody>{sorted.map(channel => <ChannelLine key={`${channel.chain}:${channel.channelId}`} channel={channel} wanted={wanted} />)}</tbody>
    </table>
  )
}

function ChannelLine ({ channel, wanted }: { channel: ChannelView, wanted: string }): JSX.Element {
  const link = accountPage(channel.chain, channel.participants?.[1])
  const pending = baseUnits(channel.unredeemed)
  return (
    <tr class={wanted !== '' && channel.channelId === wanted ? 'selected' : undefined}>
      <th scope="row">
        <a href={hrefOf('peers', channel.peerId)}>{channel.peerId}</a>
        <span class="sub"><Name text={channel.channelId} length={17} mono />{channel.chain}{link !== undefined && <OutLink href={link}>its account on the chain</OutLink>}</span>
      </th>
      <td data-label="Status"><Status channel={channel} /></td>
      <td data-label="We paid"><Used part={channel.transferred} whole={channel.deposit} channel={channel} side="out" /></td>
      <td data-label="They paid"><Used part={channel.theirTransferred} whole={channel.theirDeposit} channel={channel} side="in" /></td>
      <td class="num" data-label="Not yet on chain">{pending > 0n ? <span class="amber"><Amount money={moneyIn(channel, pending.toString())} /></span> : <span class="none">–</span>}</td>
      <td class="num" data-label="Last activity"><Ago at={channel.lastActivityAt} /></td>
    </tr>
  )
}

function Status ({ channel: { status, settleableAt } }: { channel: ChannelView }): JSX.Element {
  const tone = status === 'open' ? 'good' : status === 'settled' || status === 'opening' ? 'plain' : 'look'
  return (
    <>
      <Tag tone={tone}>{status}</Tag>
      {settleableAt !== undefined && <span class="sub" title={exactTime(settleableAt)}>{settleableAt > now.value ? `challenge ends ${relative(settleableAt, now.value)}` : 'can be settled now'}</span>}
    </>
  )
}

function Used ({ part, whole, channel, side }: { part: string | undefined, whole: string | undefined, channel: ChannelView, side: 'in' | 'out' }): JSX.Element {
  if (part === undefined) return <span class="none">–</span>
  return (
    <span class="used">
      <span><Amount money={moneyIn(channel, part)} unit={whole === undefined} />{whole !== undefined && <> <span class="unit">of</span> <Amount money={moneyIn(channel, whole)} /></>}</span>
      {whole !== undefined && <span class="meter" aria-hidden="true"><i class={side} style={{ width: `${share(baseUnits(part), baseUnits(whole)) * 100}%` }} /></span>}
    </span>
  )
}

function Wallets ({ data: { channels, wallets } }: { data: Channels }): JSX.Element {
  if (wallets.length === 0) return <Empty title="No wallets." text="Peers with a chain have one." />
  return (
    <ul class="wallets">
      {wallets.map(wallet => (
        <li key={`${wallet.peerId}:${wallet.chain ?? ''}`}>
          <div><strong>{wallet.peerId}</strong> <span class="note">{wallet.chain}</span> {wallet.reachable ? <Tag tone="good">chain answers</Tag> : <Tag tone="risk" title={wallet.error}>chain does not answer</Tag>}</div>
          {wallet.address !== undefined && <Address chain={wallet.chain} address={wallet.address} />}
          {wallet.error !== undefined && <p class="trouble">{wallet.error}</p>}
          <dl class="facts">
            {wallet.token !== undefined && <><dt>{wallet.tokenId}</dt><dd><Amount money={tokenMoney(wallet, channels)} /></dd></>}
            {wallet.native !== undefined && <><dt>For fees</dt><dd><Amount money={nativeMoney(wallet.chain, wallet.native)} /></dd></>}
            {wallet.state !== 'IDLE' && <><dt>Under way</dt><dd>{wallet.state}</dd></>}
          </dl>
        </li>
      ))}
    </ul>
  )
}

function Address ({ chain, address }: { chain: string | undefined, address: string }): JSX.Element {
  const page = accountPage(chain, address)
  return <><Name text={address} length={34} mono />{page !== undefined && <OutLink href={page}>on the chain</OutLink>}</>
}

/** The scale of its token stands in the channels that pay in it. */
function tokenMoney (wallet: WalletView, channels: readonly ChannelView[]): Money {
  const channel = channels.find(({ chain, tokenId }) => chain === wallet.chain && tokenId === wallet.tokenId)
  return { amount: wallet.token ?? '0', assetCode: wallet.tokenId, assetScale: channel?.tokenScale ?? 0 }
}

function moneyIn (channel: ChannelView, amount: string): Money {
  return { amount, assetCode: channel.tokenId, assetScale: channel.tokenScale ?? 0 }
}

/** The one that was searched for, then those that need a look, then open ones. */
function rank (channel: ChannelView, wanted: string): number {
  if (wanted !== '' && channel.channelId === wanted) return 0
  if (channel.settleableAt !== undefined) return 1
  return channel.status === 'settled' ? 3 : 2
}
