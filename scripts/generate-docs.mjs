// Writes the pages of docs/ that are made from the code. Run after `npm run build`.
import { writeFileSync } from 'node:fs'
import { configurationReference } from '../dist/scripts/config-reference.js'

writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationReference())
