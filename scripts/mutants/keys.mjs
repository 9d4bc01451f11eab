/** Breakages of how keys in vaults sign. */
const SIGNER = 'plugins/lib/keys/vault-signer.js'
const QUEUE_TEST = ['test/plugins/lib/keys/signing-queue.test.js']
const SIGNER_TEST = ['test/plugins/lib/keys/vault-signer.test.js']
const CLOUDS = ['test/plugins/lib/keys/clouds.test.js']

export const keyMutants = [
  {
    name: 'reaches the vault of a chain behind a proxy directly',
    file: 'plugins/lib/keys/open.js',
    edits: [["settings.transport === 'direct' ? undefined : socksProxy", 'undefined']],
    tests: ['test/plugins/lib/keys/proxied.test.js']
  },
  {
    name: 'gives on whatever a vault signs, without a look at whose key it is',
    file: 'plugins/lib/keys/vault-signer.js',
    edits: [['verify(null, bytes, ed25519PublicKey(this.publicKey), signature) ? Buffer.from(signature) : undefined', 'Buffer.from(signature)']],
    tests: CLOUDS
  },
  {
    name: 'keeps the upper s that a vault gives',
    file: 'plugins/lib/keys/secp256k1.js',
    edits: [['given.hasHighS()', 'false']],
    tests: ['test/plugins/lib/keys/secp256k1.test.js']
  },
  {
    name: 'lets any number of callers wait for a vault',
    file: 'plugins/lib/keys/signing-queue.js',
    edits: [['sum + list.length, 0) >= MAX_WAITING', 'sum + list.length, 0) >= Infinity']],
    tests: QUEUE_TEST
  },
  {
    name: 'bounds the signatures of a key by account, and not by key',
    file: SIGNER,
    edits: [['${this.publicKey.toString(\'hex\')}', '${Math.random()}']],
    tests: QUEUE_TEST
  },
  {
    name: 'lets one account fill the queue of a key for all others',
    file: 'plugins/lib/keys/signing-queue.js',
    edits: [['if (longest.length <= own.length + 1)', 'if (true)']],
    tests: QUEUE_TEST
  },
  {
    name: 'waits for a vault that does not answer',
    file: SIGNER,
    edits: [['Promise.race([asking, late])', 'asking']],
    tests: SIGNER_TEST
  },
  {
    name: 'keeps those waiting that have waited too long for a vault',
    file: SIGNER,
    edits: [['Date.now() - askedMs > TURN_MS', 'false']],
    tests: SIGNER_TEST
  },
  {
    name: 'asks a vault again that has said no',
    file: SIGNER,
    edits: [['!error.isPassing || ', '']],
    tests: SIGNER_TEST
  },
  {
    name: 'has a vault hash the digest once more',
    file: 'plugins/lib/keys/aws-kms.js',
    edits: [["MessageType: 'DIGEST'", "MessageType: 'RAW'"]],
    tests: CLOUDS
  },
  {
    name: 'takes a claim for each packet under a key in a vault',
    file: 'plugins/lib/keys/key-id.js',
    edits: [["claims === 'packet' && ", 'false && ']],
    tests: ['test/plugins/lib/keys/key-id.test.js']
  },
  {
    name: 'shows a wrong PIN to a token until it is locked',
    file: 'plugins/lib/keys/pkcs11.js',
    edits: [['wrongPins.add(token)', 'void token']],
    tests: ['test/plugins/lib/keys/pkcs11.test.js']
  },
  {
    name: 'draws another secret for claim keys at each start',
    file: 'plugins/lib/keys/session-secret.js',
    edits: [["if (kept !== undefined)\n        return Buffer.from(kept, 'hex');", '']],
    tests: ['test/plugins/lib/keys/session-secret.test.js']
  },
  {
    name: 'signs with the key of the environment where a vault was asked for',
    file: 'plugins/evm/legacy.js',
    edits: [["said.set('keyId', { value: key.keyId, variable: key.source });", '']],
    tests: ['test/plugins/evm/key-backend.test.js']
  }
]
