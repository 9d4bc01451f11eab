#!/usr/bin/env node
/** The daemon at the path that launch files name: `node_modules/sluice/dist/src/main.js`. It is the bin `ilp-connector`. */
import './commands/daemon/main.js'
