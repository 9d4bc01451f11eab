/**
 * Amounts as people read them, from decimal strings of base units. Everything is counted in `bigint`: a `number` would change the last
 * digits of what a large account is worth.
 */
import type { InAsset } from '../../src/contracts/explorer-events.js'

/** An amount in the asset that it counts in. */
export type Money = InAsset & { amount: string }

/** Digits that an amount below one keeps when it is shortened: `0.0000123`. */
const SIGNIFICANT = 3
/** Digits after the point of an amount of one or more. */
const FRACTION = 2
/** Beyond so many digits before the point, those after it say nothing. */
const WHOLE_ONLY = 6
/** More zeros than an asset can have are not written out, whatever a peer says its scale is. */
const SCALE_MAX = 255

/** Base units of a decimal string. 0 for anything else: what a page shows must not end it. */
export function baseUnits (amount: string | undefined): bigint {
  return amount !== undefined && /^-?\d{1,80}$/.test(amount) ? BigInt(amount) : 0n
}

/** All digits: `-1,284.500000000`. */
export function fullAmount (amount: string | bigint, assetScale: number): string {
  const { sign, whole, fraction } = parts(amount, assetScale)
  return `${sign}${grouped(whole)}${fraction === '' ? '' : `.${fraction}`}`
}

/**
 * Few digits: `1,284.50`, `0.0000123`. Cut and not rounded, so that a limit never looks reached that is not; and never `0.00` for
 * something that is not nothing.
 */
export function shortAmount (amount: string | bigint, assetScale: number): string {
  const { sign, whole, fraction } = parts(amount, assetScale)
  if (fraction === '' || whole.length > WHOLE_ONLY) return sign + grouped(whole)
  const zeros = /^0*/.exec(fraction)?.[0].length ?? 0
  const digits = whole !== '0' || zeros === fraction.length ? FRACTION : Math.max(FRACTION, zeros + SIGNIFICANT)
  const kept = fraction.slice(0, digits)
  const trimmed = kept.length > FRACTION ? kept.replace(/0+$/, '').padEnd(FRACTION, '0') : kept
  return `${sign}${grouped(whole)}.${trimmed}`
}

/** For a tooltip: every digit, and the base units. */
export function exactWords ({ amount, assetScale, assetCode }: Money): string {
  return `${fullAmount(amount, assetScale)} ${assetCode} = ${baseUnits(amount).toString()} base units (scale ${assetScale})`
}

/** For a chart, which has no use for more digits than pixels. */
export function approximate (amount: string | bigint, assetScale: number): number {
  const units = typeof amount === 'bigint' ? amount : baseUnits(amount)
  return Number(units) / 10 ** Math.min(SCALE_MAX, assetScale)
}

/** How much of `whole` is `part`, from 0 to 1: the length of a bar. */
export function share (part: bigint, whole: bigint): number {
  if (whole <= 0n || part <= 0n) return 0
  return part >= whole ? 1 : Number(part * 10_000n / whole) / 10_000
}

/** What comes in the same asset, added up; in the order in which the assets come. */
export function addedUp (amounts: readonly Money[]): Money[] {
  const sums = new Map<string, Money>()
  for (const { amount, assetCode, assetScale } of amounts) {
    const key = assetKey({ assetCode, assetScale })
    sums.set(key, { assetCode, assetScale, amount: (baseUnits(sums.get(key)?.amount) + baseUnits(amount)).toString() })
  }
  return [...sums.values()]
}

/** `USD/9`, as the books name it. */
export function assetKey ({ assetCode, assetScale }: InAsset): string {
  return `${assetCode}/${assetScale}`
}

/** The asset of a name such as `USD/9`. */
export function assetOf (key: string): InAsset {
  const at = key.lastIndexOf('/')
  const assetScale = Number(key.slice(at + 1))
  return at < 0 || !Number.isSafeInteger(assetScale) ? { assetCode: key, assetScale: 0 } : { assetCode: key.slice(0, at), assetScale }
}

/**
 * `amount` of one asset at a rate in whole units, in base units of the other, cut.
 * @param rate a decimal such as `0.92`; undefined is answered for anything else
 */
export function atRate (amount: bigint, fromScale: number, rate: string, toScale: number): bigint | undefined {
  const [, whole, fraction = ''] = /^(\d{1,40})(?:\.(\d{1,60}))?$/.exec(rate) ?? []
  if (whole === undefined) return undefined
  return amount * BigInt(whole + fraction) * 10n ** BigInt(toScale) / 10n ** BigInt(fraction.length + fromScale)
}

/** Base units of what somebody typed: `1,284.5`. Undefined where it is not an amount, or has more digits than the asset. */
export function typedAmount (text: string, assetScale: number): bigint | undefined {
  const [, whole, fraction = ''] = /^\s*(\d[\d,]{0,40})(?:\.(\d{0,60}))?\s*$/.exec(text) ?? []
  if (whole === undefined || fraction.length > assetScale) return undefined
  return BigInt(whole.replaceAll(',', '') + fraction.padEnd(assetScale, '0'))
}

function parts (amount: string | bigint, assetScale: number): { sign: string, whole: string, fraction: string } {
  const units = typeof amount === 'bigint' ? amount : baseUnits(amount)
  const scale = Number.isSafeInteger(assetScale) ? Math.min(SCALE_MAX, Math.max(0, assetScale)) : 0
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
  return { sign: units < 0n ? '−' : '', whole: digits.slice(0, digits.length - scale), fraction: scale === 0 ? '' : digits.slice(-scale) }
}

function grouped (whole: string): string {
  return whole.replace(/\B(?=(\d{3})+$)/g, ',')
}
