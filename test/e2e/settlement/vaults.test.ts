/**
 * Nodes that settle with a key they never see: it is in a vault, here a stand-in for AWS KMS, and the real client of AWS asks it for
 * signatures, or SoftHSM. On EVM the permission is withdrawn on the way and comes back; nothing is lost, and health says why.
 */
import { expect } from 'chai'
import { computeAddress } from 'ethers'
import xrpl from 'xrpl'
import { accounts, startChain, type Chain, type Deployed } from '../../../examples/evm-chain.js'
import { startSolanaChain, CHAIN as SOLANA, type SolanaChain } from '../../../examples/solana-chain.js'
import { freePort } from '../../../examples/free-port.js'
import type { ConnectorConfig, ConnectorNode } from '../../../src/index.js'
import { openVaultKey } from '../../../plugins/lib/keys/open.js'
import { decodeBase58 } from '../../../plugins/solana/formats.js'
import { AptosParties } from '../../support/aptos/parties.js'
import { memoryLog } from '../../support/evm/life.js'
import { AwsStandIn } from '../../support/keys/aws.js'
import { missingPart, softHsm } from '../../support/keys/softhsm.js'
import { askNode, peerOf, SECRET, settlingConfig, TOKENS } from '../../support/node/evm.js'
import { outcome, owed, packet, World } from '../../support/node.js'
import { INSTALL_TIMEOUT_MS } from '../../support/solana/tools.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { eventually } from '../../support/waiting.js'
import { Parties } from '../../support/xrp/parties.js'

const KEY_IN_MODULE = 'node-secp256k1'
const SETTLEMENT = {
  threshold: '200', initialDeposit: '5000', redeemThreshold: '1000000', pollingIntervalMs: 100, settlementTimeoutSecs: 3600, idleCloseSecs: 0
}

