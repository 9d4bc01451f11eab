/**
 * A test of a promise is only a test if breaking the promise turns it red. Breaks one promise at a time in a copy of the built connector
 * and expects the tests that stand for it to fail: `npm run build && node scripts/mutants.mjs [part of a name] [--fit]`.
 * Breakages of contracts are compiled. `--fit` only looks whether all of them fit the code as it is now. SLUICE_DIST names another build
 * than `dist`.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DIST = resolve(ROOT, process.env.SLUICE_DIST ?? 'dist')
/** Inside the repository, so that packages are found. */
const COPY = join(ROOT, '.build', `mutants-${process.pid}`)

/** Compiled for each breakage, into the copy. */
const CONTRACTS = 'plugins/evm/contracts'
const REGISTRY = 'plugins/evm/artifacts/TokenNetworkRegistry.js'
const TOKEN_NETWORK = `${CONTRACTS}/TokenNetwork.sol`
const EVM_TRANSACTIONS = 'plugins/evm/transactions.js'
const BALANCE = 'middlewares/balance.js'
const SETTLER = 'middlewares/lib/settler.js'
const MEMORY_LEDGER = 'src/ledger/memory-ledger.js'
const EMBEDDED_LEDGER = 'src/ledger/embedded-ledger.js'
const TIGERBEETLE_LEDGER = 'src/ledger/tigerbeetle-ledger.js'
const EXCHANGE = 'plugins/btp/exchange.js'
const BROKEN_CONNECTIONS = 'test/plugins/btp/broken-connections.test.js'
const CUTS = 'test/plugins/btp/cuts.test.js'
const CHANNELS = 'plugins/paychan/channels.js'
const ATTACKS = 'test/adversary/attacks.test.js'

