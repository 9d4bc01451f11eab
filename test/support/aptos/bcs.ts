/** BCS, in which Aptos writes transactions and arguments (the BCS specification): u64 little-endian, lengths as ULEB128. */

/** What is read is not what was expected. */
export class BcsError extends Error {}

export class BcsReader {
  private at = 0
  constructor (private readonly bytes: Uint8Array) {}

  u8 (): number { return this.fixed(1)[0] ?? 0 }
  bool (): boolean {
    const byte = this.u8()
    if (byte > 1) throw new BcsError(`${byte} is no bool`)
    return byte === 1
  }

  u64 (): bigint { return Buffer.from(this.fixed(8)).readBigUInt64LE() }

  /** Of a length, or of a variant: 32 bits, in the shortest form only. */
  uleb (): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8()
      value += (byte & 0x7f) * 2 ** shift
      if (byte >= 0x80) continue
      if (shift > 0 && byte === 0) throw new BcsError('a length is not in its shortest form')
      return value
    }
    throw new BcsError('a length has more than 32 bits')
  }

  fixed (length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw new BcsError(`${length} bytes are expected, and ${this.bytes.length - this.at} are there`)
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  vector (): Uint8Array { return this.fixed(this.uleb()) }
  text (): string { return Buffer.from(this.vector()).toString() }
  address (): string { return `0x${Buffer.from(this.fixed(32)).toString('hex')}` }

  list<T> (read: () => T): T[] {
    const length = this.uleb()
    if (length > this.bytes.length) throw new BcsError(`a list of ${length} does not fit in ${this.bytes.length} bytes`)
    return Array.from({ length }, read)
  }

  /** What has been read since `from`. */
  since (from: number): Uint8Array { return this.bytes.subarray(from, this.at) }

  get position (): number { return this.at }

  end (): void {
    if (this.at !== this.bytes.length) throw new BcsError(`${this.bytes.length - this.at} bytes are left over`)
  }
}

export function u8 (value: number): Uint8Array { return Uint8Array.of(value) }

export function u64 (value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}

function uleb (value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return Uint8Array.from([...bytes, rest])
}

export function vector (bytes: Uint8Array): Uint8Array { return Buffer.concat([uleb(bytes.length), bytes]) }
export function text (value: string): Uint8Array { return vector(Buffer.from(value)) }
export function address (value: string): Uint8Array { return Buffer.from(canonical(value).slice(2), 'hex') }

/** An address with all its 64 digits, as this stand-in keeps it. @throws BcsError if it is none */
export function canonical (value: string): string {
  if (!/^(0x)?[0-9a-fA-F]{1,64}$/.test(value)) throw new BcsError(`invalid account address "${value}"`)
  return `0x${value.replace(/^0x/, '').toLowerCase().padStart(64, '0')}`
}

/** Without leading zeros, as nodes print it (api/types/src/address.rs). */
export function short (value: string): string { return value.replace(/^0x0+(?=[0-9a-f])/, '0x') }

export function hexOf (bytes: Uint8Array): string { return `0x${Buffer.from(bytes).toString('hex')}` }

/** @throws BcsError if it is not hexadecimal */
export function bytesOf (hex: string): Uint8Array {
  if (!/^(0x)?([0-9a-fA-F]{2})*$/.test(hex)) throw new BcsError(`"${hex}" is not hexadecimal`)
  return Buffer.from(hex.replace(/^0x/, ''), 'hex')
}
