/**
 * The promises every kind of chain keeps to the node that reads its configuration, as a mocha suite for authors of their own:
 * `chainKindConformance('mine', kind, { entry, addresses: [...], channelId })`.
 */
import { expect } from 'chai'
import type { AnyEntry, ChainKind } from '../../src/contracts/chain-kind.js'

export interface ChainKindSamples {
  /** An entry of `chainProviders` that is right, with nothing but what it must have. */
  entry: AnyEntry & Record<string, unknown>
  /** Fields of the entry that hold secrets. */
  secrets: readonly string[]
  /** Addresses, each in all the forms that people write it in. */
  addresses: ReadonlyArray<readonly [string, ...string[]]>
  channelId: string
  /** Ids of chains, each in all the forms that people write it in. */
  chainIds?: ReadonlyArray<readonly [string, ...string[]]>
}

const NO_WORDS = ['', ' ', 'x', '-', 'null', '../x', 'a b', '\n', 'ä']

export function chainKindConformance<Entry extends AnyEntry> (name: string, kind: ChainKind<Entry>, samples: ChainKindSamples): void {
  describe(`chain kind conformance: ${name}`, () => {
    const { entry, secrets, addresses, channelId, chainIds = [] } = samples

    it('has a name, a field for addresses, and words for people', () => {
      expect(kind.type).to.match(/^[a-z0-9]+$/)
      expect(kind.peerField).to.match(/^[a-zA-Z0-9]+Address$/)
      for (const words of [kind.label, kind.address.inWords, kind.channelId.inWords, kind.chainId.inWords]) expect(words).to.match(/\S/)
    })

    it('knows its addresses, and each in one form', () => {
      for (const forms of addresses) {
        for (const form of forms) expect(kind.address.matches(form), form).to.equal(true)
        expect(new Set(forms.map(form => kind.address.canonical(form))).size, forms.join(' = ')).to.equal(1)
        const canonical = kind.address.canonical(forms[0])
        expect(kind.address.canonical(canonical), 'of the one form').to.equal(canonical)
      }
      const all = addresses.map(([form]) => kind.address.canonical(form))
      expect(new Set(all).size, 'different ones stay different').to.equal(all.length)
    })

    it('knows ids of channels and chains', () => {
      expect(kind.channelId.matches(channelId)).to.equal(true)
      for (const id of [entry.chainId, ...kind.chainId.examples]) {
        expect(kind.chainId.matches(id), id).to.equal(true)
        expect(kind.chainId.canonical(id)).to.match(new RegExp(`^${kind.type}:.`))
        expect(kind.chainId.canonical(kind.chainId.canonical(id))).to.equal(kind.chainId.canonical(id))
      }
      for (const forms of chainIds) {
        for (const form of forms) expect(kind.chainId.matches(form), form).to.equal(true)
        expect(new Set(forms.map(form => kind.chainId.canonical(form))).size, forms.join(' = ')).to.equal(1)
      }
      const all = chainIds.map(([form]) => kind.chainId.canonical(form))
      expect(new Set(all).size, 'different ones stay different').to.equal(all.length)
    })

    it('asks only about fields that an entry has, about secrets with a variable, and offers nothing that it refuses', () => {
      for (const { field, fallback, variable } of kind.questions ?? []) {
        if (secrets.includes(field)) expect(variable, field).to.match(/^[A-Z][A-Z_]*$/)
        const { error } = kind.schema.safeParse({ ...entry, [field]: fallback ?? entry[field] })
        expect(error?.issues ?? [], field).to.deep.equal([])
      }
    })

    it('has keys in a wallet, if it says where, with addresses that it knows', () => {
      const { wallet } = kind
      if (wallet === undefined) return
      const seed = Buffer.alloc(64, 7)
      const [one, other] = [0, 1].map(index => wallet.accountAt(seed, index))
      for (const { path = '', address = '' } of [one ?? {}, other ?? {}]) {
        expect(path).to.match(/^m(\/\d+'?)+$/)
        expect(kind.address.matches(address), address).to.equal(true)
      }
      expect([one?.path, one?.address]).to.not.have.members([other?.path, other?.address])
    })

    it('takes nothing for an address or an id that is none', () => {
      for (const text of NO_WORDS) {
        for (const format of [kind.address, kind.channelId, kind.chainId]) {
          expect(format.matches(text), JSON.stringify(text)).to.equal(false)
        }
      }
    })

    it('reads its entry, refuses what is missing, and knows no other fields', () => {
      expect(kind.schema.safeParse(entry).success).to.equal(true)
      for (const field of Object.keys(entry)) {
        const without = Object.fromEntries(Object.entries(entry).filter(([other]) => other !== field))
        expect(kind.schema.safeParse(without).success, `without ${field}`).to.equal(false)
      }
      expect(kind.schema.safeParse({ ...entry, notAField: 1 }).success).to.equal(false)
    })

    it('decides on what the account gets, in base units and with one name for the chain', () => {
      const { id, tokenAddress, threshold, options } = kind.decide(kind.schema.parse(entry))
      expect(id).to.equal(kind.chainId.canonical(entry.chainId))
      expect(tokenAddress).to.be.a('string')
      expect(threshold).to.match(/^\d+$/)
      expect(options).to.have.property('chain')
      expect(Object.keys(options)).to.not.include.members(['peerAddress', 'server', 'listener'])
    })

    it('says no secret in what is wrong with an entry', () => {
      for (const field of secrets) {
        const { error } = kind.schema.safeParse({ ...entry, [field]: 'my-secret-key' })
        expect(error, field).to.not.equal(undefined)
        expect(JSON.stringify(error?.issues)).to.not.contain('my-secret-key')
      }
    })
  })
}
