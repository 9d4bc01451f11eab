// Writes the pages of docs/ that are made from the code. Run after `npm run build`.
import { writeFileSync } from 'node:fs'
import { configurationReference } from '../dist/scripts/config-reference.js'
import { errorsReference } from '../dist/scripts/errors-reference.js'

const pages = { configuration: configurationReference, errors: errorsReference }

for (const [name, page] of Object.entries(pages)) writeFileSync(new URL(`../docs/${name}.md`, import.meta.url), page())
