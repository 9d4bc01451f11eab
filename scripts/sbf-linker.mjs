/**
 * Links what clang makes for BPF (`--target=bpfel`) into a program that Solana's loaders take: an ELF shared object of SBPF version 0, with
 * code, constants, and a list of the system calls to fill in. No other linker makes these without Solana's own toolchain. Everything is
 * written in the order given, so the same objects always give the same bytes.
 */
const ELF_HEADER = 64
const PROGRAM_HEADER = 56
const SECTION_HEADER = 64
const MACHINE_BPF = 247
const SHARED_OBJECT = 3
const SHT = { PROGBITS: 1, SYMTAB: 2, STRTAB: 3, DYNAMIC: 6, NOBITS: 8, REL: 9, DYNSYM: 11 }
const SHF = { WRITE: 1, ALLOC: 2, EXEC: 4 }
const PT = { LOAD: 1, DYNAMIC: 2 }
const DT = { NULL: 0, SYMTAB: 6, REL: 17, RELSZ: 18, RELENT: 19, FLAGS: 30 }
const DF_TEXTREL = 4
const STT_SECTION = 3
const UNDEFINED = 0
/** Relocations: an address in a two-slot load, an address in data, a call. */
const R = { LOAD: 1, ABSOLUTE: 2, CALL: 10 }
/** Where the runtime maps the file. */
const READ_ONLY_BASE = 0x1_0000_0000n
const INSTRUCTION = 8
/** In the second byte of a call: the target is in this program. */
const IN_PROGRAM = 0x10

/** The system calls that a program may make. An unknown name is a function that somebody forgot, such as a `memcpy` of the compiler's. */
const SYSTEM_CALLS = new Set([
  'sol_invoke_signed_c', 'sol_create_program_address', 'sol_try_find_program_address', 'sol_get_clock_sysvar', 'sol_log_data', 'sol_log_',
  'sol_memcpy_', 'sol_memset_', 'sol_memcmp_'
])

/**
 * @param objects `{ name, bytes }` of each relocatable object. One of them has the function `entrypoint`.
 * @returns the bytes of the program. Throws for what a program cannot have: variables, unknown functions.
 */
export function link (objects) {
  const parsed = objects.map(({ name, bytes }) => readObject(name, bytes))
  const globals = globalsOf(parsed)
  const code = place(parsed, section => (section.flags & SHF.EXEC) !== 0)
  const constants = place(parsed, section => (section.flags & SHF.EXEC) === 0)
  const layout = layoutOf(code.length, constants.length)
  const addressOf = symbol => {
    const found = symbol.section === UNDEFINED ? globals.get(symbol.name) : symbol
    if (found === undefined) return undefined
    const { placedIn, at } = found.object.sections[found.section]
    return (placedIn === code ? layout.code : layout.constants) + at + found.value
  }
  const systemCalls = parsed.flatMap(object => relocate(object, { code, layout, addressOf }))
  const entry = globals.get('entrypoint')
  if (entry === undefined) throw new Error('no object has the function entrypoint')
  return writeProgram({ code, constants, systemCalls, entry: addressOf(entry) })
}

function readObject (name, bytes) {
  if (bytes.readUInt32BE(0) !== 0x7f454c46 || bytes.readUInt16LE(18) !== MACHINE_BPF) throw new Error(`${name} is not an object for BPF`)
  const u64 = at => Number(bytes.readBigUInt64LE(at))
  const text = (from, at) => bytes.toString('latin1', from + at, bytes.indexOf(0, from + at))
  const sections = Array.from({ length: bytes.readUInt16LE(60) }, (_, i) => {
    const at = u64(40) + SECTION_HEADER * i
    return {
      nameAt: bytes.readUInt32LE(at), type: bytes.readUInt32LE(at + 4), flags: u64(at + 8), offset: u64(at + 24), size: u64(at + 32),
      link: bytes.readUInt32LE(at + 40), info: bytes.readUInt32LE(at + 44), alignment: u64(at + 48)
    }
  })
  const names = sections[bytes.readUInt16LE(62)].offset
  for (const section of sections) section.name = text(names, section.nameAt)
  const object = { name, bytes, sections }
  const table = sections.find(({ type }) => type === SHT.SYMTAB)
  object.symbols = Array.from({ length: table.size / 24 }, (_, i) => {
    const at = table.offset + 24 * i
    return {
      object, name: text(sections[table.link].offset, bytes.readUInt32LE(at)), isGlobal: bytes[at + 4] >> 4 !== 0, type: bytes[at + 4] & 15,
      section: bytes.readUInt16LE(at + 6), value: u64(at + 8)
    }
  })
  return object
}

function globalsOf (objects) {
  const globals = new Map()
  for (const symbol of objects.flatMap(({ symbols }) => symbols)) {
    if (!symbol.isGlobal || symbol.section === UNDEFINED) continue
    if (globals.has(symbol.name)) throw new Error(`${symbol.name} is in ${globals.get(symbol.name).object.name} and in ${symbol.object.name}`)
    globals.set(symbol.name, symbol)
  }
  return globals
}

