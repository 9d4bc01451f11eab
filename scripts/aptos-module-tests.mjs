/**
 * Runs the Move tests of the Aptos plugin, and takes the checks out of its modules, one at a time, to see that the tests notice:
 * `npm run build && npm run test:aptos-mutants [part of a name]`. Needs @initia/builder.js (move-compiler.mjs), and two minutes. `--tests`
 * runs only the tests, `--short` tries two mutants, `--exposed` prints what the committed bytecode of `channel` exposes.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { TOOL, exposedBy, hasCompiler, layOut, runTests } from './move-compiler.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DIST = resolve(ROOT, process.env.SLUICE_DIST ?? 'dist')
const TESTS = join(ROOT, 'test/plugins/aptos/move')

/** What is taken out of which source: [file, text, replacement]. */
const MUTANTS = {
  'no signature check': ['core', 'assert!(ed25519::signature_verify_strict(&signature, &key, message), E_BAD_SIGNATURE);', 'ed25519::signature_verify_strict(&signature, &key, message);'],
  'the key of the payee': ['core', 'if (self.one.party == signer) { self.one.key } else { self.two.key }', 'if (self.one.party == signer) { self.two.key } else { self.one.key }'],
  'no key needed to check': ['core', 'assert!(key.length() == KEY_BYTES, E_NO_KEY);\n        assert!(signature', 'assert!(signature'],
  'no length of a signature': ['core', 'assert!(signature.length() == SIGNATURE_BYTES, E_BAD_SIGNATURE);', ''],
  'a claim pays again': ['core', 'if (paid <= side.paid) { return 0 };\n        let more = paid - side.paid;', 'let more = paid;'],
  'an older claim counts': ['core', 'if (paid <= side.paid) { return 0 };\n        let more = paid - side.paid;', 'let more = if (paid > side.paid) { paid - side.paid } else { 1 };'],
  'nothing new is fine': ['core', 'assert!(more > 0, E_NOTHING_NEW);', ''],
  'no cap at the deposit': ['core', 'let paid = if (amount < side.deposit) { amount } else { side.deposit };', 'let paid = amount;'],
  'claims above the deposit abort': ['core', 'let paid = if (amount < side.deposit) { amount } else { side.deposit };', 'assert!(amount <= side.deposit, E_ABOVE_DEPOSIT); let paid = amount;'],
  'no chain in a claim': ['core', 'ClaimMessage { tag: CLAIM_TAG, chain_id: self.chain_id', 'ClaimMessage { tag: CLAIM_TAG, chain_id: 1'],
  'no code in a claim': ['core', 'ClaimMessage { tag: CLAIM_TAG, chain_id: self.chain_id, code: self.code', 'ClaimMessage { tag: CLAIM_TAG, chain_id: self.chain_id, code: @sluice'],
  'no channel in a claim': ['core', 'code: self.code, channel: self.id, payer, amount }', 'code: self.code, channel: @0x0, payer, amount }'],
  'no payer in a claim': ['core', 'channel: self.id, payer, amount }', 'channel: self.id, payer: @0xa11ce, amount }'],
  'no tag in a consent': ['core', 'tag: CONSENT_TAG', 'tag: CLAIM_TAG'],
  'no chain in a consent': ['core', 'tag: CONSENT_TAG, chain_id: self.chain_id', 'tag: CONSENT_TAG, chain_id: 1'],
  'no channel in a consent': ['core', 'channel: self.id, party, least', 'channel: @0x0, party, least'],
  'no party in a consent': ['core', 'channel: self.id, party, least', 'channel: self.id, party: @0xa11ce, least'],
  'no least in a consent': ['core', 'party, least, valid_until\n        })', 'party, least: 0, valid_until\n        })'],
  'no end in a consent': ['core', 'party, least, valid_until\n        })', 'party, least, valid_until: 0\n        })'],
  'a consent forever': ['core', 'assert!(now <= valid_until, E_CONSENT_EXPIRED);', ''],
  'a consent expires a second early': ['core', 'now <= valid_until', 'now < valid_until'],
  'the own consent': ['core', 'self.check(party, self.consent_bytes(party, least, valid_until), consent);', 'self.check(caller, self.consent_bytes(caller, least, valid_until), consent);'],
  'no consent': ['core', 'self.check(party, self.consent_bytes(party, least, valid_until), consent);', 'let (_, _, _) = (party, valid_until, consent);'],
  'a consent lowers': ['core', 'if (least > side.paid) { side.paid = least };', 'side.paid = least;'],
  'a consent raises nothing': ['core', 'if (least > side.paid) { side.paid = least };', ''],
  'a consent above the deposit': ['core', 'assert!(least <= side.deposit, E_ABOVE_DEPOSIT);', ''],
  'together twice': ['core', 'let party = self.other(caller);\n        assert!(self.state != SETTLED, E_SETTLED);', 'let party = self.other(caller);'],
  'together leaves it open': ['core', 'if (least > side.paid) { side.paid = least };\n        self.state = SETTLED;', 'if (least > side.paid) { side.paid = least };'],
  'redeem after the end': ['core', 'self.other(payee);\n        assert!(self.state != SETTLED, E_SETTLED);', 'self.other(payee);'],
  'no challenge': ['core', 'assert!(now >= self.settleable_at, E_TOO_EARLY);', ''],
  'a challenge ends a second early': ['core', 'now >= self.settleable_at', 'now + 1 >= self.settleable_at'],
  'settle without a close': ['core', 'assert!(self.state == CLOSING, E_NOT_CLOSING);', ''],
  'close twice': ['core', 'self.other(party);\n        assert!(self.state == OPEN, E_NOT_OPEN);', 'self.other(party);'],
  'a stranger closes': ['core', 'self.other(party);\n        assert!(self.state == OPEN, E_NOT_OPEN);', 'assert!(self.state == OPEN, E_NOT_OPEN);'],
  'no shortest challenge': ['core', 'challenge_secs >= MIN_CHALLENGE_SECS && ', ''],
  'no longest challenge': ['core', ' && challenge_secs <= MAX_CHALLENGE_SECS', ''],
  'a channel with oneself': ['core', 'assert!(one != two, E_SAME_PARTY);', ''],
  'a key is set again': ['core', 'assert!(side.key.length() == 0, E_KEY_IS_SET);', ''],
  'no length of a key': ['core', 'assert!(key.length() == KEY_BYTES, E_BAD_KEY);', ''],
  'keys of small order': ['core', 'assert!(option::is_some(&ed25519::new_validated_public_key_from_bytes(key)), E_BAD_KEY);', ''],
  'no check of the own key': ['core', 'check_key(one_key);', ''],
  "no check of the other's key": ['core', 'check_key(key);\n        side.key', 'side.key'],
  'a deposit while closing': ['core', 'assert!(is_open, E_NOT_OPEN);', ''],
  'a deposit of nothing': ['core', 'assert!(amount > 0, E_ZERO);', ''],
  'a deposit without a key': ['core', 'assert!(side.key.length() == KEY_BYTES, E_NO_KEY);\n        assert!(both', 'assert!(both'],
  'deposits that do not fit': ['core', 'assert!(both <= MAX_U64, E_TOO_MUCH);', ''],
  'the rest before the end': ['core', 'if (self.state == SETTLED) { own.deposit - own.paid } else { 0 }', 'own.deposit - own.paid'],
  'no rest at the end': ['core', 'if (self.state == SETTLED) { own.deposit - own.paid } else { 0 }', '0'],
  'what is paid is not kept off the rest': ['core', 'own.deposit - own.paid', 'own.deposit'],
  'what was taken out is forgotten': ['core', 'side.withdrawn += amount;', ''],
  'more than the vault has': ['core', 'let amount = if (entitled < available) { entitled } else { available };', 'let amount = entitled;'],
  'all that the vault has': ['core', 'let amount = if (entitled < available) { entitled } else { available };', 'let amount = available;'],
  'withdraw nothing': ['core', 'assert!(amount > 0, E_NOTHING_NEW);', ''],
  'the channel belongs to its opener': ['channel', 'object::create_sticky_object(@0x0)', 'object::create_sticky_object(one)'],
  'the channel belongs to the publisher': ['channel', 'object::create_sticky_object(@0x0)', 'object::create_sticky_object(@sluice)'],
  'the channel can be given away': ['channel', 'object::disable_ungated_transfer(&object::generate_transfer_ref(&constructor));', ''],
  'a fee is not noticed': ['channel', 'assert!(after >= before && after - before == amount, E_OTHER_AMOUNT);', ''],
  'no chain id': ['channel', 'core::new(chain_id::get(), @sluice', 'core::new(0, @sluice'],
  'no revision': ['channel', 'found.revision += 1;', ''],
  'a claim moves tokens': ['channel', 'event::emit(Redeemed { channel, payer, amount: more, total });', 'event::emit(Redeemed { channel, payer, amount: more, total }); withdraw(caller, channel);'],
  'the end moves tokens': ['channel', 'tell_settled(channel, false);', 'tell_settled(channel, false); withdraw(caller, channel);'],
  'a list without an end': ['channel', 'let most = if (limit < LISTED_AT_MOST) { limit } else { LISTED_AT_MOST };', 'let most = limit;'],
  'what is not a channel stops the others': ['channel', 'if (exists<Channel>(channels[i])) { states.push_back(state(channels[i])); };', 'states.push_back(state(channels[i]));'],
  'a coin without an asset': ['channel', 'assert!(option::is_some(&asset), E_NO_ASSET);', '']
}
const SHORT = ['the key of the payee', 'a fee is not noticed']

