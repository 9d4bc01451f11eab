/** Breakages of the wallet: its keys are those of the standards, and nothing but the password opens it. */
const KEYS = 'test/plugins/lib/keys/wallet.test.js'
const FILE = 'test/lib/wallet/wallet-file.test.js'
const COMMAND = 'test/commands/cli/wallet.test.js'

export const walletMutants = [
  {
    name: 'derives Ed25519 keys without the byte before the key',
    file: 'plugins/lib/keys/derive.js',
    edits: [['node.copy(data, 1, 0, 32)', 'node.copy(data, 0, 0, 32)']],
    tests: ['test/plugins/lib/keys/derive.test.js']
  },
  {
    name: 'uses the path of MetaMask for a node',
    file: 'plugins/evm/wallet.js',
    edits: [["m/44'/60'/1'/0/", "m/44'/60'/0'/0/"]],
    tests: ['test/plugins/evm/wallet.test.js']
  },
  {
    name: 'reads a wallet that asks for 100 GB',
    file: 'src/lib/wallet/wallet-file.js',
    edits: [['.max(COST_MAX)', '']],
    tests: [FILE]
  },
  {
    name: 'does not bind what stands beside the seed in a wallet file',
    file: 'src/lib/wallet/wallet-file.js',
    edits: [['[VERSION, createdAt, n,', '[VERSION, n,']],
    tests: [FILE]
  },
  {
    name: 'takes a backup with a wrong checksum',
    file: 'src/lib/wallet/backup.js',
    edits: [['checksumOf(data) !== data.checksum', 'false']],
    tests: ['test/lib/wallet/backup.test.js']
  },
  {
    name: 'overwrites a wallet',
    file: 'src/lib/private-file.js',
    edits: [['linkSync(beside, file);\n        rmSync(beside);', 'renameSync(beside, file);']],
    tests: ['test/lib/private-file.test.js', FILE]
  },
  {
    name: 'shows the words of a new wallet where no terminal is',
    file: 'src/commands/cli/wallet.js',
    edits: [['process.stdout.isTTY ? inWords(entropy)', 'true ? inWords(entropy)']],
    tests: [COMMAND]
  },
  {
    name: 'finds out that a wallet does not open only when the chain is reached',
    file: 'plugins/evm/options.js',
    edits: [['walletKey(keyId, walletPlace)', 'void walletKey']],
    tests: [KEYS]
  },
  {
    name: 'uses one key of the wallet for every index',
    file: 'plugins/lib/keys/wallet.js',
    edits: [['place.path(index)', 'place.path(0)']],
    tests: [KEYS]
  },
  {
    name: 'repeats the word that is wrong',
    file: 'src/lib/wallet/words.js',
    edits: [['[index + 1]', '[word]']],
    tests: ['test/lib/wallet/words.test.js']
  }
]
