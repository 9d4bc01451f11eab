/** What a password of a wallet must have: the file may fall into other hands, and then it is all that protects the money. */

const LENGTH_MIN = 16
/** Whatever is longer was not meant to be a password. */
const LENGTH_MAX = 1024
const CLASSES: ReadonlyArray<readonly [RegExp, string]> = [
  [/\p{Ll}/u, 'a lower-case letter'], [/\p{Lu}/u, 'an upper-case letter'], [/\p{Nd}/u, 'a digit'], [/[^\p{L}\p{Nd}]/u, 'a character that is neither a letter nor a digit']
]

/** The one form of a password, so that another keyboard types the same. */
export function canonicalPassword (password: string): string {
  return password.normalize('NFKC')
}

/** What a new password does not have, for a sentence that begins with "it needs". Empty: nothing is missing. */
export function missingIn (password: string): string[] {
  const length = Array.from(password).length
  if (length > LENGTH_MAX) return [`at most ${LENGTH_MAX} characters (it has ${length})`]
  const short = length < LENGTH_MIN ? [`at least ${LENGTH_MIN} characters (it has ${length})`] : []
  return [...short, ...CLASSES.flatMap(([pattern, name]) => pattern.test(password) ? [] : [name])]
}