async function moveTests () {
  const load = name => import(pathToFileURL(join(DIST, `test/support/aptos/${name}.js`)).href)
  const [{ CASES }, { moveTestsOf }] = await Promise.all([load('cases'), load('move-cases')])
  const written = ['core_tests', 'channel_tests'].map(name => ({ name: `${name}.move`, text: readFileSync(join(TESTS, `${name}.move`), 'utf8') }))
  return [...written, { name: 'case_tests.move', text: moveTestsOf(CASES) }]
}

/** How many tests passed and failed, with a change of the sources. */
function outcomeOf (tests, change) {
  const { folder, remove } = layOut({ change, tests })
  try {
    const { printed } = runTests(folder)
    const counts = /Total tests: \d+; passed: (\d+); failed: (\d+)/.exec(printed)
    if (counts === null) throw new Error(printed.slice(-3000))
    const failed = [...printed.matchAll(/\[ FAIL +\] \S+::(\w+)/g)].map(([, name]) => name)
    return { passed: Number(counts[1]), failed: Number(counts[2]), names: failed, printed }
  } finally {
    remove()
  }
}

function changeOf ([file, from, to]) {
  return (name, text) => {
    if (name !== `${file}.move`) return text
    if (text.split(from).length !== 2) throw new Error(`"${from}" is not in ${name} exactly once any more`)
    // The caller of settle has no use otherwise.
    return text.replace(from, () => to).replace('settle(_caller: &signer', to.includes('withdraw(caller') ? 'settle(caller: &signer' : 'settle(_caller: &signer')
  }
}

