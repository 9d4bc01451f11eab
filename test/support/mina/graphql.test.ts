/** As much of GraphQL as clients of a Mina node use. */
import { expect } from 'chai'
import { JsonScalar, graphqlAnswer, type Type } from './graphql.js'

const account = ({ publicKey, n }: Record<string, unknown>): Type => ({ publicKey: publicKey as string, n: n as number, balance: { total: '5' }, none: null })
const roots = {
  query: { version: '1', account, accounts: () => [account({ publicKey: 'a' }), account({ publicKey: 'b' })], config: new JsonScalar({ any: [1] }) },
  mutation: { send: ({ input }: Record<string, unknown>) => ({ got: new JsonScalar(input) }) }
}
const asked = (query: string, variables = {}): Promise<object> => graphqlAnswer(query, variables, roots)

describe('the GraphQL of the stand-in for Mina', () => {
  it('gives fields, aliases, lists, null, and scalars of any form', async () => {
    expect(await asked('{ v: version a: account(publicKey: "x") { publicKey none balance { total } } accounts { publicKey } config }')).to.deep.equal({
      data: { v: '1', a: { publicKey: 'x', none: null, balance: { total: '5' } }, accounts: [{ publicKey: 'a' }, { publicKey: 'b' }], config: { any: [1] } }
    })
  })

  it('takes variables, numbers, lists and objects as arguments, and mutations', async () => {
    expect(await asked('query Q ($key: PublicKey!) { account(publicKey: $key, n: -3) { publicKey n } }', { key: 'y' }))
      .to.deep.equal({ data: { account: { publicKey: 'y', n: -3 } } })
    expect(await asked('mutation { send(input: {a: [1, "\\"2\\""], b: {c: null, d: true, e: RED}}) { got } }'))
      .to.deep.equal({ data: { send: { got: { a: [1, '"2"'], b: { c: null, d: true, e: 'RED' } } } } })
  })

  it('takes fragments, inline ones too, and comments', async () => {
    const query = 'query { account(publicKey: "z") { ...part ... on Account { none } } } # the end\nfragment part on Account { balance { ...money } }'
    expect(await asked(`${query} fragment money on Balance { total }`)).to.deep.equal({ data: { account: { balance: { total: '5' }, none: null } } })
  })

  for (const [what, query, said] of [
    ['a field that is not there', '{ nothing }', "Field 'nothing' is not defined on this type"],
    ['an object without fields', '{ account(publicKey: "x") }', "Field 'account' needs a selection of fields"],
    ['a fragment that is not there', '{ ...part }', "Undefined fragment 'part'"],
    ['a query that ends too early', '{ version', 'The query ends too early'],
    ['what is no GraphQL', '{ version ; }', 'Cannot read the query at character 10'],
    ['another sign than expected', '{ account(publicKey "x") { n } }', 'Expected :, found "x"'],
    ['nothing', '', 'No operation found']
  ] as const) {
    it(`refuses ${what}`, async () => {
      expect(await asked(query)).to.deep.equal({ errors: [{ message: said, path: [] }], data: null })
    })
  }
})
