/** Writes the cases as a Move test file. Its signatures are made here, and the machine verifies them. */
import { ADDRESSES, CASE_CHAIN_ID, DAY, FUNDS, keyOf, caseSignature, stepsOf, type Case, type CoinName, type Seen, type SignedTerms, type Step, type Who } from './cases.js'
import { hexOf, u64 } from './bcs.js'
import { sha3 } from './signatures.js'

/** What `@sluice` is while tests run: the placeholder in Move.toml. */
const CODE = hexOf(Buffer.from('SLUICE-MODULE-ADDRESS-GOES-HERE!'))
/** Objects that are made before the first channel: two assets. */
const OBJECTS_BEFORE = 2
const COINS: Readonly<Record<CoinName, string>> = { paired: 'Coin', second: 'SecondCoin', unpaired: 'UnpairedCoin' }
const WORDS = 'world: &signer, alice: &signer, bob: &signer, carol: &signer'

/** Of the imitation of the framework: made of how many objects there are. */
function idOf (channel: number): string {
  return hexOf(sha3(u64(BigInt(OBJECTS_BEFORE + channel))))
}

export function moveTestsOf (cases: readonly Case[]): string {
  return `// Made of test/support/aptos/cases.json.
#[test_only]
module sluice::case_tests {
    use aptos_framework::chain_id;
    use aptos_framework::coin;
    use aptos_framework::fungible_asset::{Self, Metadata};
    use aptos_framework::object::{Self, Object};
    use aptos_framework::primary_fungible_store;
    use aptos_framework::timestamp;
    use sluice::channel;

    struct Coin {}
    struct SecondCoin {}
    struct UnpairedCoin {}

    fun store_of(owner: address, asset: Object<Metadata>): address { object::object_address(&primary_fungible_store::ensure(owner, asset)) }

    fun balance_of(owner: address, asset: Object<Metadata>): u64 { fungible_asset::balance(primary_fungible_store::ensure(owner, asset)) }

    fun begin(world: &signer): Object<Metadata> {
        chain_id::begin(world, ${CASE_CHAIN_ID});
        timestamp::begin(world);
        timestamp::set(1000);
        object::begin(world);
        let asset = fungible_asset::new_asset();
        let second = fungible_asset::new_asset();
        coin::pair<Coin>(world, asset);
        coin::pair<SecondCoin>(world, second);
${Object.values(ADDRESSES).flatMap(address => ['asset', 'second'].map(asset => `        fungible_asset::set_balance(store_of(@${address}, ${asset}), ${FUNDS});`)).join('\n')}
        asset
    }
${cases.map(testOf).join('')}}
`
}

function testOf (each: Case, index: number): string {
  const expectation = each.aborts === undefined ? '' : `    #[expected_failure(abort_code = ${each.aborts.code}, location = ${placeOf(each.aborts.module)})]\n`
  return `
    #[test(world = @0x1, alice = @${ADDRESSES.alice}, bob = @${ADDRESSES.bob}, carol = @${ADDRESSES.carol})]
${expectation}    /// ${each.name}
    fun case_${String(index).padStart(3, '0')}_${each.name.toLowerCase().replace(/[^a-z0-9]+/g, '_')}(${WORDS}) {
        let asset = begin(world);
        let (_, _, _, _) = (alice, bob, carol, asset);
${stepsOf(each).flatMap(linesOf).map(line => `        ${line};`).join('\n')}
    }
`
}

function placeOf (module: string): string {
  return ['core', 'channel'].includes(module) ? `sluice::${module}` : `aptos_framework::${module}`
}

const hex = (bytes: Uint8Array): string => `x"${hexOf(bytes).slice(2)}"`
const signed = (terms: SignedTerms | null): string => hex(caseSignature(terms, CODE, idOf))
const storeOf = (who: Who | 'vault'): string => who === 'vault' ? `@${idOf(1)}` : `store_of(@${ADDRESSES[who]}, asset)`

function linesOf (step: Step): string[] {
  const id = `@${idOf('channel' in step ? step.channel ?? 1 : 1)}`
  switch (step.do) {
  case 'open': {
    const asset = step.asset === 'none' ? '@0xdead' : 'object::object_address(&asset)'
    return [`channel::open(${step.by}, @${ADDRESSES[step.other]}, ${asset}, ${step.challenge ?? DAY}, ${hex(keyOf(step.key ?? step.by))})`]
  }
  case 'open_coin': return [`channel::open_coin<${COINS[step.coin]}>(${step.by}, @${ADDRESSES[step.other]}, ${DAY}, ${hex(keyOf(step.by))})`]
  case 'join': return [`channel::join(${step.by}, ${id}, ${hex(keyOf(step.key ?? step.by))})`]
  case 'deposit': return [`channel::deposit(${step.by}, ${id}, ${step.amount})`]
  case 'deposit_coin': return [`channel::deposit_coin<${COINS[step.coin]}>(${step.by}, ${id}, ${step.amount})`]
  case 'redeem': return [`channel::redeem(${step.by}, ${id}, ${step.amount}, ${signed(step.signature)})`]
  case 'withdraw':
  case 'close':
  case 'settle': return [`channel::${step.do}(${step.by}, ${id})`]
  case 'together': {
    return [`channel::close_together(${step.by}, ${id}, ${step.amount}, ${signed(step.claim)}, ${step.least}, ${step.until}, ${signed(step.consent)})`]
  }
  case 'clock': return [`timestamp::set(${step.now})`]
  case 'chain': return [`chain_id::set(${step.id})`]
  case 'hooks': return [`fungible_asset::set_hooks(asset, ${step.fee}, ${step.isBroken})`]
  case 'freeze': return [`fungible_asset::set_frozen(${storeOf(step.who)}, ${step.isFrozen})`]
  case 'vault': return [`fungible_asset::set_balance(@${idOf(1)}, ${step.balance})`]
  case 'rich': return [`fungible_asset::set_balance(${storeOf(step.who)}, ${step.balance})`]
  case 'see': return seen(step, id)
  }
}

function seen (expected: Seen, id: string): string[] {
  const { state, settleableAt, revision, vault, entitled = {}, balance = {} } = expected
  const facts: Array<[string, number | string | undefined]> = [['state', state], ['settleable_at', settleableAt], ['revision', revision], ['held', vault]]
  return [
    `let (state, settleable_at, revision, held) = channel::seen(${id})`,
    'let (_, _, _, _) = (state, settleable_at, revision, held)',
    ...facts.flatMap(([name, value]) => value === undefined ? [] : [`assert!(${name} == ${value}, 900)`]),
    ...Object.entries(entitled).map(([who, value]) => `assert!(channel::entitled(${id}, @${ADDRESSES[who as Who]}) == ${value}, 901)`),
    ...Object.entries(balance).map(([who, value]) => `assert!(balance_of(@${ADDRESSES[who as Who]}, asset) == ${value}, 902)`)
  ]
}
