/** Breakages of the books, of packets and of what is settled when. */
const BALANCE = 'middlewares/balance.js'
const SETTLER = 'middlewares/lib/settler.js'
const MEMORY_LEDGER = 'src/ledger/embedded/memory-ledger.js'
const EMBEDDED_LEDGER = 'src/ledger/embedded/embedded-ledger.js'
const TIGERBEETLE_LEDGER = 'src/ledger/tigerbeetle/ledger.js'

export const booksMutants = [
  {
    name: 'writes balances without sync',
    file: EMBEDDED_LEDGER,
    edits: [["sync: this.durability === 'sync'", 'sync: false']],
    tests: ['test/ledger/embedded/embedded-ledger.test.js', 'test/e2e/crash/every-write.test.js']
  },
  {
    name: 'sends the Fulfill before the books are kept',
    file: BALANCE,
    edits: [['return ledger.committed().then(() => {\n            if (hasPassed(expiresAt))\n                return undo', 'return Promise.resolve().then(() => {\n            if (hasPassed(expiresAt))\n                return undo']],
    tests: ['test/ledger/durability.test.js', 'test/e2e/crash/every-write.test.js']
  },
  {
    name: 'writes the legs of a packet apart',
    file: EMBEDDED_LEDGER,
    edits: [['await this.store.batch(operations, {', 'for (const operation of operations) await this.store.batch([operation], {']],
    tests: ['test/ledger/embedded/embedded-ledger.test.js', 'test/e2e/crash/every-write.test.js']
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
    tests: ['test/e2e/crash/two-connectors.test.js']
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
    edits: [['this.changes[part].add(book);\n        for (const accountId of gone)', ';\n        for (const accountId of gone)']],
    tests: ['test/ledger/embedded/embedded-ledger.test.js', 'test/ledger/durability.test.js']
  },
  {
    name: 'starts with a balance that its journal does not explain',
    file: 'src/ledger/embedded/records.js',
    edits: [['closingOf(book.today) !== found.balance', 'false']],
    tests: ['test/ledger/embedded/embedded-ledger.test.js']
  },
  {
    name: 'starts empty when a record is missing',
    file: EMBEDDED_LEDGER,
    edits: [['if (this.index.has(accountId))', 'if (false)']],
    tests: ['test/ledger/embedded/embedded-ledger.test.js']
  },
  {
    name: 'settles in shared books without writing it down first',
    file: SETTLER,
    edits: [['await this.writeDown(settlement);', '']],
    tests: ['test/middlewares/lib/settler.test.js']
  },
  {
    name: 'pays again what nobody knows the outcome of',
    file: SETTLER,
    edits: [["open.state === 'unknown' && this.isKnownToPlugin(open)", "open.state === 'unknown'"]],
    tests: ['test/middlewares/lib/settler.test.js', 'test/e2e/crash/every-write.test.js']
  },
  {
    name: 'books a failed settlement as paid',
    file: SETTLER,
    edits: [['else {\n            this.api.ledger.void(settlement);', 'else {\n            this.api.ledger.post(settlement);']],
    tests: ['test/middlewares/lib/settler.test.js', 'test/e2e/crash/every-write.test.js']
  },
  {
    name: 'books what was sent through a plugin that pays nothing',
    file: 'src/pipeline/middleware-manager.js',
    edits: [['if (this.accounts.getPlugin(accountId).settles === false)', 'if (false)']],
    tests: ['test/e2e/money/settlements-that-moved.test.js']
  },
  {
    name: 'settles under a new id after a lost answer',
    file: SETTLER,
    edits: [['if (this.isKnownToPlugin(settlement) && !isNotBegun)', 'if (false)']],
    tests: ['test/middlewares/lib/settler.test.js']
  },
  {
    name: 'pays an amount that is named whatever is due',
    file: SETTLER,
    edits: [
      ['if (ceiling !== undefined && unknown?.id !== id)', 'if (false)'],
      ['money, id, { ceiling, by', 'money, id, { by']
    ],
    tests: ['test/middlewares/lib/settler.test.js']
  },
  {
    name: 'takes money for a debt of the peer as paid ahead',
    file: SETTLER,
    edits: [['const ahead = owed <= 0n ? amount', 'const ahead = true ? amount']],
    tests: ['test/e2e/money/debts-at-once.test.js']
  },
  {
    name: 'pays what another connector is paying',
    file: TIGERBEETLE_LEDGER,
    edits: [['this.endUnlessDue(makes);', '{}']],
    tests: ['test/ledger/tigerbeetle/ledger.test.js']
  },
  {
    name: 'closes as unpaid what the plugin may have paid',
    file: BALANCE,
    edits: [["if (outcome === 'unpaid' && this.mayStillBePaid(settlement))", 'if (false)']],
    tests: ['test/middlewares/lib/settler.test.js']
  },
  {
    name: 'lets a plugin repeat a settlement that another one began',
    file: SETTLER,
    edits: [['by !== undefined && by === this.terms.by', 'this.terms.settlesOnce']],
    tests: ['test/middlewares/lib/settler.test.js']
  },
  {
    name: 'takes a settleThreshold that no balance reaches',
    file: 'src/config/connector/rules.js',
    edits: [['amount(settleThreshold) > amount(minimum)', 'true']],
    tests: ['test/config/connector/account-schema.test.js']
  },
  {
    name: 'lets a Fulfill leave after its packet has expired',
    file: BALANCE,
    edits: [['return Date.now() > expiresAt;', 'return false;']],
    tests: ['test/ledger/durability.test.js', 'test/middlewares/deduplicate.test.js']
  },
  {
    name: 'keeps what was told T00 in memory only while the disk hangs',
    file: 'src/ledger/embedded/group-commit.js',
    edits: [['this.isOverdue && this.changes.areStates === true', 'false']],
    tests: ['test/ledger/durability.test.js']
  },
  {
    name: 'sends on what nothing is left of',
    file: 'src/forwarding/forwarder.js',
    edits: [['amount === 0n && prepare.amount > 0n', 'false']],
    tests: ['test/forwarding/forwarder.test.js']
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
    edits: [['return this.sum <= limit;', 'return true;']],
    tests: ['test/e2e/node/strangers.test.js']
  },
  {
    name: 'credits reported money every time',
    file: MEMORY_LEDGER,
    edits: [['if (!book.remember(id))', 'if (!book.remember(id) && false)']],
    tests: ['test/ledger/conformance.test.js', 'test/e2e/crash/two-connectors.test.js']
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
    tests: ['test/ledger/tigerbeetle/ledger.test.js']
  },
  {
    name: 'credits money again that was reported to another connector',
    file: TIGERBEETLE_LEDGER,
    edits: [['id === undefined ? randomId()', 'true ? randomId()']],
    tests: ['test/ledger/tigerbeetle/ledger.test.js']
  },
  {
    name: 'credits a part of a running total twice',
    file: 'src/ledger/running-totals.js',
    edits: [['const start = known > from ? known : from;', 'const start = from;']],
    tests: ['test/ledger/conformance.test.js', 'test/accounts/account-books.test.js', 'test/ledger/running-totals.test.js']
  },
  {
    name: 'credits a part of a running total twice that two connectors report',
    file: 'src/ledger/tigerbeetle/totals.js',
    edits: [['u128(`position ${accountOf(step)} ${position}`)', 'u128(`position ${accountOf(step)} ${position} ${step.book.prepaidAccount}`)']],
    tests: ['test/ledger/tigerbeetle/ledger.test.js']
  },
  {
    name: 'forgets what was reported with the account that is removed',
    file: MEMORY_LEDGER,
    edits: [[' && !book.mayBeToldAgain)', ')']],
    tests: ['test/ledger/conformance.test.js', 'test/accounts/account-books.test.js', 'test/ledger/running-totals.test.js']
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
    tests: ['test/ledger/conformance.test.js', 'test/accounts/account-books.test.js', 'test/ledger/running-totals.test.js']
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
    tests: ['test/ledger/tigerbeetle/ledger.test.js']
  },
  {
    name: 'tells the cluster of a settlement that it has not written down',
    file: TIGERBEETLE_LEDGER,
    edits: [['await this.begun.add(', 'await Promise.resolve(']],
    tests: ['test/ledger/tigerbeetle/ledger.test.js']
  },
  {
    name: 'compares keys of the admin API with ===',
    file: 'src/http/access.js',
    edits: [["timingSafeEqual(digest(given ?? ''), expected)", 'given === apiKey']],
    tests: ['test/architecture/constant-time.test.js']
  },
  {
    name: 'forgets a peer that it cannot change',
    file: 'src/node/registrations.js',
    edits: [['await session.putPeer(before)', 'await Promise.resolve()']],
    tests: ['test/node/registrations.test.js']
  },
  {
    name: 'forgets what strangers owe whose books are too many',
    file: 'src/ledger/book.js',
    edits: [["return this.move('adjusted', other.balance)", "return this.move('adjusted', 0n)"]],
    tests: ['test/ledger/embedded/departed-strangers.test.js']
  },
  {
    name: 'adds to the sum of strangers what one is owed',
    file: 'src/ledger/book.js',
    edits: [['return this.balance > 0n && this.incomingHolds', 'return this.incomingHolds']],
    tests: ['test/ledger/embedded/departed-strangers.test.js']
  },
  {
    name: 'gives strangers their credit anew whose debts are kept in one sum',
    file: 'middlewares/shared-credit.js',
    edits: [['if (accountId === DEPARTED_STRANGERS || this.shares(accountId))', 'if (accountId !== DEPARTED_STRANGERS && this.shares(accountId))']],
    tests: ['test/e2e/node/strangers.test.js']
  },
  {
    name: 'keeps a counter for every name that was ever here',
    file: 'src/node/traffic.js',
    edits: [['if (!this.isKnown(accountId))\n            this.forget(accountId);', '']],
    tests: ['test/node/traffic.test.js']
  },
  {
    name: 'counts a peer anew that gets another account',
    file: 'src/node/traffic.js',
    edits: [['if (!this.isKnown(accountId))\n            this.forget(accountId);', 'this.forget(accountId);']],
    tests: ['test/node/traffic.test.js']
  },
  {
    name: 'says nothing of packets that never reach their peer',
    file: 'src/forwarding/forwarder.js',
    edits: [['this.observer.onAnswer?.(nextHop, isFulfilled, sourceAccount, prepare.amount, outgoing);', 'if (isFulfilled) this.observer.onAnswer?.(nextHop, isFulfilled, sourceAccount, prepare.amount, outgoing);']],
    tests: ['test/node/traffic.test.js']
  },
  {
    name: 'lets strangers wash the packets of peers out of the list, for nothing',
    file: 'src/node/traffic.js',
    edits: [['isKnown || (isFulfilled && packet.amount > 0n)', 'true']],
    tests: ['test/node/traffic.test.js']
  },
  {
    name: 'lets strangers hide in the log who comes',
    file: 'plugins/btp/connection-log.js',
    edits: [['return isForAnyone ? strangers : peers;', 'return peers;']],
    tests: ['test/plugins/btp/connection-log.test.js']
  },
  {
    name: 'calls a fee what the node pays by itself',
    file: 'src/node/traffic.js',
    edits: [['this.#addFees(this.#accounts.get(accountId)?.asset ?? this.assetOf(accountId), amount);', ';']],
    tests: ['test/node/traffic.test.js']
  },
  {
    name: 'forgets with the account what it was paid',
    file: 'src/node/traffic.js',
    edits: [['account.feesBefore += this.#feesOf(accountId);', '']],
    tests: ['test/node/traffic.test.js']
  },
  {
    name: 'keeps the data of all connectors in one default place',
    file: 'stores/leveldown.js',
    edits: [['join(DEFAULT_DIRECTORY, nameFor(ilpAddress))', "join(DEFAULT_DIRECTORY, 'all')"]],
    tests: ['test/accounts/default-store.test.js', 'test/stores/leveldown.test.js']
  },
  {
    name: 'opens in the default place what another connector has used',
    file: 'stores/leveldown.js',
    edits: [['if (isDefault)\n                        throw ofAnother', 'if (false)\n                        throw ofAnother']],
    tests: ['test/accounts/default-store.test.js', 'test/stores/leveldown.test.js']
  },
  {
    name: 'forgets who has used a store',
    file: 'stores/leveldown.js',
    edits: [['await database.put(OWNER_KEY, owner, { sync: true });', '']],
    tests: ['test/accounts/default-store.test.js', 'test/stores/leveldown.test.js']
  },
  {
    name: 'starts without balances beside those of version 0.1',
    file: 'stores/leveldown.js',
    edits: [['if (isDatabase(above))', 'if (false)']],
    tests: ['test/accounts/default-store.test.js', 'test/stores/leveldown.test.js']
  },
  {
    name: 'takes all children of parents for one connector',
    file: 'src/accounts/store-service.js',
    edits: [['scryptSync(`${plugin} ${text}`', 'scryptSync(``']],
    tests: ['test/accounts/default-store.test.js']
  },
  {
    name: 'runs without the store although an account has a balance',
    file: 'src/accounts/default-store.js',
    edits: [['if (isNeeded || code ===', 'if (code ===']],
    tests: ['test/accounts/default-store.test.js']
  },
  {
    name: 'takes an account with a balance while it has no store',
    file: 'src/accounts/accounts.js',
    edits: [['if (keepsSomething(info))', 'if (false)']],
    tests: ['test/accounts/default-store.test.js']
  },
  {
    name: 'opens a database again for another copy of the package',
    file: 'stores/lib/open-leveldb.js',
    edits: [["sharedList(Symbol.for('sluice.databases-open-in-this-process'))", 'new Set()']],
    tests: ['test/stores/leveldown.test.js']
  },
  {
    name: 'removes with an account the next one that has its id',
    file: 'src/connector/connector.js',
    edits: [['this.removals.get(accountId) ?? this.takeOut', 'this.takeOut']],
    tests: ['test/connector/crossed.test.js']
  }
]
