/** Breakages of keys that hand over, and of what is paid once whatever key pays it. */
const CARRY_OVER = 'test/plugins/lib/channels/carry-over.test.js'
const HANDING_OVER = 'test/plugins/lib/channels/handing-over.test.js'
const EARLIER = 'test/plugins/lib/channels/earlier.test.js'
const HANDOVER = 'test/plugins/lib/channels/handover.test.js'
const PARTIES = 'test/plugins/lib/channels/parties.test.js'
const PAYMENTS = 'test/plugins/lib/channels/payments.test.js'
const PAIRS = 'plugins/lib/channels/pairs.js'

export const handoverMutants = [
  {
    name: 'opens one channel after the other while the chain does not show them',
    file: 'plugins/lib/channels/funding.js',
    edits: [['opened !== undefined &&', 'false &&']],
    tests: ['test/plugins/lib/channels/funding.test.js']
  },
  {
    name: 'lets go of a former address while a channel to it is on its way',
    file: 'plugins/lib/channels/parts.js',
    edits: [[': isAwaited ?', ': false ?']],
    tests: ['test/plugins/lib/channels/funding.test.js']
  },
  {
    name: 'hands over to a key that has not said so',
    file: 'plugins/lib/channels/handover.js',
    edits: [[' && await verify(to, signatures.to)', '']],
    tests: [HANDOVER]
  },
  {
    name: 'lets any key hand over',
    file: 'plugins/lib/channels/handing-over.js',
    edits: [['if (from !== theirs)', 'if (false)']],
    tests: [HANDOVER]
  },
  {
    name: 'takes a handover that another peer was told',
    file: 'plugins/lib/channels/handing-over.js',
    edits: [['.some(({ provider }) => provider.address === peer)', '.some(() => true)']],
    tests: [HANDOVER]
  },
  {
    name: 'takes the next key while channels of two others are open',
    file: 'plugins/lib/channels/handing-over.js',
    edits: [['if (open.length > 0)', 'if (false)']],
    tests: [HANDOVER]
  },
  {
    name: 'pays a settlement again through the new key',
    file: 'plugins/lib/channels/account-parts.js',
    edits: [['if (rest < left)', 'if (false)']],
    tests: [HANDOVER]
  },
  {
    name: 'signs what a peer has acknowledged each time that it asks',
    file: 'plugins/lib/channels/claim-sender.js',
    edits: [['before.said === said ||', 'false ||']],
    tests: [HANDING_OVER]
  },
  {
    name: 'signs what a peer has acknowledged as often as it has something changed and asks',
    file: 'plugins/lib/channels/claim-sender.js',
    edits: [['!this.#mayShow.take()', 'false']],
    tests: [HANDING_OVER]
  },
  {
    name: 'asks only the first key whether it has paid a settlement',
    file: 'plugins/lib/channels/account-parts.js',
    edits: [['parts.outgoing.knows(id))', 'parts.outgoing.knows(id)).slice(-1)']],
    tests: [HANDOVER]
  },
  {
    name: 'signs for each connection of a peer that it has a new key',
    file: 'plugins/lib/channels/handing-over.js',
    edits: [['if (known !== undefined)', 'if (false)']],
    tests: [HANDING_OVER]
  },
  {
    name: 'pays the key that a peer has handed over to, whatever the operator has typed since',
    file: 'plugins/lib/channels/pairs.js',
    edits: [['|| (configured !== peerAddress && now !== peerAddress)', '']],
    tests: [HANDING_OVER]
  },
  {
    name: 'opens no account whose peer has left many channels',
    file: PAIRS,
    edits: [['for (const pair of [...others, ...used])', "if (others.length > 8) throw new Error('too many');\n        for (const pair of [...others, ...used])"]],
    tests: [HANDING_OVER]
  },
  {
    name: 'lets a peer take the address of one of its accounts with the other one',
    file: 'plugins/lib/channels/index.js',
    edits: [['const taken = await reserve(this.#services, this.#settings).catch(refuseRecords);', 'const taken = [];']],
    tests: [PARTIES]
  },
  {
    name: 'pays the former key, where another account has the one that it has handed over to',
    file: PAIRS,
    edits: [['if (this.clash === undefined)', 'if (true)']],
    tests: [PARTIES]
  },
  {
    name: 'looks after channels of a former address that another account looks after',
    file: PAIRS,
    edits: [[' && this.#isFree(pair.peer)', '']],
    tests: [PARTIES]
  },
  {
    name: 'pays all that a key has left of a settlement, whatever others have paid',
    file: 'plugins/lib/channels/outgoing.js',
    edits: [['this.#payments.lower(id, units.toToken(amount));', '{ }']],
    tests: [PAYMENTS]
  },
  {
    name: 'forgets a settlement because another account has settled',
    file: 'plugins/lib/channels/payments.js',
    edits: [['payment => payment.account === account', '() => true']],
    tests: [PAYMENTS]
  },
  {
    name: 'puts money into channels of a key that was handed over while a settlement waited for its turn',
    file: 'plugins/lib/channels/funding.js',
    edits: [["if (settings.standing !== 'present')", 'if (false)']],
    tests: [PAYMENTS]
  },
  {
    name: 'pays a settlement through two keys, where the peer hands over at that moment',
    file: 'plugins/lib/channels/account-parts.js',
    edits: [['if (present !== this.present)', 'if (false)']],
    tests: [PAYMENTS]
  },
  {
    name: 'forgets what was paid between addresses that are not configured any more',
    file: 'plugins/lib/channels/earlier.js',
    edits: [['if (missing < left)', 'if (false)']],
    tests: [EARLIER]
  },
  {
    name: 'pays a settlement through the new key that waits for its turn with the former one',
    file: 'plugins/lib/channels/outgoing.js',
    edits: [['this.#settling.has(id) || ', '']],
    tests: [EARLIER]
  },
  {
    name: 'pays a settlement again while a claim between addresses that are gone may still pay it',
    file: 'plugins/lib/channels/earlier.js',
    edits: [['if (part !== undefined)', 'if (false)']],
    tests: [EARLIER]
  },
  {
    name: 'forgets which keys the peer had before the last two',
    file: 'plugins/lib/channels/handing-over.js',
    edits: [['await pairs.earlier.add({ theirs: [to] });', '{ }']],
    tests: [EARLIER]
  },
  {
    name: 'takes keys of a peer until it forgets one',
    file: 'plugins/lib/channels/handing-over.js',
    edits: [['if (pairs.earlier.isFull)', 'if (false)']],
    tests: [EARLIER]
  },
  {
    name: 'leaves half done what a crash has left of a carry between keys',
    file: 'plugins/lib/channels/carry-over.js',
    edits: [['const all = this.pairs.all();', 'const all = [];']],
    tests: [CARRY_OVER]
  },
  {
    name: 'carries nothing over any more once the peer has refused it for one key',
    file: 'plugins/lib/channels/carry-over.js',
    edits: [['.catch((error) => { this.#hear(error); })', '']],
    tests: [CARRY_OVER]
  },
  {
    name: 'forgets what was paid ahead with a key once two more have come',
    file: 'plugins/lib/channels/handing-over.js',
    edits: [['...pairs.live().filter(hasAhead)', '...[]']],
    tests: [CARRY_OVER]
  },
  {
    name: 'takes a part of a token for something that goes over to the next key',
    file: 'plugins/lib/channels/units.js',
    edits: [['return this.toToken(-amount) < 0n;', 'return amount > 0n;']],
    tests: ['test/plugins/lib/channels/handing-over.test.js']
  },
  {
    name: 'takes no key any more while many are looked after since before the start',
    file: 'plugins/lib/channels/pairs.js',
    edits: [['return this.#all.length - this.#first;', 'return this.#all.length;']],
    tests: ['test/plugins/lib/channels/handing-over.test.js']
  },
  {
    name: 'asks a peer again and again to carry over what it has refused',
    file: 'plugins/lib/channels/carry-over.js',
    edits: [['this.#isUnsure ||= !isRefused;', 'this.#isUnsure = true;']],
    tests: ['test/plugins/lib/channels/handing-over.test.js']
  },
  {
    name: 'leaves what a peer has paid ahead in the record of a pair through which we have paid nothing',
    file: 'plugins/lib/channels/pairs.js',
    edits: [['[SENT_RECORD, RECEIVED_RECORD]', '[SENT_RECORD]']],
    tests: [CARRY_OVER]
  },
  {
    name: 'drops what goes over between more pairs of keys than there is room for',
    file: 'plugins/lib/channels/carry.js',
    edits: [['if (news <= 0n)', 'if (news <= 0n || this.#taken.size >= 64)']],
    tests: ['test/plugins/lib/channels/carry.test.js']
  },
  {
    name: 'carries nothing over to the next key',
    file: 'plugins/lib/channels/carry-over.js',
    edits: [['return isQuiet &&', 'return false && isQuiet &&']],
    tests: [CARRY_OVER]
  },
  {
    name: 'signs for what was paid ahead and never had, again under the next key',
    file: 'plugins/lib/channels/carry-over.js',
    edits: [['await leaveUnsigned(from, this.pairs.present);', '{ }']],
    tests: [CARRY_OVER]
  },
  {
    name: 'counts what was never signed for again after the account had another id for a while',
    file: 'plugins/lib/channels/carry.js',
    edits: [['this.#given.clear();', 'this.#given.clear(); this.#taken.clear();']],
    tests: [CARRY_OVER]
  },
  {
    name: 'counts what was never signed for, and is in other books',
    file: 'plugins/lib/channels/carry-over.js',
    edits: [['booked?.isOfTheseBooks === false', 'false']],
    tests: [CARRY_OVER]
  },
  {
    name: 'takes another sum than before for the same one',
    file: 'plugins/lib/channels/carry.js',
    edits: [["of === '' || this.#of.get(pair) === of", 'true']],
    tests: ['test/plugins/lib/channels/carry.test.js']
  },
  {
    name: 'counts what is carried over each time that it is said',
    file: 'plugins/lib/channels/carry.js',
    edits: [['const news = sum - this.#takenOf(pair, sum, of);', 'const news = sum;']],
    tests: [CARRY_OVER]
  },
  {
    name: 'gives what is carried over, and keeps it',
    file: 'plugins/lib/channels/incoming.js',
    edits: [['this.#ledger.used += units.toAccount(tokens);', '{ }']],
    tests: [CARRY_OVER]
  },
  {
    name: 'carries what one party has paid over to another',
    file: 'plugins/lib/channels/carry-over.js',
    edits: [["from?.settings.standing !== 'handed over' || ", '']],
    tests: [CARRY_OVER]
  },
  {
    name: 'believes whatever a peer says that it carries over',
    file: 'plugins/lib/channels/sent.js',
    edits: [['const tokens = news < limit ? news : limit;', 'const tokens = news;']],
    tests: [CARRY_OVER]
  },
  {
    name: 'forgets at a restart which key the peer has',
    file: 'plugins/lib/channels/pairs.js',
    edits: [['theirs: isOverruled ? [peerAddress] : theirs', 'theirs: [peerAddress]']],
    tests: [HANDOVER]
  }
]
