/** Who owes whom, how much room there is, and when it will be used up. */
import type { JSX } from 'preact'
import type { EventRow } from '../../src/contracts/explorer-events.js'
import type { PeerView, RejectCount } from '../../src/contracts/explorer.js'
import { count } from '../model/text.js'
import { lineOf } from '../model/words.js'
import { hrefOf, place } from '../state/page.js'
import { useResource } from '../state/resource.js'
import { BarLegend } from '../parts/balance-bar.js'
import { Answered, Empty, Panel } from '../parts/panel.js'
import { Amount, Name, Tag } from '../parts/values.js'
import { Icon } from '../parts/icons.js'
import { Timeline } from '../parts/timeline.js'
import { PeerTable, Presence } from './peer-table.js'

const PEERS_MS = 3000
const REJECTS_MS = 10_000
const CONNECTIONS = 20

export function PeersPage (): JSX.Element {
  const { item } = place.value
  const answer = useResource<{ peers: PeerView[] }>('api/peers', PEERS_MS).value
  const connected = answer.data?.peers.filter(peer => peer.connected).length
  const peer = answer.data?.peers.find(({ peerId }) => peerId === item)
  return (
    <>
      <Panel title="Peers" note={answer.data && `${count(connected ?? 0)} of ${count(answer.data.peers.length)} connected`} actions={<BarLegend />} wide>
        <Answered answer={answer} path="api/peers" lines={6}>{data => <PeerTable peers={data.peers} selected={item} />}</Answered>
      </Panel>
      {item !== '' && answer.data !== undefined && (peer === undefined
        ? <Panel title="Peer"><Empty title={`There is no peer called ${item}.`} text={<a href={hrefOf('peers')}>All peers</a>} /></Panel>
        : <PeerDetail peer={peer} />)}
      <Rejects peerId={item} />
    </>
  )
}

function PeerDetail ({ peer }: { peer: PeerView }): JSX.Element {
  const path = `api/events?${new URLSearchParams({ types: 'PEER_CONNECTED,PEER_DISCONNECTED', peerId: peer.peerId, limit: CONNECTIONS.toString() }).toString()}`
  const history = useResource<{ events: EventRow[] }>(path, Infinity).value
  const { balance } = peer
  const onChains = Object.entries(peer).filter(([field]) => field.endsWith('Address') && field !== 'ilpAddress')
  const addresses = [['ILP address', peer.ilpAddress], ['BTP', peer.btpUrl], ...onChains.map(([field, value]) => [wordsOf(field), value] as const)] as const
  return (
    <div class="columns">
      <Panel title={peer.peerId} note={<Presence peer={peer} />} actions={
        <>
          <a class="button" href={hrefOf('packets', '', new URLSearchParams({ peer: peer.peerId }))}>Its packets</a>
          <a class="tool" href={hrefOf('peers')} aria-label="Close the peer" title="Close (Esc)"><Icon name="cross" /></a>
        </>
      }>
        <dl class="facts">
          <dt>Relation</dt><dd>{peer.relation}{peer.isGuest && ', a guest that nobody has configured'}</dd>
          <dt>Plugin</dt><dd>{peer.plugin}</dd>
          {addresses.map(([what, text]) => typeof text === 'string' && text !== '' && <><dt>{what}</dt><dd><Name text={text} length={48} mono /></dd></>)}
          {balance !== undefined && <>
            <dt>Balance</dt><dd><Amount money={{ ...balance, amount: balance.balance }} sign /></dd>
            <dt>On hold</dt>
            <dd>
              in <Amount money={{ ...balance, amount: balance.incomingHolds }} />,
              out <Amount money={{ ...balance, amount: balance.outgoingHolds }} />
            </dd>
            <dt>Paid ahead</dt><dd><Amount money={{ ...balance, amount: balance.prepaid }} /></dd>
            <dt>Being settled</dt><dd><Amount money={{ ...balance, amount: balance.settling }} /></dd>
          </>}
        </dl>
      </Panel>
      <Panel title="Connection">
        <Answered answer={history} path={path}>
          {({ events }) => events.length === 0
            ? <Empty title="Nothing happened to its connection." text="As far back as the history goes." />
            : <Timeline lines={events.flatMap(({ id, payload }) => lineOf(payload, id.toString()) ?? [])} subject={false} />}
        </Answered>
      </Panel>
    </div>
  )
}

function Rejects ({ peerId }: { peerId: string }): JSX.Element {
  const answer = useResource<{ rejects: RejectCount[] }>('api/rejects', REJECTS_MS).value
  return (
    <Panel title={peerId === '' ? 'Refused packets' : `Refused packets from ${peerId}`} note="by code and peer" wide>
      <Answered answer={answer} path="api/rejects">
        {({ rejects }) => {
          const shown = rejects.filter(reject => peerId === '' || reject.peerId === peerId)
          if (shown.length === 0) return <Empty title="No packet was refused." />
          return (
            <table class="rejects cards">
              <thead>
                <tr>
                  <th scope="col">Code</th><th scope="col">From</th><th scope="col" class="num">Packets</th><th scope="col">What it means</th>
                  <th scope="col">What helps</th>
                </tr>
              </thead>
              <tbody>
                {shown.map(reject => (
                  <tr key={`${reject.code}:${reject.peerId}`}>
                    <th scope="row"><a href={packetsLike(reject)}><Tag tone="look">{reject.code}</Tag></a></th>
                    <td data-label="From">{reject.peerId}</td><td class="num" data-label="Packets">{count(reject.count)}</td>
                    <td class="words">{reject.words}</td><td class="words">{reject.fix}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }}
      </Answered>
    </Panel>
  )
}

function packetsLike ({ peerId, code }: RejectCount): string {
  return hrefOf('packets', '', new URLSearchParams({ show: 'refused', peer: peerId, text: code }))
}

/** `evmAddress` as `evm address`. */
function wordsOf (field: string): string {
  return field.replace(/Address$/, ' address')
}