/** `edits` are [text, replacement] pairs; each text stands in the file exactly once. */
const mutants = [
  {
    name: 'writes balances without sync',
    file: EMBEDDED_LEDGER,
    edits: [["sync: this.durability === 'sync'", 'sync: false']],
    tests: ['test/ledger/embedded-ledger.test.js', 'test/crash/every-write.test.js']
  },
  {
    name: 'sends the Fulfill before the books are kept',
    file: BALANCE,
    edits: [['return ledger.committed().then(() => {\n            if (hasPassed(expiresAt))\n                return undo', 'return Promise.resolve().then(() => {\n            if (hasPassed(expiresAt))\n                return undo']],
    tests: ['test/ledger/durability.test.js', 'test/crash/every-write.test.js']
  },
  {
    name: 'writes the legs of a packet apart',
    file: EMBEDDED_LEDGER,
    edits: [['await this.store.batch(operations, {', 'for (const operation of operations) await this.store.batch([operation], {']],
    tests: ['test/ledger/embedded-ledger.test.js', 'test/crash/every-write.test.js']
  },
  {
    name: 'checks the minimum after the Fulfill',
    file: BALANCE,
    edits: [
      ['const hold = ledger.hold(account.accountId, isIncoming ? amount : -amount);', 'const hold = isIncoming ? ledger.hold(account.accountId, amount) : undefined;'],
      ['ledger.post(hold);\n                this.changed', 'hold ??= ledger.hold(account.accountId, -amount); ledger.post(hold);\n                this.changed'],
      ['ledger.void(hold);\n            value.increment(account, REJECTED', 'if (hold) ledger.void(hold);\n            value.increment(account, REJECTED'],
      ['ledger.void(hold);\n            value.increment(account, FAILED', 'if (hold) ledger.void(hold);\n            value.increment(account, FAILED']
    ],
    tests: ['test/ledger/durability.test.js']
  },
  {
    name: 'books at Prepare and never undoes it',
    file: BALANCE,
    edits: [['ledger.void(hold);\n            value.increment(account, REJECTED', 'ledger.post(hold);\n            value.increment(account, REJECTED']],
    tests: ['test/crash/two-connectors.test.js']
  },
  {
    name: 'lets holds pass the limits',
    file: MEMORY_LEDGER,
    edits: [['checkLimits(book, book.balance + book.outgoingHolds + amount, amount);', '']],
    tests: ['test/ledger/conformance.test.js']
  },
  {
    name: 'takes packets while the store fails',
    file: EMBEDDED_LEDGER,
    edits: [["if (this.durability === 'sync' && this.commit.trouble !== undefined)", 'if (false)']],
    tests: ['test/ledger/durability.test.js']
  },
  {
    name: 'keeps charging a sender whose Fulfill could not be sent',
    file: BALANCE,
    edits: [['ledger.reverse(hold);', '']],
    tests: ['test/ledger/durability.test.js']
  },
  {
    name: 'forgets what a failed write was to write',
    file: EMBEDDED_LEDGER,
    edits: [['this.changes[part].add(book);\n        this.indexed = indexedBefore', ';\n        this.indexed = indexedBefore']],
    tests: ['test/ledger/embedded-ledger.test.js', 'test/ledger/durability.test.js']
  },
  {
    name: 'starts with a balance that its journal does not explain',
    file: 'src/ledger/records.js',
    edits: [['closingOf(book.today) !== found.balance', 'false']],
    tests: ['test/ledger/embedded-ledger.test.js']
  },
  {
    name: 'starts empty when a record is missing',
    file: EMBEDDED_LEDGER,
    edits: [['if (this.indexed.has(accountId))', 'if (false)']],
    tests: ['test/ledger/embedded-ledger.test.js']
  },
  {
    name: 'settles without outbox',
    file: SETTLER,
    edits: [['await this.writeDown(settlement);', '']],
    tests: ['test/ledger/settlement.test.js']
  },
  {
    name: 'pays again what nobody knows the outcome of',
    file: SETTLER,
    edits: [["open.state === 'unknown' && this.isKnownToPlugin(open)", "open.state === 'unknown'"]],
    tests: ['test/ledger/settlement.test.js', 'test/crash/every-write.test.js']
  },
  {
    name: 'books a failed settlement as paid',
    file: SETTLER,
    edits: [['else\n            this.api.ledger.void(settlement);', 'else\n            this.api.ledger.post(settlement);']],
    tests: ['test/ledger/settlement.test.js', 'test/crash/every-write.test.js']
  },
  {
    name: 'settles under a new id after a lost answer',
    file: SETTLER,
    edits: [['if (this.isKnownToPlugin(settlement) && !isNotBegun)', 'if (false)']],
    tests: ['test/ledger/settlement.test.js']
  },
  {
    name: 'pays an amount that is named whatever is due',
    file: SETTLER,
    edits: [
      ['if (ceiling !== undefined && unknown?.id !== id)', 'if (false)'],
      ['money, id, { ceiling, by', 'money, id, { by']
    ],
    tests: ['test/ledger/settlement.test.js']
  },
  {
    name: 'pays what another connector is paying',
    file: TIGERBEETLE_LEDGER,
    edits: [['this.endUnlessDue(makes);', '{}']],
    tests: ['test/ledger/tigerbeetle-ledger.test.js']
  },
  {
    name: 'closes as unpaid what the plugin may have paid',
    file: BALANCE,
    edits: [["if (outcome === 'unpaid' && this.mayStillBePaid(settlement))", 'if (false)']],
    tests: ['test/ledger/settlement.test.js']
  },
  {
    name: 'lets a plugin repeat a settlement that another one began',
    file: SETTLER,
    edits: [['by !== undefined && by === this.terms.by', 'this.terms.settlesOnce']],
    tests: ['test/ledger/settlement.test.js']
  },
  {
    name: 'takes a settleThreshold that no balance reaches',
    file: 'src/config/rules.js',
    edits: [['amount(settleThreshold) > amount(minimum)', 'true']],
    tests: ['test/config/account.test.js']
  },
  {
    name: 'lets a Fulfill leave after its packet has expired',
    file: BALANCE,
    edits: [['return Date.now() > expiresAt;', 'return false;']],
    tests: ['test/ledger/durability.test.js', 'test/middlewares/deduplicate.test.js']
  },
  {
    name: 'keeps what was told T00 in memory only while the disk hangs',
    file: 'src/ledger/group-commit.js',
    edits: [['this.isOverdue && this.changes.areStates === true', 'false']],
    tests: ['test/ledger/durability.test.js']
  },
  {
    name: 'sends on what nothing is left of',
    file: 'src/forwarding/forwarder.js',
    edits: [['amount === 0n && prepare.amount > 0n', 'false']],
    tests: ['test/forwarding/forwarding.test.js']
  },
  {
    name: 'takes a packet with the same CRC-32 for the same packet',
    file: 'middlewares/lib/packet-memory.js',
    edits: [
      ['readKey({ invariant })', 'readKey({ invariant, checksum })'],
      ['this.key[i] = wordAt(digest, 4 * i)', 'this.key[i] = digest === undefined ? 0 : checksum']
    ],
    tests: ['test/middlewares/deduplicate.test.js']
  },
  {
    name: 'gives every stranger credit of its own',
    file: 'middlewares/shared-credit.js',
    edits: [['return this.sum <= this.limit;', 'return true;']],
    tests: ['test/node/strangers.test.js']
  },
  {
    name: 'credits reported money every time',
    file: MEMORY_LEDGER,
    edits: [['if (!book.remember(id))', 'if (!book.remember(id) && false)']],
    tests: ['test/ledger/conformance.test.js', 'test/crash/two-connectors.test.js']
  },
  {
    name: 'forgets which money was reported',
    file: EMBEDDED_LEDGER,
    edits: [["const PARTS = ['account', 'journal', 'received', 'totals']", "const PARTS = ['account', 'journal', 'totals']"]],
    tests: ['test/ledger/conformance.test.js']
  },
  {
    name: 'checks the limits against its own holds only, in a cluster that others use',
    file: TIGERBEETLE_LEDGER,
    edits: [['if (hold.isWithinLimits)\n            return hold;', 'return hold;']],
    tests: ['test/ledger/tigerbeetle-ledger.test.js']
  },
  {
    name: 'credits money again that was reported to another connector',
    file: TIGERBEETLE_LEDGER,
    edits: [['id === undefined ? randomId()', 'true ? randomId()']],
    tests: ['test/ledger/tigerbeetle-ledger.test.js']
  },
  {
    name: 'credits a part of a running total twice',
    file: 'src/ledger/running-totals.js',
    edits: [['const start = known > from ? known : from;', 'const start = from;']],
    tests: ['test/ledger/conformance.test.js', 'test/ledger/plugin-books.test.js']
  },
  {
    name: 'credits a part of a running total twice that two connectors report',
    file: 'src/ledger/tigerbeetle-totals.js',
    edits: [['u128(`position ${accountOf(step)} ${position}`)', 'u128(`position ${accountOf(step)} ${position} ${step.book.prepaidAccount}`)']],
    tests: ['test/ledger/tigerbeetle-ledger.test.js']
  },
  {
    name: 'forgets what was reported with the account that is removed',
    file: MEMORY_LEDGER,
    edits: [[' || book.mayBeToldAgain', '']],
    tests: ['test/ledger/conformance.test.js', 'test/ledger/plugin-books.test.js']
  },
  {
    name: 'forgets running totals at a restart',
    file: EMBEDDED_LEDGER,
    edits: [["const PARTS = ['account', 'journal', 'received', 'totals']", "const PARTS = ['account', 'journal', 'received']"]],
    tests: ['test/ledger/conformance.test.js']
  },
  {
    name: 'prepays without bound',
    file: 'src/ledger/book.js',
    edits: [['if (ahead > limit)', 'if (ahead > limit * 1000n)']],
    tests: ['test/ledger/conformance.test.js', 'test/ledger/plugin-books.test.js']
  },
  {
    name: 'lets a packet be paid for once more that prepaid money has paid for',
    file: MEMORY_LEDGER,
    edits: [["this.move(book, 'settled', covered);", '']],
    tests: ['test/ledger/conformance.test.js']
  },
  {
    name: 'loses a Fulfill that comes when its hold has expired',
    file: TIGERBEETLE_LEDGER,
    edits: [['statuses[i] === PENDING_EXPIRED', 'false']],
    tests: ['test/ledger/tigerbeetle-ledger.test.js']
  },
  {
    name: 'tells the cluster of a settlement that it has not written down',
    file: TIGERBEETLE_LEDGER,
    edits: [['await this.outbox.add(', 'await Promise.resolve(']],
    tests: ['test/ledger/tigerbeetle-ledger.test.js']
  },
  {
    name: 'takes a transaction for final as soon as it is mined',
    file: EVM_TRANSACTIONS,
    edits: [['mined.blockNumber <= heads.confirmedAt(head)', 'true']],
    tests: ['test/plugins/evm/transactions.test.js']
  },
  {
    name: 'signs a transaction anew because the node does not show the first',
    file: EVM_TRANSACTIONS,
    edits: [['if (Date.now() - looks.lostSinceMs < this.#options.stuckMs)', 'if (false)']],
    tests: ['test/plugins/evm/transactions.test.js']
  },
  {
    name: 'stops following the market of fees after a dozen offers',
    file: EVM_TRANSACTIONS,
    edits: [['operation.attempts.length < MAX_ATTEMPTS', 'operation.attempts.length < 12']],
    tests: ['test/plugins/evm/fees.test.js']
  },
  {
    name: 'forgets transactions that another has replaced',
    file: EVM_TRANSACTIONS,
    edits: [["...replaced.map(other => ({ ...other, raw: '' })), attempt", 'attempt']],
    tests: ['test/plugins/evm/fees.test.js']
  },
  {
    name: 'lets an event log that fails hide the channels that are known',
    file: 'plugins/evm/channel-log.js',
    edits: [['catch (error) {\n            if (!this.#isBlind) {', 'catch (error) {\n            if (error) throw error;\n            if (!this.#isBlind) {']],
    tests: ['test/plugins/evm/logs.test.js']
  },
  {
    name: 'follows channels by the event log only',
    file: 'plugins/evm/channel-log.js',
    edits: [['this.#isBlind || ++this.#looks % STATES_EVERY_LOOKS === 0', 'false']],
    tests: ['test/plugins/evm/logs.test.js']
  },
  {
    name: 'goes on with the records of another contract',
    file: 'plugins/evm/remembered.js',
    edits: [['if (found !== network.address)', 'if (false)']],
    tests: ['test/plugins/evm/remembered.test.js']
  },
  {
    name: 'takes a token of which not all arrives',
    file: 'plugins/evm/token-check.js',
    edits: [["isTaken === true && lost === amount && arrived === amount ? 'whole' : 'partial'", "'whole'"]],
    tests: ['test/plugins/evm/tokens.test.js']
  },
  {
    name: 'sends a transaction that is not kept',
    file: 'plugins/evm/operations.js',
    edits: [['await this.#write();', 'this.#write().catch(() => undefined);']],
    tests: ['test/plugins/evm/transactions.test.js']
  },
  {
    name: 'believes a node that fell behind',
    file: 'plugins/evm/heads.js',
    edits: [['behind > TOLERATED_BLOCKS', 'behind > Infinity']],
    tests: ['test/plugins/evm/provider.test.js']
  },
  {
    name: 'counts what the chain may take back',
    file: 'plugins/evm/provider.js',
    edits: [["finality === 'latest' ? 'latest' : this.#heads.confirmedAt(head)", "'latest'"]],
    tests: ['test/plugins/evm/provider.test.js']
  },
  {
    name: 'ends a channel with a consent that is void',
    file: TOKEN_NETWORK,
    edits: [['if (block.timestamp > validUntil) revert CloseConsentExpired();', '']],
    tests: ['test/plugins/evm/contracts-consent.test.js']
  },
  {
    name: 'ends a channel with the consent of who brings it',
    file: TOKEN_NETWORK,
    edits: [['least, validUntil)), consent, other)', 'least, validUntil)), consent, msg.sender)']],
    tests: ['test/plugins/evm/contracts-consent.test.js']
  },
  {
    name: 'ends a channel with a consent of any role',
    file: TOKEN_NETWORK,
    edits: [['CLOSE_CONSENT_TYPEHASH, channelId, other, least', 'CLOSE_CONSENT_TYPEHASH, channelId, msg.sender, least']],
    tests: ['test/plugins/evm/contracts-consent.test.js']
  },
  {
    name: 'counts a proof again that was redeemed',
    file: TOKEN_NETWORK,
    edits: [['if (proof.nonce <= state.nonce || proof.transferredAmount', 'if (proof.transferredAmount']],
    tests: ['test/plugins/evm/contracts-consent.test.js', 'test/plugins/evm/contracts-model.test.js']
  },
  {
    name: 'lets a proof that was redeemed stop the end of a channel',
    file: TOKEN_NETWORK,
    edits: [['if (proof.nonce <= state.nonce || proof.transferredAmount', 'if (proof.nonce <= state.nonce) revert InvalidNonce();\n        if (proof.transferredAmount']],
    tests: ['test/plugins/evm/contracts-consent.test.js']
  },
  {
    name: 'takes back at the end of a channel what was redeemed',
    file: TOKEN_NETWORK,
    edits: [
      ['if (total <= claimed) return 0;', ''],
      ['return total - claimed;', 'unchecked { return total - claimed; }'],
      ['toCaller += participants[channelId][msg.sender].deposit - claimedAmounts[channelId][other];', 'unchecked { toCaller += participants[channelId][msg.sender].deposit - claimedAmounts[channelId][other]; }'],
      ['toOther += participants[channelId][other].deposit - claimedAmounts[channelId][msg.sender];', 'unchecked { toOther += participants[channelId][other].deposit - claimedAmounts[channelId][msg.sender]; }']
    ],
    tests: ['test/plugins/evm/contracts-consent.test.js']
  },
  {
    name: 'takes and makes claims while a consent to the end is out',
    file: CHANNELS,
    edits: [['if (ending !== undefined)\n            return new ClaimError', 'if (false)\n            return new ClaimError']],
    tests: [ATTACKS]
  },
  {
    name: 'forgets a consent at a restart',
    file: CHANNELS,
    edits: [['ending: ending === undefined ? undefined : endingOf(ending)', 'ending: undefined']],
    tests: [ATTACKS]
  },
  {
    name: 'signs a consent before it is on disk',
    file: 'plugins/paychan/closing.js',
    edits: [['await Promise.all([incoming.save({ sync: true }), channels.end(channel, ending)]);\n        ending', 'ending']],
    tests: [ATTACKS]
  },
  {
    name: 'counts claims again after a restart',
    file: 'plugins/paychan/incoming.js',
    edits: [["this.#name = textOf(name, 'name');\n        this.#told = amountOf(told, 'told');", '']],
    tests: [ATTACKS]
  },
  {
    name: 'pays ahead what the peer says that it has used, without bound',
    file: 'plugins/paychan/prepaid.js',
    edits: [['prepay(total, this.units.toAccount(this.limit))', 'prepay(total)']],
    tests: [ATTACKS]
  },
  {
    name: 'pays a settlement again after its channel ended, though the peer was paid there',
    file: 'plugins/paychan/payments.js',
    edits: [['const rest = to <= paid ? 0n : to - (from > paid ? from : paid);', 'const rest = to - from;']],
    tests: [ATTACKS]
  },
  {
    name: 'uses a channel with any challenge',
    file: CHANNELS,
    edits: [['if (challengeSecs >= least && challengeSecs <= CHALLENGE_FACTOR * least)', 'if (true)']],
    tests: [ATTACKS]
  },
  {
    name: 'uses a channel that the chain does not have',
    file: CHANNELS,
    edits: [['if (isGone)\n            return new ClaimError', 'if (false)\n            return new ClaimError']],
    tests: [ATTACKS]
  },
  {
    name: 'takes up a shown claim that the deposit does not cover',
    file: 'plugins/paychan/tally.js',
    edits: [['if (!isNews || amount > theirs.deposit)', 'if (!isNews)']],
    tests: [ATTACKS]
  },
  {
    name: 'says only at the next look that claims are at stake',
    file: 'plugins/paychan/incoming.js',
    edits: [['await this.#deps.beforeMoney();', '']],
    tests: [ATTACKS]
  },
  {
    name: 'compares keys of the admin API with ===',
    file: 'src/http/access.js',
    edits: [["timingSafeEqual(digest(given ?? ''), expected)", 'given === apiKey']],
    tests: ['test/architecture/constant-time.test.js']
  },
  {
    name: 'compares tokens of peers with ===',
    file: 'plugins/btp/auth.js',
    edits: [['timingSafeEqual(digest(token), expected)', "digest(token).toString('hex') === expected.toString('hex')"]],
    tests: ['test/architecture/constant-time.test.js']
  },
  {
    name: 'drops an answer with the socket of its request',
    file: EXCHANGE,
    edits: [['this.#sendAgain(line, this.#lostAfter);', '']],
    tests: [BROKEN_CONNECTIONS, CUTS]
  },
  {
    name: 'takes an answer for arrived that was only written',
    file: EXCHANGE,
    edits: [['Math.min(this.#lostAfter, line.arrived)', 'Math.min(this.#lostAfter, this.answers)'], ['this.#sendAgain(other, line.arrived)', 'void other']],
    tests: [BROKEN_CONNECTIONS, CUTS]
  },
  {
    name: "takes an answer from another account's socket",
    file: EXCHANGE,
    edits: [['this.#pending = new PendingRequests(', 'this.#pending = globalThis.pendingOfAll ??= new PendingRequests(']],
    tests: [BROKEN_CONNECTIONS]
  },
  {
    name: 'lets one guest answer for another',
    file: 'plugins/btp/connections.js',
    edits: [['!isSameSession(guest.knownBy, knownBy)', 'false']],
    tests: ['test/plugins/btp/guests.test.js']
  },
  {
    name: 'says T01 where nobody knows the outcome',
    file: EXCHANGE,
    edits: [["asking.reject(new IlpError('R00', message))", "asking.reject(new IlpError('T01', message))"]],
    tests: [BROKEN_CONNECTIONS, CUTS]
  },
  {
    name: 'carries out a request that comes again',
    file: EXCHANGE,
    edits: [['if (answer === undefined)', 'if (true)']],
    tests: ['test/plugins/btp/repeated-requests.test.js']
  },
  {
    name: 'refuses a request that comes again, and is under way',
    file: 'plugins/btp/socket.js',
    edits: [['if (this.#exchange.isKnown(requestId))', 'if (false)']],
    tests: ['test/plugins/btp/repeated-requests.test.js']
  },
  {
    name: 'forgets a peer that it cannot change',
    file: 'src/node/connector-node.js',
    edits: [['await this.#run?.putPeer(before)', 'await Promise.resolve()']],
    tests: ['test/node/connector-node.test.js']
  }
]

