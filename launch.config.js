/**
 * For pm2: `pm2 start launch.config.js`. Each value is an environment variable of docs/configuration.md; objects and lists are JSON.
 * Change what is yours, and keep the secret out of it: BTP_SECRET=... pm2 start launch.config.js
 * A copy works in every folder that `sluice` is installed in.
 */
import { fileURLToPath } from 'node:url'

/** An account whose peer connects to us on port 7768 as btp+ws://<name>:<BTP_SECRET>@<this host>:7768 */
const child = name => ({
  relation: 'child',
  plugin: 'btp',
  assetCode: 'USD',
  assetScale: 9,
  balance: { minimum: '-1000000000', maximum: '1000000000' },
  options: { listener: { port: Number(process.env.BTP_PORT ?? 7768), username: name, secret: process.env.BTP_SECRET } }
})

export const apps = [{
  name: 'connector',
  script: fileURLToPath(new URL('main.js', import.meta.resolve('sluice'))),
  // Room for what thousands of packets under way leave behind, in MiB: with less, the garbage collector takes a quarter of a busy CPU.
  node_args: '--max-semi-space-size=32',
  env: {
    CONNECTOR_ENV: 'test',
    CONNECTOR_ILP_ADDRESS: 'test.example',
    CONNECTOR_ACCOUNTS: JSON.stringify({ alice: child('alice'), bob: child('bob') }),
    CONNECTOR_BACKEND: 'one-to-one',
    CONNECTOR_SPREAD: '0.002',
    CONNECTOR_STORE_PATH: process.env.CONNECTOR_STORE_PATH ?? 'data/connector',
    CONNECTOR_ADMIN_API: 'true',
    CONNECTOR_ADMIN_API_PORT: process.env.CONNECTOR_ADMIN_API_PORT ?? '7780'
  },
  // The configuration is not valid: it will not be any better the next time.
  stop_exit_codes: [78],
  // Packets under way may take up to CONNECTOR_MAX_HOLD_TIME to finish after pm2 asks the connector to stop.
  kill_timeout: 35_000
}]
