/** The stand-in as a process, as demos start it. */
import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Client, Wallet } from 'xrpl'
import { RICHES } from './parties.js'

interface Printed {
  url: string
  networkId: number
  accounts: Array<{ address: string, seed: string }>
}

describe('the stand-in for rippled, as a process', () => {
  it('says where it is and whose money there is, closes ledgers, and ends with its input', async () => {
    const child = spawn(process.execPath, ['dist/test/support/rippled/main.js', '--ledger-ms', '50'], { stdio: ['pipe', 'pipe', 'inherit'] })
    const [line] = await once(createInterface(child.stdout), 'line') as [string]
    const { url, networkId, accounts } = JSON.parse(line) as Printed
    const client = new Client(url)
    await client.connect()
    expect(client.networkID).to.equal(networkId)
    for (const { address, seed } of accounts) {
      expect(Wallet.fromSeed(seed).address).to.equal(address)
      expect(await client.getXrpBalance(address)).to.equal(Number(RICHES) / 1e6)
    }
    const closed = new Promise(resolve => { client.on('ledgerClosed', resolve) })
    await client.request({ command: 'subscribe', streams: ['ledger'] })
    await closed
    await client.disconnect()
    child.stdin.end()
    expect(await once(child, 'exit')).to.deep.equal([0, null])
  })
})