/** Puts the wanted sections of all objects behind each other, and notes at each where it went. */
function place (objects, isWanted) {
  const placed = []
  let end = 0
  for (const { name, bytes, sections } of objects) {
    for (const section of sections) {
      if ((section.flags & SHF.ALLOC) === 0 || section.size === 0 || !isWanted(section)) continue
      if ((section.flags & SHF.WRITE) !== 0 || section.type === SHT.NOBITS) {
        throw new Error(`${name} has variables (${section.name}), which programs cannot have`)
      }
      section.at = alignUp(end, Math.max(INSTRUCTION, section.alignment))
      end = section.at + section.size
      placed.push([section, bytes])
    }
  }
  const all = Buffer.alloc(alignUp(end, INSTRUCTION))
  for (const [section, bytes] of placed) {
    bytes.copy(all, section.at, section.offset, section.offset + section.size)
    section.placedIn = all
  }
  return all
}

/** Fills in addresses. Returns `{ name, at }` of each system call, with its place in the file. */
function relocate (object, { code, layout, addressOf }) {
  const systemCalls = []
  for (const table of object.sections.filter(({ type }) => type === SHT.REL)) {
    const { placedIn, at: base } = object.sections[table.info]
    if (placedIn === undefined) continue
    for (let entry = table.offset; entry < table.offset + table.size; entry += 16) {
      const at = base + Number(object.bytes.readBigUInt64LE(entry))
      const type = object.bytes.readUInt32LE(entry + 8)
      const symbol = object.symbols[object.bytes.readUInt32LE(entry + 12)]
      const address = addressOf(symbol)
      if (type === R.CALL && address !== undefined) callInProgram(code, at, address - layout.code, symbol)
      else if (type === R.CALL) systemCalls.push(callOfSystem(code, at, layout.code, symbol, object))
      else if (address === undefined) throw new Error(`${object.name} uses ${symbol.name}, which no object has`)
      else if (type === R.LOAD) loadAddress(placedIn, at, address)
      else if (type === R.ABSOLUTE) placedIn.writeBigUInt64LE(READ_ONLY_BASE + BigInt(address) + placedIn.readBigUInt64LE(at), at)
      else throw new Error(`${object.name} has a relocation of type ${type}`)
    }
  }
  return systemCalls
}

/** Calls count in instructions from the next one. A function without a symbol of its own is given by its place in the section. */
function callInProgram (code, at, target, symbol) {
  const inSection = symbol.type === STT_SECTION ? (code.readInt32LE(at + 4) + 1) * INSTRUCTION : 0
  code.writeInt32LE((target + inSection - at) / INSTRUCTION - 1, at + 4)
  code[at + 1] = code[at + 1] & 0x0f | IN_PROGRAM
}

function callOfSystem (code, at, codeAt, { name }, object) {
  if (!SYSTEM_CALLS.has(name)) throw new Error(`${object.name} calls ${name}, which is neither in the program nor a known system call`)
  code.writeInt32LE(-1, at + 4)
  code[at + 1] &= 0x0f
  return { name, at: codeAt + at }
}

/** The address is in two halves, in two instructions. What stands there already is added. */
function loadAddress (section, at, address) {
  const added = BigInt(section.readUInt32LE(at + 4)) | BigInt(section.readUInt32LE(at + 12)) << 32n
  const value = READ_ONLY_BASE + BigInt(address) + added
  section.writeUInt32LE(Number(value & 0xffff_ffffn), at + 4)
  section.writeUInt32LE(Number(value >> 32n), at + 12)
}

/** Where code and constants are in the file; the runtime has them at the same addresses. */
function layoutOf (codeSize, constantsSize) {
  const code = alignUp(ELF_HEADER + 4 * PROGRAM_HEADER, 16)
  const constants = alignUp(code + codeSize, 16)
  return { code, constants, dynamic: alignUp(constants + constantsSize, 16) }
}

/**
 * Writes a program from finished parts: `code` and `constants` are bytes, `systemCalls` is `{ name, at }` with the place of each call
 * instruction in the file, `entry` the place of the first instruction.
 */
