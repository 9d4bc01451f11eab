/** One account: every key's bounds, how limits of a balance fit together, and which children may live side by side. */
import { expect } from 'chai'
import { Config } from '../../../src/config/connector/config.js'
import { isRefused, linesOf, peer, ReferenceConfig } from '../../support/config.js'

const child = { ...peer, relation: 'child' }
const limit = 'an integer as a string, such as "-1000" or "0", or "Infinity" or "-Infinity"'
const threshold = 'an integer as a string, such as "-1000" or "0", or "-Infinity"'
const integer = 'an integer as a string, such as "-1000" or "0"'
const positive = 'a whole number above 0 as a string, such as "1000"'
const relations = '"parent", "peer" or "child"'
const plugins = 'the name of a plugin module or, from JavaScript, a plugin instance'
const balanceKeys = 'minimum, maximum, settleThreshold, settleTo, settleInterval'

function milliseconds (minimum: number): string {
  return `a whole number of milliseconds from ${minimum} to 2147483647`
}

/** A reference verdict of `accepts` marks where we are stricter on purpose. */
type Bad = [change: object, line: string, reference?: 'accepts']

const good: object[] = [
  {}, { relation: 'parent' }, { relation: 'child' }, { plugin: {} }, { plugin: '/a/path' }, { assetCode: '' }, { assetScale: 0 }, { assetScale: 255 },
  { balance: { maximum: '0' } }, { balance: { maximum: 'Infinity', minimum: '-Infinity' } }, { balance: { maximum: '-5', minimum: '-9' } },
  { balance: { maximum: '10', minimum: '-10', settleThreshold: '-5', settleTo: '5' } },
  { balance: { maximum: '10', settleThreshold: '-Infinity' } }, { balance: { maximum: '10', settleThreshold: '0' } },
  { balance: { maximum: '10', minimum: '-10', settleTo: '10', settleThreshold: '10' } },
  { balance: { maximum: '-1', minimum: undefined, settleThreshold: undefined } },
  { balance: { maximum: '90071992547409930000000001', minimum: '90071992547409930000000000' } },
  { maxPacketAmount: '1' }, { maxPacketAmount: '340282366920938463463374607431768211456' },
  { throughput: {} }, { throughput: { refillPeriod: 100, incomingAmount: '1', outgoingAmount: '99999999999999999999' } },
  { rateLimit: {} }, { rateLimit: { refillPeriod: 100, refillCount: 1, capacity: 0 } },
  { deduplicate: {} }, { deduplicate: { cleanupInterval: 1 } }, { deduplicate: { packetLifetime: 1 } },
  { sendRoutes: true, receiveRoutes: false }, { options: {} }, { options: { any: { thing: null } } }, { ilpAddressSegment: 'a_B~c-9' },
  { balance: undefined, options: undefined, sendRoutes: undefined, ilpAddressSegment: undefined }
]

