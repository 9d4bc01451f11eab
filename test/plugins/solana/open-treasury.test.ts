/** Money of a treasury on Solana arrives at accounts that did not exist, on a real RPC node. */
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { startSolanaChain, type SolanaChain } from '../../../examples/solana-chain.js'
import kind from '../../../plugins/solana/chain-kind.js'
import { rawKey } from '../../../plugins/solana/ed25519.js'
import { INSTALL_TIMEOUT_MS } from '../../support/solana/tools.js'

describe('a treasury on Solana', function () {
  this.timeout(60_000)
  let chain: SolanaChain
  before(async function () {
    this.timeout(INSTALL_TIMEOUT_MS)
    chain = await startSolanaChain()
  })
  after(() => { chain.stop() })

  it('sends SOL and tokens, and knows a cluster of developers', async () => {
    const mint = await chain.createToken(6)
    const { key: keyId, address: owner } = await chain.createWallet(mint, 5000n)
    const treasury = await kind.treasury!.open({ rpcUrl: chain.rpcUrl, keyId, tokenAddress: mint })
    expect([treasury.chainId, treasury.isReal, treasury.coin.owner]).to.deep.equal(['solana:localnet', false, owner])
    const token = await treasury.token()
    expect(token).to.include({ decimals: 6, tokenAddress: mint, owner })
    const to = rawKey(randomBytes(32)).address
    expect(await token!.balanceOf(to)).to.equal(0n)
    expect(await treasury.coin.send(to, 2_000_000n)).to.match(/^\w{80,90}$/)
    expect(await token!.send(to, 1200n)).to.match(/^\w{80,90}$/)
    expect(await treasury.coin.balanceOf(to)).to.equal(2_000_000n)
    expect(await Promise.all([to, owner].map(address => token!.balanceOf(address)))).to.deep.equal([1200n, 3800n])
    treasury.close()
  })

  it('does without a token that is not there, and refuses what is not a key without repeating it', async () => {
    const mint = await chain.createToken()
    const { key: keyId } = await chain.createWallet(mint, 1n)
    const treasury = await kind.treasury!.open({ rpcUrl: chain.rpcUrl, keyId, tokenAddress: rawKey(randomBytes(32)).address })
    expect(await treasury.token()).to.equal(undefined)
    const error = await kind.treasury!.open({ rpcUrl: chain.rpcUrl, keyId: 'my-secret' }).catch((error: unknown) => error)
    expect(String(error)).to.contain('is not one').and.to.not.contain('my-secret')
  })
})