export function writeProgram ({ code, constants, systemCalls, entry }) {
  const layout = layoutOf(code.length, constants.length)
  const names = ['entrypoint', ...new Set(systemCalls.map(({ name }) => name))]
  const strings = stringTable(names)
  const symbols = Buffer.concat([Buffer.alloc(24), ...names.map((name, i) =>
    i === 0 ? symbolEntry(strings.at(name), 0x12, 1, entry) : symbolEntry(strings.at(name), 0x10, UNDEFINED, 0))])
  const relocations = Buffer.concat(systemCalls.map(({ name, at }) => u64s(at, BigInt(1 + names.indexOf(name)) << 32n | BigInt(R.CALL))))
  const symbolsAt = layout.dynamic + 6 * 16
  const stringsAt = symbolsAt + symbols.length
  const relocationsAt = alignUp(stringsAt + strings.bytes.length, 8)
  const tables = [DT.REL, relocationsAt, DT.RELSZ, relocations.length, DT.RELENT, 16, DT.SYMTAB, symbolsAt]
  const dynamic = u64s(DT.FLAGS, DF_TEXTREL, ...tables, DT.NULL, 0)
  const parts = [
    { name: '.text', type: SHT.PROGBITS, flags: SHF.ALLOC | SHF.EXEC, at: layout.code, bytes: code },
    { name: '.rodata', type: SHT.PROGBITS, flags: SHF.ALLOC, at: layout.constants, bytes: constants },
    { name: '.dynamic', type: SHT.DYNAMIC, flags: SHF.ALLOC | SHF.WRITE, at: layout.dynamic, bytes: dynamic, link: 5, entrySize: 16 },
    { name: '.dynsym', type: SHT.DYNSYM, flags: SHF.ALLOC, at: symbolsAt, bytes: symbols, link: 5, info: 1, entrySize: 24 },
    { name: '.dynstr', type: SHT.STRTAB, flags: SHF.ALLOC, at: stringsAt, bytes: strings.bytes },
    { name: '.rel.dyn', type: SHT.REL, flags: SHF.ALLOC, at: relocationsAt, bytes: relocations, link: 4, entrySize: 16 }
  ]
  const sectionNames = stringTable([...parts.map(({ name }) => name), '.shstrtab'])
  const namesAt = relocationsAt + relocations.length
  parts.push({ name: '.shstrtab', type: SHT.STRTAB, flags: 0, at: namesAt, bytes: sectionNames.bytes })
  const sectionsAt = alignUp(namesAt + sectionNames.bytes.length, 8)
  const file = Buffer.alloc(sectionsAt + SECTION_HEADER * (parts.length + 1))
  elfHeader(entry, sectionsAt, parts.length + 1).copy(file)
  const loaded = namesAt - layout.dynamic
  Buffer.concat([
    programHeader(PT.LOAD, 5, layout.code, code.length, 0x1000), programHeader(PT.LOAD, 4, layout.constants, constants.length, 0x1000),
    programHeader(PT.LOAD, 4, layout.dynamic, loaded, 0x1000), programHeader(PT.DYNAMIC, 6, layout.dynamic, dynamic.length, 8)
  ]).copy(file, ELF_HEADER)
  parts.forEach((part, i) => {
    part.bytes.copy(file, part.at)
    sectionHeader(sectionNames.at(part.name), part).copy(file, sectionsAt + SECTION_HEADER * (i + 1))
  })
  return file
}

function elfHeader (entry, sectionsAt, sections) {
  const header = Buffer.alloc(ELF_HEADER)
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(header) // 64 bits, little-endian, version 1
  header.writeUInt16LE(SHARED_OBJECT, 16)
  header.writeUInt16LE(MACHINE_BPF, 18)
  header.writeUInt32LE(1, 20)
  u64s(entry, ELF_HEADER, sectionsAt).copy(header, 24)
  const sizes = [ELF_HEADER, PROGRAM_HEADER, 4, SECTION_HEADER, sections, sections - 1]
  sizes.forEach((size, i) => header.writeUInt16LE(size, 52 + 2 * i))
  return header
}

function programHeader (type, flags, at, size, alignment) {
  return Buffer.concat([u32s(type, flags), u64s(at, at, at, size, size, alignment)])
}

function sectionHeader (nameAt, { type, flags, at, bytes, link = 0, info = 0, entrySize = 0 }) {
  const address = (flags & SHF.ALLOC) === 0 ? 0 : at
  return Buffer.concat([
    u32s(nameAt, type), u64s(flags, address, at, bytes.length), u32s(link, info), u64s((flags & SHF.ALLOC) === 0 ? 1 : 8, entrySize)
  ])
}

function symbolEntry (nameAt, info, section, value) {
  const entry = Buffer.alloc(8)
  entry.writeUInt32LE(nameAt, 0)
  entry[4] = info
  entry.writeUInt16LE(section, 6)
  return Buffer.concat([entry, u64s(value, 0)])
}

function stringTable (names) {
  const places = new Map()
  let text = '\0'
  for (const name of names) {
    places.set(name, text.length)
    text += `${name}\0`
  }
  return { bytes: Buffer.from(text, 'latin1'), at: name => places.get(name) }
}

function u64s (...values) {
  const bytes = Buffer.alloc(8 * values.length)
  values.forEach((value, i) => bytes.writeBigUInt64LE(BigInt(value), 8 * i))
  return bytes
}

function u32s (...values) {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => bytes.writeUInt32LE(value, 4 * i))
  return bytes
}

function alignUp (value, alignment) {
  return Math.ceil(value / alignment) * alignment
}
