// The stand-in for Aptos is good for the real SDK: a channel from its opening to its end, and no token is made or lost.
import {
  Aptos, AptosConfig, Ed25519Account, Ed25519PrivateKey, Network, type InputGenerateTransactionPayloadData, type UserTransactionResponse
} from '@aptos-labs/ts-sdk'
import { expect } from 'chai'
import { startAptos, type AptosStandIn } from './index.js'
import { TestKey } from './signatures.js'
import { claimBytes, consentBytes } from './rules.js'

const DAY = 86_400n

describe('the stand-in for Aptos, with the real SDK', () => {
  const alice = new Ed25519Account({ privateKey: new Ed25519PrivateKey(`ed25519-priv-0x${'11'.repeat(32)}`) })
  const bob = new Ed25519Account({ privateKey: new Ed25519PrivateKey(`ed25519-priv-0x${'22'.repeat(32)}`) })
  const [aliceKey, bobKey] = [new TestKey(Buffer.alloc(32, 1)), new TestKey(Buffer.alloc(32, 2))]
  let chain: AptosStandIn
  let aptos: Aptos
  let channel: string

  before(async () => {
    chain = await startAptos({ blockMs: 5 })
    aptos = new Aptos(new AptosConfig({ network: Network.CUSTOM, fullnode: chain.url }))
    for (const { accountAddress } of [alice, bob]) {
      chain.fund(accountAddress.toString(), 1_000_000_000n)
      chain.fund(accountAddress.toString(), 1000n, chain.asset)
    }
  })

  after(() => chain.stop())

  async function send (signer: Ed25519Account, name: string, functionArguments: unknown[]): Promise<UserTransactionResponse> {
    const data = { function: `${chain.code}::channel::${name}`, functionArguments } as InputGenerateTransactionPayloadData
    const transaction = await aptos.transaction.build.simple({ sender: signer.accountAddress, data })
    const [simulated] = await aptos.transaction.simulate.simple({ signerPublicKey: signer.publicKey, transaction })
    const senderAuthenticator = signer.signTransactionWithAuthenticator(transaction)
    const { hash } = await aptos.transaction.submit.simple({ transaction, senderAuthenticator })
    const committed = await aptos.waitForTransaction({ transactionHash: hash }) as UserTransactionResponse
    expect(simulated?.gas_used).to.equal(committed.gas_used)
    return committed
  }

  async function state (): Promise<Record<string, unknown>> {
    const [found] = await aptos.view({ payload: { function: `${chain.code as `0x${string}`}::channel::state`, functionArguments: [channel] } })
    return found as Record<string, unknown>
  }

  it('opens, joins, fills, redeems, closes together and pays out', async () => {
    const opened = await send(alice, 'open', [bob.accountAddress, chain.asset, DAY, aliceKey.publicKey])
    const event = opened.events.find(({ type }) => type.endsWith('::channel::Opened'))
    channel = (event?.data as { channel: string }).channel
    await send(bob, 'join', [channel, bobKey.publicKey])
    await send(alice, 'deposit', [channel, 100n])
    await send(bob, 'deposit', [channel, 50n])
    const terms = { chainId: chain.chain.chainId, code: chain.code, id: channel }
    await send(bob, 'redeem', [channel, 40n, aliceKey.sign(claimBytes(terms, alice.accountAddress.toString(), 40n))])
    const until = chain.now + 600n
    const consent = aliceKey.sign(consentBytes(terms, alice.accountAddress.toString(), 30n, until))
    const claim = aliceKey.sign(claimBytes(terms, alice.accountAddress.toString(), 70n))
    await send(bob, 'close_together', [channel, 70n, claim, 30n, until, consent])
    await send(alice, 'withdraw', [channel])
    await send(bob, 'withdraw', [channel])
    expect(await state()).to.deep.include({ state: 2, balance: '0', revision: '7' })
    expect([alice, bob].map(({ accountAddress }) => chain.balance(accountAddress.toString(), chain.asset))).to.deep.equal([960n, 1040n])
  })

  it('tells of aborts with the name of the error', async () => {
    const error = await send(bob, 'withdraw', [channel]).then(() => undefined, (error: unknown) => error)
    expect(String(error)).to.include('E_NOTHING_NEW(0x6): There is nothing to record or to take out that has not been before.')
  })
})
