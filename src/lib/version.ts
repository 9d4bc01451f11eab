/** The version of the package, as its manifest has it. */
import { createRequire } from 'node:module'

const manifest = createRequire(import.meta.url)('sluice/package.json') as { version: string }

export const { version } = manifest
