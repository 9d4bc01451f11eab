/** One packet's story: each step with its time, who refused it, and what would have let it pass. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { PacketStep } from '../../src/contracts/explorer-events.js'
import type { PacketStory } from '../../src/contracts/explorer.js'
import { clock, exactTime, relative, span, took } from '../model/time.js'
import { hrefOf, now, place } from '../state/page.js'
import { useResource } from '../state/resource.js'
import { Icon } from '../parts/icons.js'
import { Answered, Empty } from '../parts/panel.js'
import { Amount, Copy, Name, Tag } from '../parts/values.js'

/** A packet in flight is asked for again so often, until it is answered. */
const IN_FLIGHT_MS = 1000
const NOT_FOUND = 404

export function PacketDetail ({ packetId }: { packetId: string }): JSX.Element {
  const path = `api/packets/${encodeURIComponent(packetId)}`
  const waiting = useSignal(true)
  const answer = useResource<PacketStory>(path, waiting.value ? IN_FLIGHT_MS : Infinity).value
  const outcome = answer.data?.outcome
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => { heading.current?.focus({ preventScroll: true }) }, [packetId])
  useEffect(() => { waiting.value = outcome === 'under way' }, [outcome])
  return (
    <section class="panel detail" aria-label="Packet">
      <header class="panel-head">
        <h2 ref={heading} tabIndex={-1}>Packet</h2>
        <Name text={packetId} length={17} mono />
        <a class="tool" href={hrefOf('packets', '', place.value.query)} aria-label="Close the packet" title="Close (Esc)"><Icon name="cross" /></a>
      </header>
      {answer.status === NOT_FOUND && answer.data === undefined
        ? <Empty title="The node has not kept this packet." text="Under load only some packets are told of one by one, and the history keeps them for some days." />
        : <Answered answer={answer} path={path} lines={10}>{story => <Story story={story} />}</Answered>}
    </section>
  )
}

function Story ({ story }: { story: PacketStory }): JSX.Element {
  const { refusal } = story
  return (
    <div class="story">
      <div class="story-head">
        <div class="story-amount"><Amount money={story.received} />{story.forwarded !== undefined && <><span class="arrow">→</span><Amount money={story.forwarded} /></>}</div>
        <Outcome story={story} />
      </div>
      {refusal !== undefined && (
        <div class="refusal">
          <p class="refusal-words"><Icon name="warn" /><span>{refusal.words}</span></p>
          {refusal.fix !== '' && <p class="refusal-fix"><strong>What would let it pass: </strong>{refusal.fix}</p>}
          <dl class="facts">
            <dt>Refused by</dt><dd>{refusal.step === undefined ? 'a connector further on' : <code>{refusal.step}</code>}</dd>
            <dt>Triggered by</dt><dd><Name text={refusal.triggeredBy === '' ? '(not said)' : refusal.triggeredBy} length={40} mono copy={refusal.triggeredBy !== ''} /></dd>
            <dt>Message</dt><dd class="message">{refusal.message === '' ? '(empty)' : refusal.message}</dd>
          </dl>
        </div>
      )}
      <Steps story={story} />
      <h3>Facts</h3>
      <dl class="facts">
        <dt>From</dt><dd><a href={hrefOf('peers', story.from)}>{story.from}</a></dd>
        <dt>To</dt><dd>{story.to === undefined ? 'nowhere' : <a href={hrefOf('peers', story.to)}>{story.to}</a>}</dd>
        <dt>Destination</dt><dd><Name text={story.destination} length={44} mono /> <a class="why-route" href={hrefOf('routes', '', new URLSearchParams({ destination: story.destination }))}>why this route</a></dd>
        <dt>Arrived</dt><dd title={exactTime(story.arrivedAt)}>{clock(story.arrivedAt, true)}, {relative(story.arrivedAt, now.value)}</dd>
        {story.expiresAt !== undefined && <><dt>Expires</dt><dd title={exactTime(story.expiresAt)}>{expiry(story, story.expiresAt)}</dd></>}
        <dt>Condition</dt><dd><Name text={story.packetId} length={28} mono /></dd>
      </dl>
      <Copy text={JSON.stringify(story, undefined, 2)} what="the packet as JSON" label="Copy as JSON" />
    </div>
  )
}

function Outcome ({ story: { outcome, refusal, took: ms } }: { story: PacketStory }): JSX.Element {
  const after = ms === undefined ? '' : ` after ${took(ms)}`
  if (outcome === 'fulfilled') return <Tag tone="good">✓ Paid{after}</Tag>
  if (outcome === 'rejected') return <Tag tone="look">✗ Refused{after}{refusal === undefined ? '' : `, ${refusal.code}`}</Tag>
  return <Tag tone="plain">In flight</Tag>
}

/** Many middlewares stand on the way and most say nothing: those with nothing to say are small. */
function Steps ({ story }: { story: PacketStory }): JSX.Element {
  const { steps, refusal } = story
  const lastAt = steps.reduce((last, _, index) => refusal?.step === steps[index]?.step ? index : last, -1)
  return (
    <>
      <h3>Way</h3>
      <ol class="steps">
        <Step at={0} name="arrived" account={story.from} note="" kind="plain" />
        {steps.map((step, index) => (
          <Step key={`${index}:${step.step}`} at={step.at} name={step.step} account={accountOf(step, steps[index - 1])} note={step.note ?? ''} kind={index === lastAt ? 'bad' : 'plain'} />
        ))}
        {story.took !== undefined && <Step at={story.took} name={story.outcome === 'fulfilled' ? 'fulfilled' : 'rejected'} account="" note={refusal?.code ?? ''} kind={story.outcome === 'fulfilled' ? 'good' : 'bad'} />}
      </ol>
    </>
  )
}

function Step ({ at, name, account, note, kind }: { at: number, name: string, account: string, note: string, kind: 'plain' | 'good' | 'bad' }): JSX.Element {
  return (
    <li class={kind}>
      <span class="step-at num">{took(at)}</span>
      <span class="step-name">{name}{kind === 'bad' && <span class="sr"> (refused here)</span>}</span>
      {account !== '' && <span class="step-account">{account}</span>}
      {note !== '' && <span class="step-note">{note}</span>}
    </li>
  )
}

function accountOf (step: PacketStep, before: PacketStep | undefined): string {
  return step.accountId === before?.accountId ? '' : step.accountId
}

function expiry ({ arrivedAt, outcome }: PacketStory, expiresAt: number): string {
  const left = expiresAt - arrivedAt
  return outcome === 'under way' ? relative(expiresAt, now.value) : (left < 0 ? 'before it arrived' : `${span(left)} after it arrived`)
}
