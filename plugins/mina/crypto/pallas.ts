/** The curve of Mina's keys, as far as addresses need it. Source: zcash/pasta; Mina's generator is the point with x = 1. */
import { weierstrass } from '@noble/curves/abstract/weierstrass.js'
import { FIELD, ORDER, type PublicPoint } from '../formats.js'

const GENERATOR_Y = 12418654782883325593414442427049395787963493412651469444558597405572177144507n

const Pallas = weierstrass({ p: FIELD, n: ORDER, h: 1n, a: 0n, b: 5n, Gx: 1n, Gy: GENERATOR_Y })

/** Of a private key. */
export function publicPointOf (scalar: bigint): PublicPoint {
  const { x, y } = Pallas.BASE.multiply(scalar).toAffine()
  return { x, isOdd: (y & 1n) === 1n }
}

/** Whether there is a point with this x: half of all numbers have none, and money sent to such an address is lost. */
export function isOnCurve ({ x }: PublicPoint): boolean {
  const square = (x * x % FIELD * x + 5n) % FIELD
  return square === 0n || powerOf(square, (FIELD - 1n) / 2n) === 1n
}

/** Modulo the field. */
function powerOf (base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base]
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = result * square % FIELD
    square = square * square % FIELD
  }
  return result
}
