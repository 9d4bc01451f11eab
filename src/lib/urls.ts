/** Which URLs of an HTTP server may stand in a configuration. */

/** Whether `text` is an http or https URL without user name, password (secrets, and URLs are logged), query and fragment. */
export function isHttpUrl (text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return /^https?:$/.test(protocol) && [username, password, search, hash].every(part => part === '')
}