function runTests (files) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [
    join(ROOT, 'node_modules/mocha/bin/mocha.js'), '--no-config', '--exit', '--timeout', '20000', ...files.map(file => join(COPY, file))
  ], { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (!/^ {2}\d+ passing/m.test(stdout)) throw new Error(`the tests did not run. status=${status}\n${stderr}`)
  return Number(/^ {2}(\d+) failing/m.exec(stdout)?.[1] ?? 0)
}

function broken ({ name, file, edits }, original) {
  let text = original
  for (const [from, to] of edits) {
    if (text.split(from).length !== 2) throw new Error(`mutant "${name}" does not fit ${file} any more: its text is there ${text.split(from).length - 1} times:\n${from}`)
    text = text.replace(from, () => to)
  }
  return text
}

function mutate (mutant) {
  const isContract = mutant.file.startsWith(CONTRACTS)
  const path = join(COPY, isContract ? REGISTRY : mutant.file)
  const original = readFileSync(path, 'utf8')
  writeFileSync(path, isContract ? original.replace(/(?<=bytecode = ')[^']+/, compiled(mutant)) : broken(mutant, original))
  return () => writeFileSync(path, original)
}

/** The code of the registry that deploys the broken networks. */
function compiled (mutant) {
  cpSync(join(ROOT, CONTRACTS), join(COPY, CONTRACTS), { recursive: true })
  writeFileSync(join(COPY, mutant.file), broken(mutant, sourceOf(mutant)))
  const { stdout, stderr } = spawnSync(
    process.execPath, ['scripts/compile-contracts.mjs', '--json', relative(ROOT, join(COPY, CONTRACTS))], { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (stdout === '') throw new Error(`mutant "${mutant.name}" does not compile: ${stderr}`)
  return JSON.parse(stdout).TokenNetworkRegistry.bytecode
}

function sourceOf ({ file }) {
  return readFileSync(join(file.startsWith(CONTRACTS) ? ROOT : DIST, file), 'utf8')
}

const { values: { fit }, positionals: [part = ''] } = parseArgs({ options: { fit: { type: 'boolean' } }, allowPositionals: true })
const wanted = mutants.filter(({ name }) => name.includes(part))
if (fit) {
  for (const mutant of wanted) broken(mutant, sourceOf(mutant))
  console.log(`all ${wanted.length} breakages fit`)
  process.exit()
}
cpSync(DIST, COPY, { recursive: true })
process.on('exit', () => rmSync(COPY, { recursive: true, force: true }))
const failures = runTests([...new Set(wanted.flatMap(({ tests }) => tests))])
if (failures > 0) throw new Error(`${failures} tests fail without any breakage`)
let survivors = 0
for (const mutant of wanted) {
  const restore = mutate(mutant)
  const red = runTests(mutant.tests)
  restore()
  if (red === 0) survivors++
  console.log(`${red === 0 ? 'SURVIVES' : `${red} red`.padEnd(8)}  ${mutant.name}`)
}
console.log(survivors === 0 ? `all ${wanted.length} breakages are noticed` : `${survivors} breakages go unnoticed`)
process.exitCode = survivors === 0 ? 0 : 1
