// Writes the pages of docs/ that are made from the code. Run after `npm run build`.
import { writeFileSync } from 'node:fs'
import { configurationReference } from '../dist/scripts/config-reference.js'
import { errorsReference } from '../dist/scripts/errors-reference.js'
import { logEventsPage } from '../dist/scripts/log-events.js'
import { metricsReference } from '../dist/scripts/metrics-reference.js'

const pages = { configuration: configurationReference, errors: errorsReference, 'log-events': logEventsPage, metrics: metricsReference }

for (const [name, page] of Object.entries(pages)) writeFileSync(new URL(`../docs/${name}.md`, import.meta.url), page())