const OPTIONS = { tests: { type: 'boolean' }, short: { type: 'boolean' }, exposed: { type: 'boolean' } }
const { values: { tests: isTestsOnly, short: isShort, exposed: isExposed }, positionals: [part = ''] } = parseArgs({ options: OPTIONS, allowPositionals: true })
if (!hasCompiler()) {
  console.log(`${TOOL} is not installed: no Move test was run`)
  process.exit()
}
if (isExposed) {
  console.log(JSON.stringify(exposedBy(readFileSync(join(ROOT, 'plugins/aptos/move/channel.mv')))))
  process.exit()
}
const tests = await moveTests()
const { passed, failed, printed } = outcomeOf(tests)
if (failed > 0) {
  console.error(printed)
  process.exit(1)
}
console.log(`${passed} Move tests pass`)
if (isTestsOnly) process.exit()
let survivors = 0
const wanted = Object.entries(MUTANTS).filter(([name]) => name.includes(part) && (!isShort || SHORT.includes(name)))
for (const [name, mutant] of wanted) {
  const { failed: noticed, names } = outcomeOf(tests, changeOf(mutant))
  if (noticed === 0) survivors++
  console.log(`${noticed === 0 ? 'SURVIVES' : 'red'}  ${name}${noticed === 0 ? '' : ` (${noticed}: ${names[0]})`}`)
}
console.log(survivors === 0 ? `all ${wanted.length} mutants are noticed` : `${survivors} mutants go unnoticed`)
process.exitCode = survivors === 0 ? 0 : 1