const bad: Bad[] = [
  [{ relation: 'friend' }, `relation: found "friend", expected ${relations}. Correct it.`],
  [{ relation: undefined }, `relation: is missing, expected ${relations}. Add it.`],
  [{ plugin: undefined }, `plugin: is missing, expected ${plugins}. Add it.`],
  [{ plugin: null }, `plugin: found null, expected ${plugins}. Correct it.`],
  [{ plugin: () => 1 }, `plugin: found a function, expected ${plugins}. Correct it.`],
  [{ plugin: [] }, `plugin: found an array, expected ${plugins}. Correct it.`],
  [{ plugin: 7 }, `plugin: found a number, expected ${plugins}. Correct it.`],
  [{ plugin: '' }, `plugin: found a string, expected ${plugins}. Correct it.`, 'accepts'],
  [{ assetCode: undefined }, 'assetCode: is missing, expected a string such as "USD". Add it.'],
  [{ assetCode: 840 }, 'assetCode: found 840, expected a string such as "USD". Correct it.'],
  [{ assetScale: undefined }, 'assetScale: is missing, expected a whole number from 0 to 255. Add it.'],
  ...[-1, 256, 1.5, NaN, '9'].map((assetScale): Bad => [
    { assetScale }, `assetScale: found ${typeof assetScale === 'string' ? '"9"' : assetScale}, expected a whole number from 0 to 255. Correct it.`
  ]),
  [{ balance: {} }, `balance.maximum: is missing, expected ${limit}. Add it.`],
  [{ balance: '100' }, 'balance: found a string, expected an object with at least maximum. Correct it, or leave it out (default: no balance is kept).'],
  [{ balance: { maximum: '1', max: '1' } }, `balance.max: is not a known key. Remove it; the known keys are ${balanceKeys}.`],
  ...['', '1.5', '01', '-0', '+1', '1e3', 'infinity', 'NaN', ' 1', '1\n'].map((maximum): Bad => [
    { balance: { maximum } }, `balance.maximum: found ${JSON.stringify(maximum)}, expected ${limit}. Correct it.`
  ]),
  [{ balance: { maximum: 100 } }, `balance.maximum: found 100, expected ${limit}. Correct it.`],
  [{ balance: { maximum: '1', minimum: '0.5' } },
    `balance.minimum: found "0.5", expected ${limit}. Correct it, or leave it out (default: "-Infinity").`],
  [{ balance: { maximum: '1', settleThreshold: 'Infinity' } },
    `balance.settleThreshold: found "Infinity", expected ${threshold}. Correct it, or leave it out (default: never settle).`],
  [{ balance: { maximum: '1', settleTo: '-Infinity' } },
    `balance.settleTo: found "-Infinity", expected ${integer}. Correct it, or leave it out (default: "0").`],
  [{ balance: { maximum: '1', minimum: '2' } }, 'balance: minimum "2" is above maximum "1". Change one of the two.', 'accepts'],
  [{ balance: { maximum: '90071992547409930000000000', minimum: '90071992547409930000000001' } },
    'balance: minimum "90071992547409930000000001" is above maximum "90071992547409930000000000". Change one of the two.', 'accepts'],
  [{ balance: { maximum: '1', minimum: 'Infinity' } }, 'balance: minimum "Infinity" is above maximum "1". Change one of the two.', 'accepts'],
  [{ balance: { maximum: '1', settleTo: '2' } }, 'balance: settleTo "2" is above maximum "1". Change one of the two.', 'accepts'],
  [{ balance: { maximum: '9', minimum: '3', settleTo: '2' } }, 'balance: minimum "3" is above settleTo "2". Change one of the two.', 'accepts'],
  [{ balance: { maximum: '9', settleThreshold: '3', settleTo: '2' } }, 'balance: settleThreshold "3" is above settleTo "2". Change one of the two.', 'accepts'],
  [{ balance: { maximum: '9', settleThreshold: '3' } },
    'balance: settleThreshold "3" is above settleTo "0" (the default). Change one of the two.', 'accepts'],
  [{ balance: { maximum: '-2', settleThreshold: '-3' } }, 'balance: settleTo "0" (the default) is above maximum "-2". Change one of the two.', 'accepts'],
  [{ balance: { maximum: '9', minimum: '2', settleThreshold: '-3' } },
    'balance: minimum "2" is above settleTo "0" (the default). Change one of the two.', 'accepts'],
  ...['0', '-5', '1.5', 'Infinity', '', '05'].map((maxPacketAmount): Bad => [
    { maxPacketAmount }, `maxPacketAmount: found "${maxPacketAmount}", expected ${positive}. Correct it, or leave it out (default: no limit).`
  ]),
  [{ maxPacketAmount: 5 }, `maxPacketAmount: found 5, expected ${positive}. Correct it, or leave it out (default: no limit).`],
  [{ throughput: { refillPeriod: 99 } },
    `throughput.refillPeriod: found 99, expected ${milliseconds(100)}. Correct it, or leave it out (default: 1000).`],
  [{ throughput: { incomingAmount: '0' } },
    `throughput.incomingAmount: found "0", expected ${positive}. Correct it, or leave it out (default: no limit).`],
  [{ throughput: { outgoingAmount: '-1' } },
    `throughput.outgoingAmount: found "-1", expected ${positive}. Correct it, or leave it out (default: no limit).`],
  [{ throughput: { incomming: '1' } },
    'throughput.incomming: is not a known key. Remove it; the known keys are refillPeriod, incomingAmount, outgoingAmount.'],
  [{ rateLimit: { refillPeriod: 99 } }, `rateLimit.refillPeriod: found 99, expected ${milliseconds(100)}. Correct it, or leave it out (default: 60000).`],
  [{ rateLimit: { refillPeriod: 2147483648 } },
    `rateLimit.refillPeriod: found 2147483648, expected ${milliseconds(100)}. Correct it, or leave it out (default: 60000).`, 'accepts'],
  [{ rateLimit: { refillCount: 0 } }, 'rateLimit.refillCount: found 0, expected a whole number of at least 1. Correct it, or leave it out (default: 10000).'],
  [{ rateLimit: { capacity: -1 } },
    'rateLimit.capacity: found -1, expected a whole number of at least 0. Correct it, or leave it out (default: the same as refillCount).'],
  [{ balance: { maximum: '9', minimum: '-10', settleThreshold: '-10' } },
    'balance: settleThreshold "-10" is not above minimum "-10": the balance can never fall below it, and nothing would be settled. ' +
    'Raise settleThreshold, or lower minimum.', 'accepts'],
  [{ balance: { maximum: '9', minimum: '-10', settleThreshold: '-11', settleTo: '-10' } },
    'balance: settleThreshold "-11" is not above minimum "-10": the balance can never fall below it, and nothing would be settled. ' +
    'Raise settleThreshold, or lower minimum.', 'accepts'],
  [{ rateLimit: { refilCount: 1 } }, 'rateLimit.refilCount: is not a known key, did you mean refillCount? Rename or remove it.'],
  [{ deduplicate: { cleanupInterval: 0 } },
    `deduplicate.cleanupInterval: found 0, expected ${milliseconds(1)}. Correct it, or leave it out (default: 30000).`],
  [{ deduplicate: { packetLifetime: 1.5 } },
    `deduplicate.packetLifetime: found 1.5, expected ${milliseconds(1)}. Correct it, or leave it out (default: 30000).`],
  [{ deduplicate: { lifetime: 1 } }, 'deduplicate.lifetime: is not a known key. Remove it; the known keys are cleanupInterval, packetLifetime.'],
  [{ sendRoutes: 'yes' }, 'sendRoutes: found "yes", expected true or false. Correct it, or leave it out (default: false for a child, else true).'],
  [{ receiveRoutes: 1 }, 'receiveRoutes: found 1, expected true or false. Correct it, or leave it out (default: false for a child, else true).'],
  [{ options: 'x' }, 'options: found a string, expected an object. Correct it, or leave it out (default: no options).'],
  [{ options: null }, 'options: found null, expected an object. Correct it, or leave it out (default: no options).'],
  [{ ilpAddressSegment: '' }, segmentLine('')],
  [{ ilpAddressSegment: 'a.b' }, segmentLine('a.b'), 'accepts'],
  [{ ilpAddressSegment: 'a b' }, segmentLine('a b'), 'accepts'],
  [{ sendroutes: true }, 'sendroutes: is not a known key, did you mean sendRoutes? Rename or remove it.']
]

