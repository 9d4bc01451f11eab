/** Solana's part keeps what every chain's part promises, on a real RPC node with the program deployed. */
import { channelProviderConformance, type ChainParty } from '../../conformance/channel-provider.js'
import { SolanaClaims } from '../../../plugins/solana/claims.js'
import { startSolanaChain, type SolanaChain, type Wallet } from '../../../examples/solana-chain.js'
import { memoryStore } from '../../support/evm/life.js'
import { RpcProxy } from '../../support/evm/rpc-proxy.js'
import { INSTALL_TIMEOUT_MS } from '../../support/solana/tools.js'
import { solanaLives } from '../../support/solana/life.js'

const HOUR = 3600
const FUNDS = 1_000_000n

describe('Solana', function () {
  this.timeout(120_000)
  let chain: SolanaChain
  before(async function () {
    this.timeout(INSTALL_TIMEOUT_MS)
    chain = await startSolanaChain()
  })
  after(() => { chain.stop() })
  const provide = solanaLives(() => chain)

  channelProviderConformance('Solana', async () => {
    const mint = await chain.createToken()
    const proxy = await new RpcProxy(chain.rpcUrl).start()
    const party = async (wallet: Wallet, rpcUrl = chain.rpcUrl): Promise<ChainParty> => {
      const store = memoryStore()
      const provider = provide(wallet, { mint, store, rpcUrl })
      await provider.connect()
      return {
        provider,
        codec: new SolanaClaims({ genesis: chain.genesis, programId: chain.programId, cluster: 'localnet' }, wallet.signer),
        wallet: () => chain.tokensOf(wallet.address, mint),
        restart: async () => {
          await provider.disconnect()
          const again = provide(wallet, { mint, store, rpcUrl })
          await again.connect()
          return again
        }
      }
    }
    const newWallet = (): Promise<Wallet> => chain.createWallet(mint, FUNDS)
    return {
      parties: [await party(await newWallet(), proxy.url), await party(await newWallet()), await party(await newWallet())],
      challengeSecs: HOUR,
      pass: secs => chain.pass(secs),
      setWeather: weather => {
        if (weather === 'away') proxy.cut()
        else proxy.mend()
      },
      stop: () => proxy.stop()
    }
  }, { features: { directions: 'both', opening: 'empty', ends: 'consent', payouts: 'pushed', nonces: true }, weather: true })
})
