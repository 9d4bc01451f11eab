/** Arguments of Move functions: read from BCS or from JSON by the types of the parameters, for the functions of this stand-in. */
import { BcsError, BcsReader, bytesOf, canonical } from './bcs.js'

export type Parameter = 'address' | 'u64' | 'vector<u8>' | 'vector<address>' | 'vector<vector<u8>>' | 'object'

type Value = string | bigint | Uint8Array | readonly string[] | readonly Uint8Array[]

export class Arguments {
  constructor (readonly typeArguments: readonly string[], private readonly values: readonly Value[]) {}

  address (index: number): string {
    const value = this.values[index]
    if (typeof value !== 'string') throw new BcsError(`argument ${index} is no address`)
    return value
  }

  u64 (index: number): bigint {
    const value = this.values[index]
    if (typeof value !== 'bigint') throw new BcsError(`argument ${index} is no u64`)
    return value
  }

  bytes (index: number): Uint8Array {
    const value = this.values[index]
    if (!(value instanceof Uint8Array)) throw new BcsError(`argument ${index} is no vector<u8>`)
    return value
  }

  addresses (index: number): string[] {
    return this.list(index).map(value => {
      if (typeof value !== 'string') throw new BcsError(`argument ${index} is no vector<address>`)
      return value
    })
  }

  chunks (index: number): Uint8Array[] {
    return this.list(index).map(value => {
      if (!(value instanceof Uint8Array)) throw new BcsError(`argument ${index} is no vector<vector<u8>>`)
      return value
    })
  }

  private list (index: number): ReadonlyArray<string | Uint8Array> {
    const value = this.values[index]
    if (!Array.isArray(value)) throw new BcsError(`argument ${index} is no list`)
    return value as ReadonlyArray<string | Uint8Array>
  }
}

/** @throws BcsError if they do not fit */
export function fromBcs (parameters: readonly Parameter[], typeArguments: readonly string[], args: readonly Uint8Array[]): Arguments {
  checkCount(parameters, args)
  return new Arguments(typeArguments, parameters.map((parameter, index) => {
    const reader = new BcsReader(args[index] ?? new Uint8Array())
    const value = readBcs(parameter, reader)
    reader.end()
    return value
  }))
}

function readBcs (parameter: Parameter, reader: BcsReader): Value {
  switch (parameter) {
  case 'address':
  case 'object': return reader.address()
  case 'u64': return reader.u64()
  case 'vector<u8>': return reader.vector()
  case 'vector<address>': return reader.list(() => reader.address())
  case 'vector<vector<u8>>': return reader.list(() => reader.vector())
  }
}

/** @throws BcsError if they do not fit */
export function fromJson (parameters: readonly Parameter[], typeArguments: readonly string[], args: readonly unknown[]): Arguments {
  checkCount(parameters, args)
  return new Arguments(typeArguments, parameters.map((parameter, index) => readJson(parameter, args[index])))
}

function readJson (parameter: Parameter, value: unknown): Value {
  switch (parameter) {
  case 'object': return canonical(textIn(typeof value === 'object' && value !== null && 'inner' in value ? value.inner : value))
  case 'address': return canonical(textIn(value))
  case 'u64': {
    const text = textIn(value)
    if (!/^\d{1,20}$/.test(text) || BigInt(text) >= 2n ** 64n) throw new BcsError(`"${text}" is no u64`)
    return BigInt(text)
  }
  case 'vector<u8>': return bytesOf(textIn(value))
  case 'vector<address>': return listIn(value).map(item => canonical(textIn(item)))
  case 'vector<vector<u8>>': return listIn(value).map(item => bytesOf(textIn(item)))
  }
}

function textIn (value: unknown): string {
  if (typeof value !== 'string') throw new BcsError(`${JSON.stringify(value)} should be text`)
  return value
}

function listIn (value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new BcsError(`${JSON.stringify(value)} should be a list`)
  return value
}

function checkCount (parameters: readonly Parameter[], args: readonly unknown[]): void {
  if (args.length !== parameters.length) throw new BcsError(`${args.length} arguments for ${parameters.length} parameters`)
}
