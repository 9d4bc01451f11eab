/** `connector import`: turns the configuration of another connector for agents into one of this. */
import { stringify } from 'yaml'
import { importFile } from '../../config/node/import.js'
import type { Command } from './command.js'
import { usageError } from './command.js'
import { complain, EXIT, print } from './output.js'

export const importing: Command = {
  name: 'import',
  summary: 'Turns the configuration of another connector for agents into one for "start"',
  usage: '<file>',
  description: `Reads the YAML or JSON configuration of a node of @toon-protocol/connector or @crosstown/connector, of any version, and prints one for
"connector start" on stdout. On stderr, one line for each key that has no place here says what to do instead. References to variables
(\${NAME}) and secrets stay as they are. Settings that protect the node (limits, the admin API, a proxy) are never left out: one that cannot be
used stays, and the node does not start until you have corrected or removed it. Check the result with "connector validate".
Only configurations of nodes are read: no .env files, no TOML of Rust connectors, and no launch files of ilp-connector, which the command
ilp-connector takes as they are.
Exit codes: 0 everything was carried over, 2 something was left out or cannot be used (it is on stderr), 78 the file cannot be read,
or is not that of a node.`,
  options: {},
  maxPositionals: 1,
  examples: ['connector import old-config.yaml > config.yaml'],

  run ({ positionals: [file] }) {
    if (file === undefined) throw usageError(importing, 'Which file?')
    const { config, left } = importFile(file)
    print(stringify(config).trimEnd())
    for (const line of left) complain(line)
    return Promise.resolve(left.length === 0 ? EXIT.ok : EXIT.incomplete)
  }
}
