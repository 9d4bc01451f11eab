/** What the configuration tests share: the real reference connector's reader, and the lines that a refused configuration gives. */
import { createRequire } from 'node:module'
import { ConfigError } from '../../src/config/errors.js'

export interface ReferenceConfig {
  loadFromEnv (env: NodeJS.ProcessEnv): void
  loadFromOpts (options: object): void
  get (option: string): unknown
}

const load = createRequire(import.meta.url)

/** Config of ilp-connector 23.0.2 itself. */
export const ReferenceConfig = (load('ilp-connector/dist/services/config') as { default: new () => ReferenceConfig }).default

export const peer = { relation: 'peer', plugin: 'ilp-plugin-btp', assetCode: 'USD', assetScale: 9 }

/** The lines of the ConfigError that `load` throws; none when it throws nothing. */
export function linesOf (load: () => unknown): string[] {
  try {
    load()
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n')
    throw error
  }
}

export function isRefused (load: () => unknown): boolean {
  try {
    load()
    return false
  } catch {
    return true
  }
}
