/** How many claims one core reads and checks in a second, on each chain: the signature, and everything that is looked at before it. */
import type { ClaimCodec } from '../../plugins/lib/channels/types.js'
import { ClaimKey } from '../../plugins/aptos/claim-keys.js'
import { AptosClaims, type ClaimSource as AptosSource } from '../../plugins/aptos/claims.js'
import { canonicalAddress } from '../../plugins/aptos/formats.js'
import { MinaClaims } from '../../plugins/mina/claims.js'
import { signatures } from '../../plugins/mina/crypto/signature-threads.js'
import { keyWith } from '../../plugins/mina/keys.js'
import { SolanaClaims } from '../../plugins/solana/claims.js'
import { rawKey } from '../../plugins/solana/ed25519.js'
import { channelIdOf as solanaChannelIdOf, CLUSTERS, encodeBase58 } from '../../plugins/solana/formats.js'
import { ChannelKeys, channelIdOf as xrpChannelIdOf } from '../../plugins/xrp/channel-keys.js'
import { XrpClaims, type ClaimSource } from '../../plugins/xrp/claims.js'
import { codecOf, signers } from './claims.js'

/** Makes claims of one payer, and checks them. */
export interface CodecUnderTest {
  payer: ClaimCodec
  payee: ClaimCodec
  channelId: string
  /** Of so many claims the cost shows: where one takes milliseconds, of fewer. */
  count: number
}

const USUAL_COUNT = 2000
const MINA_COUNT = 100
const [ALICE, NODE] = ['rGMTQpyhaDwWTqmw4dcYHj5NPJhtWNhtRW', 'rDwsjm4ecjNxtYmeaiCMriQ85w1XUocea3']
const SEQUENCE = 4

/** By the name of the chain. */
export const CODECS: Record<string, CodecUnderTest> = {
  evm: { payer: codecOf(signers.alice), payee: codecOf(signers.node), channelId: `0x${'aa'.repeat(32)}`, count: USUAL_COUNT },
  solana: onSolana(),
  xrp: onXrp(),
  aptos: onAptos(),
  mina: onMina()
}

/** Claims that are checked at once, as the claims of packets are. */
const BATCH = 100

function onSolana (): CodecUnderTest {
  const { genesis } = CLUSTERS.mainnet
  const [programId, account] = [8, 9].map(byte => encodeBase58(Buffer.alloc(32, byte))) as [string, string]
  const codec = (byte: number): SolanaClaims =>
    new SolanaClaims({ genesis, programId, cluster: 'mainnet' }, rawKey(Buffer.alloc(32, byte)))
  return { payer: codec(2), payee: codec(1), channelId: solanaChannelIdOf({ account, instance: 1n }), count: USUAL_COUNT }
}

/** What the ledger says of the channel is known, as it is after its first claim. */
function onXrp (): CodecUnderTest {
  const key = new ChannelKeys(Buffer.alloc(16, 2), 0, ALICE).keyFor(NODE, SEQUENCE)
  const payer = { source: ALICE, publicKey: key.publicKey }
  const source: ClaimSource = {
    payerOf: () => payer, findPayer: () => Promise.resolve(payer), checkFresh: () => undefined, keyOf: () => key
  }
  return {
    payer: new XrpClaims(source, ALICE, NODE),
    payee: new XrpClaims(source, NODE, ALICE),
    channelId: xrpChannelIdOf(ALICE, NODE, SEQUENCE),
    count: USUAL_COUNT
  }
}

/** What the chain says of the keys in the channel is known, as it is after its first claim. */
function onAptos (): CodecUnderTest {
  const [payer, payee, channelId] = ['0xa', '0xb', '0xc'].map(canonicalAddress) as [string, string, string]
  const place = { network: 1, moduleAddress: canonicalAddress('0xd') }
  const keys = new Map([
    [payer, new ClaimKey(Buffer.alloc(32, 2), place, payer, payee)], [payee, new ClaimKey(Buffer.alloc(32, 1), place, payee, payer)]
  ])
  const codec = (address: string, peer: string): AptosClaims => {
    const key = keys.get(address) ?? new ClaimKey(Buffer.alloc(32), place, address, peer)
    const source: AptosSource = {
      address,
      knownKeyIn: (_channelId, party) => keys.get(party)?.publicKey,
      keyIn: (_channelId, party) => Promise.resolve(keys.get(party)?.publicKey),
      join: () => Promise.resolve(),
      checkFresh: () => Promise.resolve()
    }
    return new AptosClaims({ place, source, keyFor: () => key, peer })
  }
  return { payer: codec(payer, payee), payee: codec(payee, payer), channelId, count: USUAL_COUNT }
}

/** Signatures are made and checked in threads of their own: what counts is what all of them take. */
function onMina (): CodecUnderTest {
  const [payer, payee, channel] = [keyWith(2n), keyWith(3n), keyWith(4n)]
  const codec = (key: typeof payer, peer: typeof payer): MinaClaims =>
    new MinaClaims({ chainId: 'mina:devnet', key, peer: peer.address, signatures })
  return { payer: codec(payer, payee), payee: codec(payee, payer), channelId: channel.address, count: MINA_COUNT }
}

/** @returns claims in a second of one core, and microseconds of all threads for each */
export async function checkClaims (
  { payer, payee, channelId, count }: CodecUnderTest
): Promise<{ perSecond: number, cpuUs: number }> {
  const texts: Buffer[] = []
  for (let i = 1n; i <= BigInt(count); i++) {
    const { text } = await payer.make({ channelId, nonce: i, total: i * 100n, senderId: 'test.alice' })
    texts.push(Buffer.from(text))
  }
  const before = process.cpuUsage()
  for (let at = 0; at < count; at += BATCH) {
    const verdicts = await Promise.all(texts.slice(at, at + BATCH).map(text => payee.verify(payee.parse(text))))
    if (verdicts.includes(false)) throw new Error('a good claim was refused')
  }
  const { user, system } = process.cpuUsage(before)
  const cpuUs = (user + system) / count
  return { perSecond: 1_000_000 / cpuUs, cpuUs }
}