function segmentLine (found: string): string {
  return `ilpAddressSegment: found "${found}", expected one ILP address segment (letters, digits, _ ~ and - only). Correct it, or leave it out (default: the account id).`
}

/** Shows what JSON would hide. */
function title (value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => inner === undefined || typeof inner === 'function' || Number.isNaN(inner) ? String(inner) : inner)
}

describe('one account', () => {
  for (const change of good) {
    const account = { ...peer, ...change }
    it(`may have ${title(change)}`, () => {
      expect(new Config().validateAccount('alice', account)).to.equal(account)
      expect(linesOf(() => { new Config().loadFromOptions({ accounts: { alice: account } }) })).to.deep.equal([])
      new ReferenceConfig().loadFromOpts({ accounts: { alice: account } })
    })
  }

  for (const [change, line, reference] of bad) {
    const account = { ...peer, ...change }
    it(`may not have ${title(change)}`, () => {
      expect(linesOf(() => new Config().validateAccount('alice', account))).to.deep.equal([`account alice: ${line}`])
      expect(linesOf(() => { new Config().loadFromOptions({ accounts: { alice: account } }) })).to.deep.equal([`options: accounts.alice.${line}`])
      expect(isRefused(() => { new ReferenceConfig().loadFromOpts({ accounts: { alice: account } }) })).to.equal(reference !== 'accepts')
    })
  }

  for (const account of [undefined, null, 'text', 5, []]) {
    it(`is not ${title(account)}`, () => {
      expect(linesOf(() => new Config().validateAccount('alice', account))[0]).to.match(/^account alice: .* expected an object with relation, plugin/)
    })
  }

  for (const id of ['a', 'A-b_c.d~9', '..', '0']) {
    it(`may be called ${id}`, () => expect(new Config().validateAccount(id, peer)).to.equal(peer))
  }

  for (const id of ['a b', 'a/b', 'ä', '"', 'a\n', 'x'.repeat(50) + '!']) {
    it(`may not be called ${JSON.stringify(id)} when its plugin is given by name, but may with an instance`, () => {
      expect(linesOf(() => new Config().validateAccount(id, peer)).join()).to.match(
        /^account \["[^\n]{1,44}"\]: the account id includes forbidden characters, expected letters, digits and _ - ~ \. only\. Rename it\.$/)
      new Config().validateAccount(id, { ...peer, plugin: {} })
    })
  }

  for (const id of ['', '__proto__']) {
    it(`may not be called ${JSON.stringify(id)}`, () => {
      expect(linesOf(() => new Config().validateAccount(id, { ...peer, plugin: {} })).join()).to.match(/this account id cannot be used\. Choose another\.$/)
    })
  }
})

