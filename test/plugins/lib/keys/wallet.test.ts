/** `keyId: wallet:0` is the key that `connector wallet show` lists, on every chain; and a wallet that does not open is refused at once. */
import { createPublicKey, verify } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { recoverAddress, Signature } from 'ethers'
import { verifySignature, type SubmittableTransaction } from 'xrpl'
import evmKind from '../../../../plugins/evm/chain-kind.js'
import { keyOf as evmKeyOf } from '../../../../plugins/evm/chain/signer.js'
import { parseOptions as evmOptions } from '../../../../plugins/evm/options.js'
import { isWalletKey, walletKey } from '../../../../plugins/lib/keys/wallet.js'
import aptosKind from '../../../../plugins/aptos/chain-kind.js'
import { keysOf as aptosKeysOf } from '../../../../plugins/aptos/keys.js'
import { parseOptions as aptosOptions } from '../../../../plugins/aptos/options.js'
import { bytesOf } from '../../../../plugins/solana/formats.js'
import solanaKind from '../../../../plugins/solana/chain-kind.js'
import { keyOf as solanaKeyOf } from '../../../../plugins/solana/keys.js'
import { parseOptions as solanaOptions } from '../../../../plugins/solana/options.js'
import { walletPlace } from '../../../../plugins/solana/wallet.js'
import xrpKind from '../../../../plugins/xrp/chain-kind.js'
import { keysOf as xrpKeysOf } from '../../../../plugins/xrp/ledger/signer.js'
import { parseOptions as xrpOptions } from '../../../../plugins/xrp/options.js'
import { seal, WalletError } from '../../../../src/lib/wallet/wallet-file.js'
import { seedOf } from '../../../../src/lib/wallet/words.js'

const PASSWORD = 'Correct-Horse-Battery-7'
const ENTROPY = Buffer.alloc(16, 3)

