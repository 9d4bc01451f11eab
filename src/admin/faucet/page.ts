/** The faucet's form in a browser. Nothing comes from elsewhere, and nothing that the page shows is taken for markup. */

/** Only files of the faucet's own, and no form that leads anywhere. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
const HEADERS = { 'Content-Security-Policy': POLICY, 'X-Content-Type-Options': 'nosniff', 'X-Frame-Options': 'DENY', 'Referrer-Policy': 'no-referrer', 'Cache-Control': 'no-store' }

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Faucet</title><link rel="stylesheet" href="/faucet.css"></head>
<body>
<main>
<h1>Faucet</h1>
<p>Coins and tokens for tests. They are worth nothing.</p>
<p id="info" role="status">Asking the faucet…</p>
<form id="form">
<label for="address">Your address</label>
<input id="address" name="address" autocomplete="off" autocapitalize="off" spellcheck="false" required maxlength="100">
<button>Send me some</button>
</form>
<p id="answer" role="status" aria-live="polite"></p>
<noscript>This form needs JavaScript. Without it: POST /api/request with {"address": "..."} as JSON.</noscript>
</main>
<script src="/faucet.js"></script>
</body>
</html>
`

const STYLE = `body { font: 16px/1.5 system-ui, sans-serif; color: #1b1f24; background: #fff }
main { max-width: 36rem; margin: 3rem auto; padding: 0 1rem; overflow-wrap: anywhere }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit; margin: .5rem 0 } input, button { padding: .5rem }
@media (prefers-color-scheme: dark) { body { color: #e4e7eb; background: #14171a } }
`

const SCRIPT = `'use strict'
const at = id => document.getElementById(id)
const say = (id, text) => { at(id).textContent = text }
fetch('/api/info').then(answer => answer.json()).then(info => {
  const coin = info.coin
  const token = info.tokenAddress === null ? '' : info.ready ? ', ' + info.tokenAmount + ' ' + info.tokenSymbol : ', and tokens once they are there'
  say('info', 'You get ' + info[coin + 'Amount'] + ' ' + coin.toUpperCase() + token + ' on ' + info.chainId + '.')
}).catch(() => say('info', 'The faucet does not answer.'))
at('form').addEventListener('submit', event => {
  event.preventDefault()
  const button = event.target.querySelector('button')
  button.disabled = true
  say('answer', 'Sending…')
  fetch('/api/request', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ address: at('address').value.trim() }) })
    .then(answer => answer.json())
    .then(body => say('answer', body.success ? 'Sent: ' + Object.values(body.transactions).map(one => one.amount + ' (' + one.hash + ')').join(', ') : body.error))
    .catch(() => say('answer', 'The faucet does not answer.'))
    .finally(() => { button.disabled = false })
})
`

const FILES: Readonly<Record<string, readonly [type: string, text: string]>> = {
  '/': ['text/html', PAGE], '/faucet.css': ['text/css', STYLE], '/faucet.js': ['text/javascript', SCRIPT]
}

/** Where the page and its files are. */
export const PAGE_PATHS = Object.keys(FILES)

/** @param path one of PAGE_PATHS */
export function pageFile (path: string): Response {
  const [type, text] = FILES[path] ?? ['text/plain', '']
  return new Response(text, { headers: { ...HEADERS, 'Content-Type': `${type}; charset=utf-8` } })
}