describe('children', () => {
  const load = (accounts: object) => () => { new Config().loadFromOptions({ accounts }) }

  it('need a segment of their own when the account id is not one, or several with dots between them', () => {
    const line = 'ilpAddressSegment: is missing, and the account id is not one ILP address segment (letters, digits, _ ~ and - only). Add it.'
    expect(linesOf(load({ 'a..b': child }))).to.deep.equal([`options: accounts["a..b"].${line}`])
    expect(linesOf(() => new Config().validateAccount('.a', child))).to.deep.equal([`account [".a"]: ${line}`])
    expect(linesOf(load({ 'a..b': { ...child, ilpAddressSegment: 'ab' } }))).to.deep.equal([])
    expect(linesOf(load({ 'a.b': child, 'a..b': peer }))).to.deep.equal([])
  })

  it('may not share an address', () => {
    expect(linesOf(load({ bob: child, alice: { ...child, ilpAddressSegment: 'bob' }, carol: { ...child, ilpAddressSegment: 'bob' } }))).to.deep.equal([
      'options: accounts.alice.ilpAddressSegment: "bob" is already the address segment of account "bob". Choose another.',
      'options: accounts.carol.ilpAddressSegment: "bob" is already the address segment of account "bob". Choose another.'
    ])
    expect(linesOf(load({ bob: child, Bob: child, alice: { ...peer, ilpAddressSegment: 'bob' } }))).to.deep.equal([])
  })
})
