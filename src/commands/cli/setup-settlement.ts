/** What `connector setup` asks about settlement: the kinds of chains bring the questions, and say what is wrong with an answer. */
import { explain } from '../../config/explain.js'
import { ChainKinds } from '../../config/node/chain-kinds.js'
import type { AnyEntry, ChainKind, SetupQuestion } from '../../contracts/chain-kind.js'

/** One question of `connector setup`. */
export interface Setting {
  question: string
  /** Absent: there is none. */
  fallback?: string | undefined
  /** What is wrong with an answer. */
  fault: (answer: string) => string | undefined
}

/** An entry of `chainProviders` as it is written, and the lines of `.env` that it refers to. */
export interface Settlement {
  entry: AnyEntry
  /** The same with what the variables hold; undefined as long as a secret is to be filled in. */
  filledIn: AnyEntry | undefined
  variables: Record<string, string>
}

const NONE = 'none'

let known: ChainKind[] | undefined

/** Kinds of chains of which there are questions. Loads them when it is first asked. */
export function kindsToChoose (): ChainKind[] {
  return known ??= new ChainKinds({}).all.filter(({ questions }) => questions !== undefined)
}

/** Which chain, if any. */
export function choice (kinds: readonly ChainKind[]): Setting {
  const names = [NONE, ...kinds.map(({ type }) => type)]
  return {
    question: `Chain to settle on: ${names.join(', ')}`,
    fallback: NONE,
    fault: answer => names.includes(answer) ? undefined : `expected ${names.join(', ')}, found ${JSON.stringify(answer)}`
  }
}

/** The questions about a chain, by the field that each answer is for. */
export function questionsOf (kind: ChainKind): Record<string, Setting> {
  return Object.fromEntries((kind.questions ?? []).map(question => {
    const { field, fallback, variable } = question
    const fault = (answer: string): string | undefined => answer === '' && variable !== undefined ? undefined : faultOf(kind, field, answer)
    return [field, { question: question.question, fallback: fallback ?? (variable === undefined ? undefined : ''), fault }]
  }))
}

/** From answers that were checked one by one. */
export function settlementOf (kind: ChainKind, answers: Readonly<Record<string, string>>): Settlement {
  const questions = kind.questions ?? []
  const valueOf = ({ field }: SetupQuestion): string => answers[field] ?? ''
  const entryOf = (write: (question: SetupQuestion) => string): AnyEntry =>
    ({ chainType: kind.type, chainId: '', ...Object.fromEntries(questions.map(question => [question.field, write(question)])) })
  const variables = questions.flatMap(question => question.variable === undefined ? [] : [[question.variable, valueOf(question)] as const])
  return {
    entry: entryOf(question => question.variable === undefined ? valueOf(question) : `\${${question.variable}}`),
    filledIn: variables.some(([, value]) => value === '') ? undefined : entryOf(valueOf),
    variables: Object.fromEntries(variables)
  }
}

/** In the words of the kind, which never repeat a secret. */
function faultOf ({ schema, type }: ChainKind, field: string, answer: string): string | undefined {
  const given = { chainType: type, [field]: answer }
  const { error } = schema.safeParse(given)
  return explain(error?.issues ?? [], schema, given).find(({ path: [first] }) => first === field)?.message
}
