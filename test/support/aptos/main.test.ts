/** The stand-in as a process, as demos start it. */
import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { bytesOf } from './bcs.js'
import { TestKey } from './signatures.js'
import { authenticationKeyOf } from './transaction.js'

interface Printed {
  url: string
  chainId: number
  accounts: Array<{ address: string, privateKey: string }>
}

describe('the stand-in for Aptos, as a process', () => {
  it('says where it is and whose money there is, makes blocks, and ends with its input', async () => {
    const child = spawn(process.execPath, ['dist/test/support/aptos/main.js', '--block-ms', '20'], { stdio: ['pipe', 'pipe', 'inherit'] })
    const [line] = await once(createInterface(child.stdout), 'line') as [string]
    const { url, chainId, accounts } = JSON.parse(line) as Printed
    const look = async (path: string): Promise<Record<string, unknown>> => await (await fetch(url + path)).json() as Record<string, unknown>
    expect((await look('')).chain_id).to.equal(chainId)
    for (const { address, privateKey } of accounts) {
      expect(authenticationKeyOf(new TestKey(bytesOf(privateKey)).publicKey)).to.equal(address)
      expect(await look(`/accounts/${address}/balance/0xa`)).to.equal(100_000_000_000)
    }
    const { block_height: before } = await look('')
    while ((await look('')).block_height === before) continue
    child.stdin.end()
    expect(await once(child, 'exit')).to.deep.equal([0, null])
  })
})