describe('nodes with a key in a vault', function () {
  this.timeout(120_000)
  noRejectionLeft()
  const world = new World()
  let vault: AwsStandIn
  const vaults: AwsStandIn[] = []
  afterEach(async () => {
    await world.end()
    for (const { server } of vaults.splice(0)) server.stop()
  })

  async function vaultWith (curve: 'secp256k1' | 'ed25519', secret: Buffer): Promise<{ keyId: string, vault: AwsStandIn['settings'] }> {
    vault = await new AwsStandIn(curve, secret).start()
    vaults.push(vault)
    return { keyId: vault.keyId, vault: vault.settings }
  }

  async function start (name: string, config: Partial<ConnectorConfig>): Promise<ConnectorNode> {
    const node = await world.start(name, config)
    node.setPacketHandler(() => Promise.resolve({ accept: true }))
    return node
  }

  async function configOf (peer: ConnectorConfig['peers'][number], btpServerPort: number, entry: object): Promise<Partial<ConnectorConfig>> {
    return {
      btpServerPort,
      healthCheckPort: await freePort(),
      adminApi: { enabled: true, port: await freePort(), host: '127.0.0.1' },
      dataPath: await world.directory(),
      settlement: { connectorFeePercentage: 0 },
      chainProviders: [entry] as ConnectorConfig['chainProviders'],
      peers: [peer],
      routes: [{ prefix: `g.${peer.id}`, nextHop: peer.id }]
    }
  }

  async function pay (from: ConnectorNode, amount: bigint, times = 1): Promise<void> {
    for (let i = 0; i < times; i++) {
      const data = Buffer.from(String(Math.random()))
      await eventually('bob is paid', async () => outcome(await from.sendPacket(packet('g.bob.shop', { amount, data }))) === 'fulfill')
    }
  }

  const settled = (from: ConnectorNode): Promise<unknown> => eventually('it is settled', async () => await owed(from, 'bob') > -200n)

  /** Also the one of the peer, where there are two. */
  async function close (node: ConnectorNode): Promise<void> {
    const list = async (): Promise<Array<{ channelId: string }>> => (await askNode(node, 'GET', '/channels')).body as Array<{ channelId: string }>
    for (const { channelId } of await list()) {
      expect((await askNode(node, 'POST', `/channels/${channelId}/close`, {})).body).to.include({ status: 'settled' })
    }
  }

  describe('on EVM', () => {
    let chain: Chain
    let token: Deployed
    before(async () => { chain = await startChain() })
    after(() => chain.stop())

    it('pay to the unit, also when the permission was withdrawn meanwhile, and health says why', async () => {
      ({ token } = await chain.createNetwork(6))
      const [, ours, theirs] = accounts as [unknown, typeof accounts[number], typeof accounts[number]]
      for (const { address } of [ours, theirs]) await token.send(accounts[0]!.address, 'mint', address, TOKENS)
      const [a, b] = [await freePort(), await freePort()]
      const inVault = await vaultWith('secp256k1', Buffer.from(ours.privateKey.slice(2), 'hex'))
      const account = { ...ours, privateKey: inVault.keyId }
      const config = await settlingConfig(world, { chain, token, account }, {
        btpServerPort: a, peers: [peerOf('bob', theirs, b)], routes: [{ prefix: 'g.bob', nextHop: 'bob' }]
      })
      config.chainProviders = config.chainProviders?.map(entry => ({ ...entry, vault: inVault.vault }))
      const alice = await start('alice', config)
      await start('bob', await settlingConfig(world, { chain, token, account: theirs }, { btpServerPort: b, peers: [peerOf('alice', ours, a)] }))
      await pay(alice, 250n, 2)
      await settled(alice)

      vault.server.faults.push('denied')
      vault.server.isLasting = true
      await pay(alice, 250n, 2) // packets go on: they are on credit
      const sick = await eventually('health says why', () => {
        const { dependencies, status } = alice.getHealthStatus()
        return Object.values(dependencies).find(({ reason }) => reason !== undefined) && { dependencies, status }
      })
      expect(sick.status).to.equal('degraded')
      expect(JSON.stringify(sick)).to.contain('AWS KMS does not let us use the key (AccessDeniedException)').and.not.contain('hunter2')
      expect(await owed(alice, 'bob'), 'is owed, not lost').to.equal(-500n)

      vault.server.isLasting = false
      vault.server.faults.length = 0
      await settled(alice)
      await eventually('health is good again', () => Object.values(alice.getHealthStatus().dependencies).every(({ status }) => status === 'up') || undefined)
      const rest = -await owed(alice, 'bob')
      if (rest > 0n) await alice.settle('bob', rest)
      await close(alice)
      expect(await token.read('balanceOf', theirs.address) - TOKENS).to.equal(1000n)
    })

    const missing = missingPart()
    it(missing === undefined ? 'pay with a key in a hardware module' : `are not tried with a hardware module here: ${missing}`, async () => {
      if (missing !== undefined) return
      ({ token } = await chain.createNetwork(6))
      const { publicKey } = await openVaultKey({ key: { kind: 'pkcs11', name: KEY_IN_MODULE }, settings: softHsm(), curves: ['secp256k1'], log: memoryLog() })
      const ours = { address: computeAddress(`0x${publicKey.toString('hex')}`), privateKey: `pkcs11:${KEY_IN_MODULE}` }
      const [owner, theirs] = [accounts[0]!, accounts[2]!]
      for (const { address } of [ours, theirs]) await token.send(owner.address, 'mint', address, TOKENS)
      await chain.rpc('eth_sendTransaction', { from: owner.address, to: ours.address, value: '0xde0b6b3a7640000' })
      const [a, b] = [await freePort(), await freePort()]
      const config = await settlingConfig(world, { chain, token, account: ours }, {
        btpServerPort: a, peers: [peerOf('bob', theirs, b)], routes: [{ prefix: 'g.bob', nextHop: 'bob' }]
      })
      config.chainProviders = config.chainProviders?.map(entry => ({ ...entry, vault: softHsm() }))
      const alice = await start('alice', config)
      await start('bob', await settlingConfig(world, { chain, token, account: theirs }, { btpServerPort: b, peers: [peerOf('alice', ours, a)] }))
      await pay(alice, 250n, 2)
      await settled(alice)
      const rest = -await owed(alice, 'bob')
      if (rest > 0n) await alice.settle('bob', rest)
      await close(alice)
      expect(await token.read('balanceOf', theirs.address) - TOKENS).to.equal(500n)
    })
  })

  describe('on Solana', () => {
    let chain: SolanaChain
    before(async function () {
      this.timeout(INSTALL_TIMEOUT_MS)
      chain = await startSolanaChain()
    })
    after(() => { chain.stop() })

    it('pay with claims and transactions that the vault signs', async () => {
      const mint = await chain.createToken()
      const [ours, theirs] = [await chain.createWallet(mint, TOKENS), await chain.createWallet(mint, TOKENS)]
      const [a, b] = [await freePort(), await freePort()]
      const { rpcUrl, wsUrl, programId } = chain
      const entry = { chainType: 'solana', chainId: SOLANA, rpcUrl, wsUrl, programId, tokenMint: mint, rpsLimit: 1000, settlementOptions: SETTLEMENT }
      const peer = (id: string, port: number, solanaAddress: string): ConnectorConfig['peers'][number] =>
        ({ id, url: `ws://127.0.0.1:${port}`, authToken: SECRET, chain: SOLANA, solanaAddress })
      const inVault = await vaultWith('ed25519', (decodeBase58(ours.key) ?? Buffer.alloc(0)).subarray(0, 32))
      const alice = await start('alice', await configOf(peer('bob', b, theirs.address), a, { ...entry, ...inVault }))
      await start('bob', await configOf(peer('alice', a, ours.address), b, { ...entry, keyId: theirs.key }))
      await pay(alice, 250n, 2)
      await settled(alice)
      await close(alice)
      expect(await chain.tokensOf(theirs.address, mint) - TOKENS).to.equal(500n)
      expect(vault.server.signatures).to.be.greaterThan(1)
    })
  })

  describe('on the XRP Ledger', () => {
    for (const [curve, claims] of [['ed25519', 'packet'], ['secp256k1', 'settlement']] as const) {
      it(`pay with claims of a key that the vault has authorised (${curve}, ${claims})`, async () => {
        const parties = new Parties()
        const wallet = xrpl.Wallet.generate(xrpl.ECDSA[curve])
        parties.alice.address = wallet.classicAddress
        await parties.start()
        world.after(() => parties.stop())
        const chain = `xrp:${parties.network}`
        const [a, b] = [await freePort(), await freePort()]
        const entry = { chainType: 'xrp', chainId: chain, rpcUrl: parties.rippled.url, settlementOptions: { ...SETTLEMENT, claims } }
        const peer = (id: string, port: number, xrpAddress: string): ConnectorConfig['peers'][number] =>
          ({ id, url: `ws://127.0.0.1:${port}`, authToken: SECRET, chain, xrpAddress })
        const inVault = await vaultWith(curve, Buffer.from(wallet.privateKey.slice(2), 'hex'))
        const ours = await configOf(peer('bob', b, parties.bob.address), a, { ...entry, ...inVault })
        const before = parties.wallet(parties.bob)
        let alice = await start('alice', ours)
        await start('bob', await configOf(peer('alice', a, parties.alice.address), b, { ...entry, keyId: parties.bob.seed }))
        await pay(alice, 50n, 20)
        if (claims === 'settlement') await settled(alice)
        await alice.stop()
        alice = await start('alice', ours) // its claim keys are the same
        await pay(alice, 50n, 20)
        await settled(alice)
        const rest = -await owed(alice, 'bob')
        if (rest > 0n) await alice.settle('bob', rest)
        expect(vault.server.signatures, 'transactions only').to.be.lessThan(5)
        await close(alice)
        expect(parties.wallet(parties.bob) - before).to.equal(2000n)
      })
    }
  })

  describe('on Aptos', () => {
    it('pay with claims of a key that the vault has authorised, with every packet', async () => {
      const parties = new AptosParties()
      await parties.start()
      world.after(() => parties.stop())
      const { chain: { url, code, asset }, alice: ours, bob: theirs } = parties
      const chain = `aptos:${parties.place.network}`
      const [a, b] = [await freePort(), await freePort()]
      const entry = {
        chainType: 'aptos', chainId: chain, rpcUrl: url, moduleAddress: code, tokenAddress: asset, settlementOptions: { ...SETTLEMENT, claims: 'packet' }
      }
      const peer = (id: string, port: number, aptosAddress: string): ConnectorConfig['peers'][number] =>
        ({ id, url: `ws://127.0.0.1:${port}`, authToken: SECRET, chain, aptosAddress })
      const inVault = await vaultWith('ed25519', Buffer.from(ours.key.slice(2), 'hex'))
      const config = await configOf(peer('bob', b, theirs.address), a, { ...entry, ...inVault })
      const before = parties.wallet(theirs)
      let alice = await start('alice', config)
      await start('bob', await configOf(peer('alice', a, ours.address), b, { ...entry, keyId: theirs.key }))
      await pay(alice, 50n, 20)
      await alice.stop()
      alice = await start('alice', config) // its claim keys are the same
      await pay(alice, 50n, 20)
      await settled(alice)
      const rest = -await owed(alice, 'bob')
      if (rest > 0n) await alice.settle('bob', rest)
      expect(vault.server.signatures, 'transactions only').to.be.lessThan(5)
      await close(alice)
      await eventually('bob has taken out what the chain has granted', () => parties.wallet(theirs) - before === 2000n)
    })
  })
})
