/** Histories with a name: attacks that worked once, or would if a promise were broken. */
import type { Act } from './acts.js'
import { CHALLENGE_SECS } from './our-side.js'

const channel: Act[] = [
  { do: 'open', challengeSecs: CHALLENGE_SECS }, { do: 'put in', channel: 0, into: 'theirs', amount: 10_000n }, { do: 'pass', secs: 30 }
]
const claim = (grows: bigint, packet = 0n): Act => ({ do: 'claim', channel: 0, grows, nonce: 'next', by: 'key', packet })
const packet: Act = { do: 'packet', amount: 900n }
const silentEnd: Act[] = [{ do: 'manners', manners: { ends: 'agree' } }, { do: 'we close', channel: 0, cooperative: true }]

export const ATTACKS: Readonly<Record<string, Act[]>> = {
  'spends its deposit while it has our consent to the end, and takes it back': [
    ...channel, claim(500n, 100n), ...silentEnd, claim(900n, 900n), claim(900n, 900n), packet, { do: 'bring', end: 0 }
  ],
  'does so after we were restarted': [
    ...channel, claim(500n, 100n), ...silentEnd, { do: 'we end', how: 'cut', afterWrites: 0 }, claim(900n, 900n), packet, { do: 'bring', end: 0 }
  ],
  'spends its deposit after it has asked for the end itself': [
    ...channel, { do: 'weather', weather: 'away' }, { do: 'end', channel: 0, least: 'owed', pays: 'claimed', valid: 'good', by: 'key' }, claim(900n, 900n), packet
  ],
  'has what it paid credited again when the account is added again or the process starts again': [
    ...channel, claim(700n), { do: 'we readd' }, packet, { do: 'we end', how: 'clean', afterWrites: 0 }, claim(300n, 300n),
    { do: 'we end', how: 'crash', afterWrites: 0 }, packet
  ],
  'says that it has used all, and delivers nothing': [
    { do: 'manners', manners: { packet: 'refused', beside: 'behind', shows: 'all used' } },
    ...Array.from({ length: 12 }, (): Act => ({ do: 'we pay', amounts: [500n, 500n] }))
  ],
  'says nothing, and delivers nothing': [
    { do: 'manners', manners: { packet: 'silence', shows: 'all used' } },
    ...Array.from({ length: 8 }, (): Act[] => [{ do: 'we pay', amounts: [500n] }, { do: 'pass', secs: 61 }, { do: 'cut' }]).flat()
  ],
  'is paid a settlement twice, because its channel ended': [
    ...channel, { do: 'manners', manners: { claim: 'refuse' } }, { do: 'we pay', amounts: [400n] }, { do: 'pass', secs: 30 },
    { do: 'take out', channel: 0, claim: 0 }, { do: 'close', channel: 0 }, { do: 'pass', secs: CHALLENGE_SECS + 1 }, { do: 'manners', manners: {} }, { do: 'pass', secs: 61 }, { do: 'we settle' }
  ],
  'pays on a channel whose challenge is over before we answer': [
    { do: 'open', challengeSecs: 1 }, { do: 'put in', channel: 0, into: 'theirs', amount: 10_000n }, { do: 'pass', secs: 30 },
    { do: 'put in', channel: 1, into: 'theirs', amount: 10_000n }, claim(900n, 900n), { do: 'claim', channel: 1, grows: 900n, nonce: 'next', by: 'key', packet: 900n },
    packet, packet
  ],
  'has us put money into a channel whose challenge is as long as it likes': [
    { do: 'open', challengeSecs: 400 * 24 * CHALLENGE_SECS }, { do: 'pass', secs: 30 }, { do: 'we pay', amounts: [900n] }, { do: 'pass', secs: 61 }
  ],
  'pays on a channel that the chain has taken back': [
    ...channel, claim(100n, 100n), { do: 'take back', channel: 0 }, { do: 'pass', secs: 61 }, { do: 'gone claim', grows: 900n, packet: 900n }, packet, packet
  ],
  'shows a claim on more than it has deposited, as if we had taken it': [
    ...channel, { do: 'we pay', amounts: [400n] }, { do: 'pass', secs: 30 }, claim(900n, 100n), claim(12_000n), packet,
    { do: 'we end', how: 'clean', afterWrites: 0 }, { do: 'pass', secs: 61 }
  ],
  'pays with claims that nobody has signed, or another key': [
    ...channel, { do: 'claim', channel: 0, grows: 900n, nonce: 'next', by: 'nobody', packet: 900n }, packet,
    { do: 'claim', channel: 0, grows: 900n, nonce: 'next', by: 'other key', packet: 900n }, packet
  ],
  'changes its address right after it has paid': [...channel, claim(700n), packet, { do: 'rekey' }]
}