describe('Keys from the wallet of a node', () => {
  let folder: string
  const before = { file: process.env.WALLET_FILE, password: process.env.WALLET_PASSWORD }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wallet-keys-'))
    process.env.WALLET_FILE = join(folder, 'wallet.json')
    process.env.WALLET_PASSWORD = PASSWORD
    writeFileSync(process.env.WALLET_FILE, seal(ENTROPY, PASSWORD, 2 ** 14))
  })
  afterEach(() => {
    restore('WALLET_FILE', before.file)
    restore('WALLET_PASSWORD', before.password)
    rmSync(folder, { recursive: true })
  })

  it('are named by an index, and nothing else', () => {
    expect(['wallet:0', 'wallet:7', 'wallet:2147483647'].map(isWalletKey)).to.deep.equal([true, true, true])
    for (const not of ['wallet:', 'wallet:-1', 'wallet:01', 'wallet:2147483648', 'wallet:0x1', 'Wallet:0', 'wallet:0 ', 'wallet']) expect(isWalletKey(not), not).to.equal(false)
  })

  it('sign on EVM chains as the address that is shown', async () => {
    const key = evmKeyOf('wallet:1')
    expect(key.address).to.equal(evmKind.wallet?.accountAt(seedOf(ENTROPY), 1).address.toLowerCase())
    const digest = Buffer.alloc(32, 9)
    const signature = Signature.from(`0x${(await key.sign(digest)).toString('hex')}`)
    expect(recoverAddress(digest, signature).toLowerCase()).to.equal(key.address)
  })

  it('sign on Solana as the address that is shown', async () => {
    const key = solanaKeyOf('wallet:1')
    expect(key.address).to.equal(solanaKind.wallet?.accountAt(seedOf(ENTROPY), 1).address)
    const message = Buffer.from([0xff, 1, 2, 3])
    const publicKey = createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytesOf(key.address)]), format: 'der', type: 'spki' })
    expect(verify(null, message, publicKey, await key.signMessage(message))).to.equal(true)
  })

  it('sign on the XRP Ledger as the address that is shown, and claims with keys of their own', async () => {
    const { key, claimSecret } = xrpKeysOf('wallet:1')
    expect(key.address).to.equal(xrpKind.wallet?.accountAt(seedOf(ENTROPY), 1).address)
    const payment: SubmittableTransaction = {
      TransactionType: 'Payment', Account: key.address, Destination: xrpKeysOf('wallet:0').key.address, Amount: '1', Fee: '10', Sequence: 1, LastLedgerSequence: 9
    }
    expect(verifySignature((await key.sign(payment)).blob)).to.equal(true)
    expect(claimSecret).to.have.lengthOf(32).and.to.not.deep.equal(xrpKeysOf('wallet:0').claimSecret)
  })

  it('sign on Aptos as the address that is shown, and claims with keys of their own', async () => {
    const { key, claimSecret } = aptosKeysOf('wallet:1')
    expect(key.address).to.equal(aptosKind.wallet?.accountAt(seedOf(ENTROPY), 1).address)
    const message = Buffer.from('a transaction')
    const publicKey = createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key.publicKey]), format: 'der', type: 'spki' })
    expect(verify(null, message, publicKey, await key.sign(message))).to.equal(true)
    expect(claimSecret).to.have.lengthOf(32).and.to.not.deep.equal(aptosKeysOf('wallet:0').claimSecret)
  })

  const address = { evm: `0x${'1'.repeat(40)}`, solana: 'HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk', xrp: 'rNAB7uPziNwZAkdzyeo6xRA9pKTsJxZ6td', aptos: '0xa11ce' }
  const options: ReadonlyArray<[chain: string, make: (keyId: string) => unknown]> = [
    ['EVM', keyId => evmOptions({
      peerAddress: address.evm, chain: { chainId: 31337, rpcUrl: 'http://127.0.0.1:1', registryAddress: address.evm, tokenAddress: address.evm, keyId }
    })],
    ['Solana', keyId => solanaOptions({
      peerAddress: address.solana, chain: { chainId: 'solana:localnet', rpcUrl: 'http://127.0.0.1:1', programId: address.solana, keyId }
    })],
    ['Aptos', keyId => aptosOptions({
      peerAddress: address.aptos, chain: { chainId: 'aptos:testnet', rpcUrl: 'http://127.0.0.1:1', moduleAddress: address.aptos, keyId }
    })],
    ['the XRP Ledger', keyId => xrpOptions({ peerAddress: address.xrp, chain: { chainId: 'xrp:testnet', rpcUrl: 'ws://127.0.0.1:1', keyId } })]
  ]
  for (const [chain, make] of options) {
    it(`are opened when an account on ${chain} is made, or refused with the reason`, () => {
      expect(() => make('wallet:0')).to.not.throw()
      process.env.WALLET_FILE = join(folder, 'other.json')
      expect(() => make('wallet:0')).to.throw(WalletError, /There is no wallet at .*other\.json\. Make one/)
      writeFileSync(process.env.WALLET_FILE, seal(ENTROPY, 'Another-Password-7', 2 ** 14))
      expect(() => make('wallet:0')).to.throw(WalletError, /the password is wrong, or the file was changed/)
      delete process.env.WALLET_PASSWORD
      expect(() => make('wallet:0')).to.throw(WalletError, /no password .* Set WALLET_PASSWORD, or WALLET_PASSWORD_FILE/)
      expect(() => make('wallet:x')).to.throw(/keyId: expected .*wallet:0/)
    })
  }

  it('stay at hand when the wallet is locked away', () => {
    const key = walletKey('wallet:0', walletPlace)
    rmSync(join(folder, 'wallet.json'))
    delete process.env.WALLET_PASSWORD
    expect(walletKey('wallet:0', walletPlace)).to.equal(key)
    expect(() => walletKey('wallet:3', walletPlace)).to.throw(WalletError)
  })
})

function restore (variable: string, value: string | undefined): void {
  if (value === undefined) Reflect.deleteProperty(process.env, variable)
  else process.env[variable] = value
}
