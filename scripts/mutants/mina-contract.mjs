/** Breakages of the contract of channels on Mina, and of the process that proves. */
const CONTRACT = 'plugins/mina/contract/channel.js'
const CONTRACT_TEST = ['test/plugins/mina/contract/channel.test.js']
const PROVER = 'plugins/mina/prover/prover.js'
const PROVER_TEST = ['test/plugins/mina/prover/prover.test.js']

export const minaContractMutants = [
  {
    name: 'lets the payee of a Mina channel redeem what nobody signed',
    file: CONTRACT,
    edits: [["isSigned.assertTrue('not signed by the payer');", '']],
    tests: CONTRACT_TEST
  },
  {
    name: 'redeems an older claim of a Mina channel again',
    file: CONTRACT,
    edits: [["amount.assertGreaterThan(before, 'nothing to redeem');", '']],
    tests: CONTRACT_TEST
  },
  {
    name: 'leaves the payee of a Mina channel out of who signs',
    file: CONTRACT,
    edits: [['update.requireSignature();', '']],
    tests: CONTRACT_TEST
  },
  {
    name: 'ends the challenge of a Mina channel too early',
    file: CONTRACT,
    edits: [['this.closesAt.set(until.add(challenge))', 'this.closesAt.set(until)']],
    tests: CONTRACT_TEST
  },
  {
    name: 'leaves a finished Mina channel good for later claims',
    file: CONTRACT,
    edits: [['this.redeemed.set(UInt64.MAXINT())', 'this.redeemed.set(amount)']],
    tests: CONTRACT_TEST
  },
  {
    name: 'lets the key of a Mina channel set its state',
    file: CONTRACT,
    edits: [['editState: Permissions.proof()', 'editState: Permissions.proofOrSignature()']],
    tests: CONTRACT_TEST
  },
  {
    name: 'proves for Mina in the order of asking',
    file: PROVER,
    edits: [['a.priority - b.priority', '0']],
    tests: PROVER_TEST
  },
  {
    name: 'keeps circuits for Mina that cannot be used',
    file: PROVER,
    edits: [['await rm(this.#cacheDir, { recursive: true, force: true })', '']],
    tests: PROVER_TEST
  },
  {
    name: 'hands the environment to the process that proves for Mina',
    file: 'plugins/mina/prover/prover-process.js',
    edits: [["const PASSED_ON = ['PATH', 'HOME', 'TMPDIR']", 'const PASSED_ON = Object.keys(process.env)']],
    tests: PROVER_TEST
  },
  {
    name: 'gives up a job for Mina that was preempted',
    file: PROVER,
    edits: [['else if (wasPreempted)\n            this.#again(task, 0);', "else if (wasPreempted)\n            task.reject(new ProverError('preempted', false));"]],
    tests: PROVER_TEST
  }
]
