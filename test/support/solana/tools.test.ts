// The tools that other tests of Solana stand on load, even when several test processes ask for them at once.
import { lamports, generateKeyPairSigner } from '@solana/kit'
import { expect } from 'chai'
import { INSTALL_TIMEOUT_MS, loadLiteSvm, startSurfpool } from './tools.js'

describe('the Solana test tools', function () {
  this.timeout(INSTALL_TIMEOUT_MS)

  it('give a runtime in this process', async () => {
    const [{ LiteSVM }] = await Promise.all([loadLiteSvm(), loadLiteSvm()])
    const svm = new LiteSVM()
    const { address } = await generateKeyPairSigner()
    svm.airdrop(address, lamports(1_000_000_000n))
    expect(svm.getBalance(address)).to.equal(1_000_000_000n)
  })

  it('give an RPC node', async function () {
    if (process.platform !== 'linux' || process.arch !== 'x64') return
    const node = await startSurfpool({ offline: true, airdropSol: 5_000_000_000 })
    try {
      const answer = await fetch(node.rpcUrl, {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getHealth' })
      })
      expect(await answer.json()).to.deep.equal({ jsonrpc: '2.0', result: 'ok', id: 1 })
    } finally {
      node.stop()
    }
  })
})
