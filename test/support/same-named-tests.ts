/**
 * Where the tests of a source stand: in the test of the same name at the mirrored place, or, for the sources listed here, in the test
 * through which they are exercised. `npm run test:one` and `npm run watch` find tests by this, and an architecture test keeps it true.
 */
import { existsSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import ts from 'typescript'

/** Folders of sources. The test of `src/ledger/audit.ts` is `test/ledger/audit.test.ts`; other rooms keep their name below `test`. */
export const SOURCE_ROOMS = ['src', 'plugins', 'middlewares', 'backends', 'stores']

/** By the test that exercises them: sources that a test of their own would show no better. */
export const EXERCISED_THROUGH: Readonly<Record<string, readonly string[]>> = {
  'test/e2e/daemon/package.test.ts': [
    'src/connector/deep-imports/accounts.ts', 'src/connector/deep-imports/config.ts', 'src/connector/deep-imports/rate-backend.ts'
  ],
  'test/e2e/money/accounts-that-go.test.ts': ['src/accounts/settlement-index.ts'],
  'test/explorer/counts.test.ts': ['src/explorer/latencies.ts'],
  'test/explorer/notices.test.ts': ['src/accounts/notices.ts', 'src/explorer/balances.ts', 'src/explorer/channel-notices.ts'],
  'test/explorer/packets.test.ts': ['src/explorer/budget.ts', 'src/pipeline/followed.ts', 'src/pipeline/packet-observers.ts'],
  'test/accounts/failing-plugins.test.ts': ['src/connector/account-connections.ts'],
  'test/admin/connector/api.test.ts': [
    'src/admin/connector/accounts.ts', 'src/admin/connector/balances.ts', 'src/admin/connector/body.ts', 'src/admin/connector/rates.ts',
    'src/admin/connector/routes.ts', 'src/admin/connector/stats.ts'
  ],
  'test/node/audit-calls.test.ts': ['src/admin/node/audit.ts', 'src/lib/actor.ts'],
  'test/node/audit-log.test.ts': ['src/commands/cli/audit.ts', 'src/lib/audit-chain.ts'],
  'test/middlewares/guard.test.ts': [
    'middlewares/lib/guard/paused-peers.ts', 'middlewares/lib/guard/watched-peer.ts', 'src/contracts/guard.ts', 'src/lib/guard-rules.ts'
  ],
  'test/commands/cli/channels.test.ts': ['src/commands/cli/admin-request.ts'],
  'test/admin/node/dashboard.test.ts': ['src/node/facades/dashboard.ts'],
  'test/admin/connector/listen.test.ts': ['src/http/server.ts'],
  'test/admin/connector/openapi.test.ts': ['src/http/docs-page.ts', 'src/http/examples.ts', 'src/http/openapi.ts'],
  'test/admin/node/api.test.ts': [
    'src/admin/node/admin-server.ts', 'src/admin/node/balances.ts', 'src/admin/node/listen.ts', 'src/admin/node/peers.ts'
  ],
  'test/backends/ecb-plus-coinmarketcap.test.ts': ['backends/lib/crypto-rates.ts'],
  'test/backends/lib/market/market-feed.test.ts': ['backends/lib/market/source-state.ts'],
  'test/backends/market.test.ts': [
    'backends/lib/manual-prices.ts', 'backends/lib/market/assets.ts', 'backends/lib/market/sources.ts', 'backends/lib/shown-price.ts'
  ],
  'test/backends/ecb.test.ts': [
    'backends/lib/currency-backend.ts', 'backends/lib/ecb.ts', 'backends/lib/rate-feed.ts', 'backends/lib/rate-source.ts'
  ],
  'test/backends/exact-rates.test.ts': ['src/lib/fraction.ts'],
  'test/backends/conformance.test.ts': ['backends/one-to-one.ts', 'backends/lib/mock-data.ts'],
  'test/commands/cli/explorer-client.test.ts': ['src/commands/cli/explain.ts', 'src/commands/cli/top.ts'],
  'test/commands/cli/health.test.ts': ['src/commands/cli/http.ts'],
  'test/commands/cli/import.test.ts': ['src/config/node/carry.ts', 'src/config/node/import.ts'],
  'test/commands/cli/main.test.ts': ['src/commands/cli/command.ts', 'src/commands/cli/output.ts'],
  'test/commands/cli/setup.test.ts': ['src/commands/cli/questions.ts', 'src/commands/cli/setup-settlement.ts'],
  'test/commands/cli/transports.test.ts': ['src/commands/cli/env-file.ts'],
  'test/e2e/node/faucet.test.ts': [
    'plugins/evm/open-treasury.ts', 'plugins/evm/treasury.ts', 'src/commands/cli/faucet.ts', 'src/commands/cli/fund-peers.ts', 'src/commands/cli/treasury.ts'
  ],
  'test/plugins/solana/open-treasury.test.ts': ['plugins/solana/treasury.ts'],
  'test/admin/faucet/api.test.ts': ['src/admin/faucet/page.ts'],
  'test/commands/cli/wallet.test.ts': ['src/commands/cli/hidden-input.ts'],
  'test/commands/cli/validate.test.ts': ['src/commands/cli/topology.ts'],
  'test/config/connector/config.test.ts': ['src/config/connector/rules.ts', 'src/config/errors.ts'],
  'test/config/connector/reference.test.ts': ['src/config/connector/schema.ts', 'src/config/fields.ts'],
  'test/accounts/accounts.test.ts': ['src/contracts/account.ts'],
  'test/config/connector/account-schema.test.ts': ['src/lib/field-kinds.ts', 'src/config/limits.ts'],
  'test/config/node/chains.test.ts': [
    'plugins/evm/formats.ts', 'plugins/evm/legacy.ts', 'plugins/lib/channels/chain-entry.ts', 'plugins/lib/keys/fields.ts',
    'src/config/node/chain-kinds.ts', 'src/config/node/legacy.ts', 'src/config/node/settlement-chains.ts', 'src/config/node/unsupported.ts'
  ],
  'test/config/node/config-loader.test.ts': [
    'src/config/node/env.ts', 'src/config/node/peer.ts', 'src/config/node/settlement-terms.ts', 'src/config/node/rules.ts',
    'src/config/node/schema.ts', 'src/config/node/secret-texts.ts', 'src/config/node/yaml-file.ts'
  ],
  'test/e2e/daemon/start-stop.test.ts': ['src/commands/daemon/main.ts', 'src/commands/daemon/quickstart.ts', 'src/main.ts'],
  'test/node/peers.test.ts': ['src/config/node/relations.ts'],
  'test/e2e/node/access.test.ts': ['src/node/btp-access.ts', 'src/node/guest-places.ts', 'src/node/guests.ts'],
  'test/e2e/node/handlers.test.ts': ['plugins/local/business-logic.ts', 'plugins/local/options.ts'],
  'test/e2e/money/node-peers.test.ts': ['src/node/unsettled-marker.ts'],
  'test/e2e/node/explorer.test.ts': [
    'src/explorer/door.ts', 'src/explorer/explorer.ts', 'src/explorer/views/presence.ts', 'src/explorer/views/sources.ts',
    'src/node/explorer.ts'
  ],
  'test/explorer/access.test.ts': ['src/explorer/tickets.ts'],
  'test/explorer/api.test.ts': ['src/explorer/query.ts', 'src/explorer/thrift.ts'],
  'test/forwarding/forwarder.test.ts': ['src/forwarding/handle-prepare.ts', 'src/forwarding/peer-protocols.ts', 'src/forwarding/rate-backend.ts'],
  'test/plugins/lib/keys/clouds.test.ts': [
    'plugins/lib/keys/aws-kms.ts', 'plugins/lib/keys/azure-kv.ts', 'plugins/lib/keys/gcp-kms.ts', 'plugins/lib/keys/open.ts', 'plugins/lib/keys/vault.ts'
  ],
  'test/plugins/lib/keys/pkcs11.test.ts': ['plugins/lib/keys/pkcs11-library.ts', 'plugins/lib/keys/pkcs11-uri.ts'],
  'test/plugins/xrp/channel-provider.test.ts': [
    'plugins/xrp/account-check.ts', 'plugins/xrp/channel-book.ts', 'plugins/lib/channels/kept-channels.ts', 'plugins/xrp/open-chain.ts',
    'plugins/xrp/provider.ts',
    'plugins/xrp/ledger/connection.ts', 'plugins/xrp/ledger/desk.ts', 'plugins/xrp/ledger/entries.ts'
  ],
  'test/plugins/xrp/ledger/ledger.test.ts': ['plugins/xrp/ledger/server-check.ts'],
  'test/plugins/xrp/ledger/sender.test.ts': [
    'plugins/xrp/ledger/operations.ts', 'plugins/xrp/ledger/outcomes.ts', 'plugins/xrp/ledger/signer.ts',
    'plugins/xrp/ledger/transactions.ts'
  ],
  'test/plugins/xrp/chain-kind.test.ts': ['plugins/xrp/formats.ts'],
  'test/e2e/settlement/xrp.test.ts': ['plugins/xrp/index.ts'],
  'test/http/router.test.ts': ['src/lib/first-fault.ts', 'src/http/body.ts', 'src/http/errors.ts', 'src/http/responses.ts', 'src/http/route.ts'],
  'test/ledger/conformance.test.ts': ['src/ledger/book.ts', 'src/ledger/embedded/memory-ledger.ts', 'src/ledger/holds.ts'],
  'test/ledger/embedded/departed-strangers.test.ts': ['src/contracts/ledger.ts'],
  'test/ledger/embedded/embedded-ledger.test.ts': ['src/ledger/embedded/records.ts'],
  'test/ledger/tigerbeetle/ledger.test.ts': [
    'src/ledger/service.ts', 'src/ledger/tigerbeetle/book.ts', 'src/ledger/tigerbeetle/first-use.ts', 'src/ledger/tigerbeetle/begun-settlements.ts',
    'src/ledger/tigerbeetle/totals.ts', 'src/ledger/tigerbeetle/transfers.ts'
  ],
  'test/lib/log.test.ts': ['src/contracts/logger.ts', 'src/lib/version.ts'],
  'test/metrics/stats.test.ts': ['src/metrics/account-metrics.ts', 'src/metrics/default-metrics.ts'],
  'test/middlewares/balance.test.ts': ['middlewares/shared-credit.ts'],
  'test/middlewares/deduplicate.test.ts': ['middlewares/lib/packet-memory.ts'],
  'test/middlewares/lib/settlement-log.test.ts': ['src/lib/settlement-line.ts'],
  'test/middlewares/expire.test.ts': ['middlewares/validate-fulfillment.ts'],
  'test/modules/load-module.test.ts': ['src/modules/chain-kind.ts', 'src/modules/construct.ts', 'src/modules/load-error.ts'],
  'test/node/connector-node.test.ts': [
    'src/node/btp.ts', 'src/node/connector-options.ts', 'src/node/errors.ts', 'src/node/packets.ts', 'src/node/peer-account.ts', 'src/node/send-packet.ts'
  ],
  'test/node/facades/btp-server.test.ts': ['src/node/facades/btp-client-manager.ts', 'src/node/facades/btp-client.ts'],
  'test/node/facades/facades.test.ts': [
    'src/index.ts', 'src/node/facades/account-manager.ts', 'src/node/facades/channel-manager.ts', 'src/node/facades/packet-handler.ts'
  ],
  'test/node/facades/settlement-executor.test.ts': ['src/node/facades/settlement-monitor.ts'],
  'test/node/metrics.test.ts': ['src/node/metric-sources.ts', 'middlewares/observer.ts'],
  'test/node/overlay.test.ts': ['src/node/circuits.ts', 'src/node/socks-probe.ts'],
  'test/node/managed-proxy.test.ts': ['src/node/proxy-files.ts'],
  'test/node/traffic.test.ts': ['src/node/packet-log.ts'],
  'test/pipeline/defaults.test.ts': ['src/contracts/middleware.ts'],
  'test/e2e/money/settlements-that-moved.test.ts': ['src/contracts/pays-nothing-error.ts'],
  'test/plugins/aptos/move/bytecode.test.ts': ['plugins/aptos/move/artifact.ts'],
  'test/plugins/btp/client.test.ts': ['plugins/btp/introduction.ts'],
  'test/plugins/btp/sub-protocols.test.ts': ['src/contracts/transport.ts'],
  'test/plugins/btp/btp.test.ts': ['plugins/btp/wire/errors.ts'],
  'test/plugins/btp/broken-connections.test.ts': ['plugins/btp/wire/unknown-outcomes.ts', 'plugins/btp/wire/socket.ts'],
  'test/plugins/btp/wire/backpressure.test.ts': ['plugins/btp/wire/early-reject.ts'],
  'test/plugins/evm/chain/transactions.test.ts': [
    'plugins/lib/channels/operation-store.ts', 'plugins/evm/chain/operations.ts', 'plugins/evm/chain/rpc.ts', 'plugins/evm/chain/wallet.ts'
  ],
  'test/plugins/evm/chain/ethers.test.ts': ['plugins/lib/optional-package.ts'],
  'test/plugins/evm/claims.test.ts': [
    'plugins/evm/chain/signer.ts', 'plugins/evm/crypto/secp256k1.ts', 'plugins/evm/crypto/signature-threads.ts', 'plugins/evm/crypto/signature-worker.ts',
    'plugins/evm/eip712.ts'
  ],
  'test/plugins/evm/contracts.test.ts': [
    'plugins/evm/artifacts/StateProbe.ts', 'plugins/evm/artifacts/TokenNetwork.ts', 'plugins/evm/artifacts/TokenNetworkRegistry.ts',
    'plugins/evm/artifacts/TransferProbe.ts'
  ],
  'test/plugins/solana/chain-kind.test.ts': ['plugins/solana/formats.ts'],
  'test/plugins/solana/claims.test.ts': ['plugins/solana/messages.ts'],
  'test/plugins/aptos/chain-kind.test.ts': ['plugins/aptos/formats.ts'],
  'test/plugins/aptos/claims.test.ts': ['plugins/aptos/claim-keys.ts', 'plugins/aptos/messages.ts'],
  'test/plugins/aptos/options.test.ts': ['plugins/aptos/keys.ts'],
  'test/plugins/aptos/channel-provider.test.ts': [
    'plugins/aptos/provider.ts', 'plugins/aptos/chain/assets.ts', 'plugins/aptos/chain/payloads.ts', 'plugins/aptos/chain/plans.ts'
  ],
  'test/plugins/aptos/chain/second-opinion.test.ts': ['plugins/lib/rpc/second-opinion.ts'],
  'test/plugins/aptos/chain/connection.test.ts': ['plugins/lib/rpc/progress.ts', 'plugins/lib/clocks.ts'],
  'test/plugins/aptos/attacks.test.ts': [
    'plugins/aptos/channel-book.ts', 'plugins/aptos/chain/channel-state.ts', 'plugins/aptos/chain/code-check.ts',
    'plugins/aptos/chain/fate.ts', 'plugins/aptos/chain/fees.ts', 'plugins/aptos/chain/operations.ts',
    'plugins/aptos/chain/watch.ts'
  ],
  'test/e2e/settlement/aptos.test.ts': ['plugins/aptos/index.ts', 'plugins/aptos/open-chain.ts', 'plugins/aptos/chain/sdk.ts'],
  'test/plugins/solana/ed25519.test.ts': ['plugins/lib/keys/strict-ed25519.ts'],
  'test/plugins/solana/options.test.ts': ['plugins/solana/keys.ts'],
  'test/e2e/settlement/solana.test.ts': ['plugins/solana/index.ts', 'plugins/solana/open-chain.ts'],
  'test/plugins/solana/channel-provider.test.ts': [
    'plugins/solana/chain/addresses.ts', 'plugins/solana/chain/channel-account.ts', 'plugins/solana/chain/fees.ts', 'plugins/solana/chain/instructions.ts',
    'plugins/solana/chain/plans.ts', 'plugins/solana/chain/socket.ts', 'plugins/solana/chain/token.ts', 'plugins/solana/chain/wire.ts'
  ],
  'test/plugins/solana/provider.test.ts': [
    'plugins/lib/rpc/json-rpc.ts', 'plugins/lib/rpc/node-address.ts',
    'plugins/solana/chain/connection.ts', 'plugins/solana/chain/ended.ts',
    'plugins/solana/chain/known-channels.ts',
    'plugins/solana/chain/logs.ts', 'plugins/solana/chain/operations.ts', 'plugins/solana/chain/program-check.ts',
    'plugins/solana/chain/transactions.ts', 'plugins/solana/chain/watch.ts'
  ],
  'test/plugins/mina/channel-provider.test.ts': [
    'plugins/mina/channel-book.ts', 'plugins/mina/plans.ts', 'plugins/mina/provider.ts',
    'plugins/mina/chain/desk.ts', 'plugins/mina/chain/feed.ts', 'plugins/mina/chain/node.ts', 'plugins/mina/chain/operations.ts',
    'plugins/mina/chain/queries.ts', 'plugins/mina/chain/transactions.ts'
  ],
  'test/plugins/mina/attacks.test.ts': ['plugins/mina/chain/fees.ts', 'plugins/mina/hard-fork.ts'],
  'test/plugins/mina/channel-keys.test.ts': ['plugins/mina/keys.ts'],
  'test/plugins/mina/claims.test.ts': [
    'plugins/mina/claim-rate.ts', 'plugins/mina/claim-record.ts', 'plugins/mina/hashes.ts', 'plugins/mina/crypto/mina-signer.ts',
    'plugins/mina/crypto/signature-threads.ts', 'plugins/mina/crypto/signature-worker.ts'
  ],
  'test/plugins/mina/crypto/poseidon.test.ts': ['plugins/mina/crypto/poseidon-constants.ts'],
  'test/plugins/mina/formats.test.ts': ['plugins/mina/crypto/pallas.ts'],
  'test/plugins/mina/options.test.ts': ['plugins/mina/entry-fields.ts'],
  'test/e2e/settlement/mina.test.ts': ['plugins/mina/index.ts', 'plugins/mina/open-chain.ts'],
  'test/plugins/solana/program/binary.test.ts': ['plugins/solana/program/artifact.ts'],
  'test/plugins/evm/odd-contracts.test.ts': ['plugins/evm/chain/abi-check.ts', 'plugins/evm/payouts.ts'],
  'test/plugins/evm/provider.test.ts': [
    'plugins/evm/open-chain.ts', 'plugins/evm/chain/events.ts', 'plugins/evm/chain/network.ts',
    'plugins/evm/channel-log.ts', 'plugins/evm/index.ts'
  ],
  'test/plugins/lib/channels/closing.test.ts': [
    'plugins/lib/channels/operator-actions.ts', 'plugins/lib/channels/answers.ts', 'plugins/lib/channels/way-to-end.ts'
  ],
  'test/plugins/lib/channels/features.test.ts': ['plugins/lib/channels/payee-end.ts'],
  'test/plugins/lib/channels/handing-over.test.ts': ['plugins/lib/channels/pairs.ts'],
  'test/plugins/lib/channels/channels.test.ts': ['plugins/lib/channels/known-channel.ts', 'plugins/lib/channels/per-minute.ts'],
  'test/plugins/lib/channels/histories.test.ts': [
    'plugins/lib/channels/claim-ledger.ts', 'plugins/lib/channels/claim-sender.ts', 'plugins/lib/channels/outgoing.ts',
    'plugins/lib/channels/read-record.ts', 'plugins/lib/channels/records.ts'
  ],
  'test/plugins/lib/channels/packets.test.ts': ['plugins/lib/channels/counted.ts', 'plugins/lib/channels/prepaid.ts'],
  'test/plugins/lib/channels/settlement.test.ts': [
    'plugins/lib/channels/admin-info.ts', 'plugins/lib/channels/operations.ts', 'plugins/lib/channels/options.ts',
    'plugins/lib/channels/parts.ts', 'plugins/lib/channels/messages.ts', 'plugins/lib/channels/account-parts.ts', 'plugins/lib/channels/types.ts',
    'plugins/lib/channels/without-connector.ts'
  ],
  'test/plugins/mina/contract/channel.test.ts': ['plugins/mina/contract/terms.ts'],
  'test/plugins/mina/prover/prover.test.ts': ['plugins/mina/prover/process.ts', 'plugins/mina/prover/prover-process.ts'],
  'test/support/mina/index.test.ts': [
    'plugins/mina/prover/commands.ts', 'plugins/mina/prover/local-instance.ts', 'plugins/mina/prover/unproven.ts'
  ],
  'test/routing/ccp/peer-session.test.ts': ['src/routing/ccp/clock.ts', 'src/routing/ccp/peer-sessions.ts'],
  'test/explorer/history.test.ts': ['src/explorer/history-index.ts', 'src/explorer/history-query.ts', 'src/explorer/history-streams.ts'],
  'test/explorer/history-damage.test.ts': ['src/explorer/history-file.ts', 'src/explorer/history-footer.ts', 'src/explorer/history-frames.ts'],
  'test/routing/router.test.ts': [
    'src/routing/fixed-routes.ts', 'src/routing/metrics.ts', 'src/routing/service.ts', 'src/routing/status.ts',
    'src/routing/table/limits.ts', 'src/routing/table/route.ts', 'src/routing/table/tables.ts'
  ],
  'test/stores/leveldown.test.ts': ['stores/lib/level-packages.ts', 'stores/lib/level-store.ts', 'stores/lib/open-leveldb.ts'],
  'test/stores/lib/leveldb-damage.test.ts': ['stores/lib/leveldb-log.ts']
}

/** The places where the test of a source may stand; for an `index.ts` the name of its folder counts as its own. */
export function mirrored (source: string): string[] {
  const bare = source.replace(/^src\//, '').replace(/\.ts$/, '')
  const folder = posix.dirname(bare)
  const own = `test/${bare}.test.ts`
  return posix.basename(bare) === 'index' && folder !== '.' ? [own, `test/${folder}/${posix.basename(folder)}.test.ts`] : [own]
}

/** The tests of a file: of a test itself, of a source those of its name or those through which it is exercised. Paths from the root. */
export function testsOf (path: string): string[] {
  if (path.endsWith('.test.ts')) return existsSync(path) ? [path] : []
  const own = mirrored(path).filter(test => existsSync(test))
  return own.length > 0 ? own : Object.entries(EXERCISED_THROUGH).filter(([, sources]) => sources.includes(path)).map(([test]) => test)
}

/** Whether nothing of a source is left when it is compiled: there is nothing to test in it. */
export function hasOnlyTypes (source: string): boolean {
  const { statements } = ts.createSourceFile(source, readFileSync(source, 'utf8'), ts.ScriptTarget.Latest)
  return statements.every(statement => ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement) ||
    (ts.isImportDeclaration(statement) && statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) ||
    (ts.isExportDeclaration(statement) && statement.isTypeOnly))
}
