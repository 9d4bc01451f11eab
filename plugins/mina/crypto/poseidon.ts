/**
 * Mina's hash of field elements: what claims, domains and addresses are bound with. Here and not from an SDK, so that a node that reads a
 * configuration, or looks at a claim, loads none. Source: o1-labs/proof-systems, poseidon, "kimchi": 55 full rounds, power 7, rate 2, and
 * the constants of a round are added at its end.
 */
import { FIELD } from '../formats.js'
import { POSEIDON_CONSTANTS } from './poseidon-constants.js'

const BYTES = 32
const WIDTH = 3
const RATE = 2

type State = [bigint, bigint, bigint]

const rows = rowsIn(Buffer.from(POSEIDON_CONSTANTS, 'base64'))
const MATRIX = rows.slice(0, WIDTH)
const ROUNDS = rows.slice(WIDTH)

/** @param input field elements, each below the modulus */
export function poseidon (input: readonly bigint[]): bigint {
  let state: State = [0n, 0n, 0n]
  for (let i = 0; i < Math.max(input.length, 1); i += RATE) {
    state = permuted([state[0] + (input[i] ?? 0n), state[1] + (input[i + 1] ?? 0n), state[2]])
  }
  return state[0]
}

function permuted (state: State): State {
  let now = state
  for (const constants of ROUNDS) {
    const powers: State = [seventh(now[0]), seventh(now[1]), seventh(now[2])]
    const next = (i: number): bigint => {
      const row = MATRIX[i] as State
      return (row[0] * powers[0] + row[1] * powers[1] + row[2] * powers[2] + (constants[i] ?? 0n)) % FIELD
    }
    now = [next(0), next(1), next(2)]
  }
  return now
}

function seventh (number: bigint): bigint {
  const second = number * number % FIELD
  const fourth = second * second % FIELD
  return fourth * second % FIELD * number % FIELD
}

function rowsIn (bytes: Buffer): State[] {
  const numberAt = (index: number): bigint => BigInt(`0x${bytes.subarray(index * BYTES, (index + 1) * BYTES).toString('hex')}`)
  const rowAt = (at: number): State => [numberAt(at), numberAt(at + 1), numberAt(at + 2)]
  return Array.from({ length: bytes.length / BYTES / WIDTH }, (_, row) => rowAt(row * WIDTH))
}
