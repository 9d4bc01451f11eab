/**
 * As much of GraphQL as clients of a Mina node use: operations, aliases, arguments, variables, fragments. Answers come from a tree of
 * values.
 */

/** A value that is given out as it is, such as GraphQL's custom scalar JSON: it takes no selection. */
export class JsonScalar {
  constructor (readonly value: unknown) {}
}

export type Arguments = Record<string, unknown>
type Answer = string | number | boolean | null | undefined | JsonScalar | Type | readonly Answer[]
/** What a field gives. A function is asked with the arguments of the field. */
type Resolver = Answer | ((args: Arguments) => Answer | Promise<Answer>)
/** An object type: `Object.keys` are all its fields. */
export interface Type { readonly [field: string]: Resolver }

interface Field { kind: 'field', name: string, alias: string, args: Arguments, selection: Selection[] | undefined }
type Selection = Field | { kind: 'spread', name: string } | { kind: 'inline', selection: Selection[] }
interface Document { operation: 'query' | 'mutation', selection: Selection[], fragments: Map<string, Selection[]> }

export class GraphQLError extends Error {}

/**
 * @param roots the types of queries and mutations
 * @returns the answer as it goes over HTTP
 */
export async function graphqlAnswer (source: string, variables: Arguments, roots: { query: Type, mutation: Type }): Promise<object> {
  try {
    const document = new Parser(source, variables).document()
    return { data: await objectOf(document.selection, roots[document.operation], document) }
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    return { errors: [{ message: error.message, path: [] }], data: null }
  }
}

async function objectOf (selections: Selection[], type: Type, document: Document): Promise<object> {
  const found: Record<string, unknown> = {}
  for (const selection of selections) {
    if (selection.kind === 'inline') {
      Object.assign(found, await objectOf(selection.selection, type, document))
      continue
    }
    if (selection.kind === 'spread') {
      const fields = document.fragments.get(selection.name)
      if (fields === undefined) throw new GraphQLError(`Undefined fragment '${selection.name}'`)
      Object.assign(found, await objectOf(fields, type, document))
      continue
    }
    if (!Object.hasOwn(type, selection.name)) throw new GraphQLError(`Field '${selection.name}' is not defined on this type`)
    const resolver = type[selection.name]
    found[selection.alias] = await valueOf(typeof resolver === 'function' ? await resolver(selection.args) : resolver, selection, document)
  }
  return found
}

async function valueOf (value: Answer, field: Field, document: Document): Promise<unknown> {
  if (value === null || value === undefined) return null
  if (value instanceof JsonScalar) return value.value
  if (isList(value)) return Promise.all(value.map(each => valueOf(each, field, document)))
  if (typeof value !== 'object') return value
  if (field.selection === undefined) throw new GraphQLError(`Field '${field.name}' needs a selection of fields`)
  return objectOf(field.selection, value, document)
}

function isList (value: Answer): value is readonly Answer[] {
  return Array.isArray(value)
}

const TOKEN = /[\s,]+|#[^\n]*|("""[\s\S]*?"""|"(?:[^"\\]|\\.)*"|\.\.\.|[!$():=@[\]{}|]|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[_A-Za-z]\w*)/gy

class Parser {
  private readonly tokens: string[]
  private at = 0

  constructor (source: string, private readonly variables: Arguments) {
    this.tokens = tokensOf(source)
  }

  document (): Document {
    const fragments = new Map<string, Selection[]>()
    let main: Omit<Document, 'fragments'> | undefined
    while (this.at < this.tokens.length) {
      if (this.skips('fragment')) {
        const name = this.next()
        this.expect('on')
        this.next()
        fragments.set(name, this.selection())
        continue
      }
      const operation = this.skips('mutation') ? 'mutation' : 'query'
      if (this.peek() !== '{') this.head()
      main = { operation, selection: this.selection() }
    }
    if (main === undefined) throw new GraphQLError('No operation found')
    return { ...main, fragments }
  }

  /** `query Name ($a: Type!)`: types are not checked. */
  private head (): void {
    while (this.peek() !== '{' && this.at < this.tokens.length) this.next()
  }

  private selection (): Selection[] {
    const found: Selection[] = []
    this.expect('{')
    while (!this.skips('}')) {
      if (!this.skips('...')) found.push(this.field())
      else if (this.skips('on')) {
        this.next()
        found.push({ kind: 'inline', selection: this.selection() })
      } else found.push({ kind: 'spread', name: this.next() })
    }
    return found
  }

  private field (): Field {
    const first = this.next()
    const name = this.skips(':') ? this.next() : first
    const args: Arguments = {}
    if (this.skips('(')) {
      while (!this.skips(')')) {
        const key = this.next()
        this.expect(':')
        args[key] = this.value()
      }
    }
    return { kind: 'field', name, alias: first, args, selection: this.peek() === '{' ? this.selection() : undefined }
  }

  private value (): unknown {
    const token = this.next()
    if (token === '$') return this.variables[this.next()]
    if (token === '[') {
      const list: unknown[] = []
      while (!this.skips(']')) list.push(this.value())
      return list
    }
    if (token === '{') {
      const object: Record<string, unknown> = {}
      while (!this.skips('}')) {
        const key = this.next()
        this.expect(':')
        object[key] = this.value()
      }
      return object
    }
    if (token.startsWith('"')) return JSON.parse(token)
    if (token === 'null') return null
    if (token === 'true' || token === 'false') return token === 'true'
    return /^-?\d/.test(token) ? Number(token) : token
  }

  private peek (): string | undefined {
    return this.tokens[this.at]
  }

  private next (): string {
    const token = this.tokens[this.at++]
    if (token === undefined) throw new GraphQLError('The query ends too early')
    return token
  }

  private skips (token: string): boolean {
    if (this.peek() !== token) return false
    this.at++
    return true
  }

  private expect (token: string): void {
    const found = this.next()
    if (found !== token) throw new GraphQLError(`Expected ${token}, found ${found}`)
  }
}

function tokensOf (source: string): string[] {
  const found: string[] = []
  let end = 0
  for (const match of source.matchAll(TOKEN)) {
    end = match.index + match[0].length
    if (match[1] !== undefined) found.push(match[1])
  }
  if (end !== source.length) throw new GraphQLError(`Cannot read the query at character ${end}`)
  return found
}
