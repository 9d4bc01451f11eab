/** Amounts as people read them. Programs get base units. */

/**
 * `1500000000` at scale 9 is `1.500000000 USD`: always all digits of the scale, so that amounts line up and none is rounded.
 * @param amount base units
 */
export function amountInWords (amount: bigint, assetScale: number, assetCode: string): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(assetScale + 1, '0')
  const whole = digits.slice(0, digits.length - assetScale)
  const fraction = assetScale === 0 ? '' : `.${digits.slice(-assetScale)}`
  return `${amount < 0n ? '-' : ''}${whole}${fraction} ${assetCode}`
}

/** The amount of `1.5` at scale 9, in base units. Undefined when it is not a decimal number, or has more digits than the scale. */
export function amountOfWords (text: string, scale: number): bigint | undefined {
  const [, whole = '', fraction = ''] = /^(\d{1,30})(?:\.(\d{1,36}))?$/.exec(text) ?? []
  return whole === '' || fraction.length > scale ? undefined : BigInt(`${whole}${fraction.padEnd(scale, '0')}`)
}

/** What amounts count in, in the words of the books: `USD/9`. */
export function unitOf ({ assetCode, assetScale }: { assetCode: string, assetScale: number }): string {
  return `${assetCode}/${assetScale}`
}

/** The same, with scale and code in the words of the books: `USD/9`. Undefined for an amount in no known unit. */
export function amountInUnit (amount: bigint, unit: string | undefined): string | undefined {
  const [, assetCode, assetScale] = /^(.+)\/(\d{1,3})$/s.exec(unit ?? '') ?? []
  return assetCode === undefined ? undefined : amountInWords(amount, Number(assetScale), assetCode)
}
