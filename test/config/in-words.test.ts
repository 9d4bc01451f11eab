/** Names and values in error messages stay on one line and short, whatever they hold, and show no more of a URL than its host. */
import { expect } from 'chai'
import { quote, showPath } from '../../src/config/in-words.js'

describe('a place in a configuration', () => {
  const places: Array<[path: PropertyKey[], shown: string]> = [
    [[], ''], [['accounts', 'bob', 'plugin'], 'accounts.bob.plugin'], [['routes', 0, 'prefix'], 'routes[0].prefix'],
    [['accounts', 'an odd id', 'plugin'], 'accounts["an odd id"].plugin'], [['a\nb'], '["a\\nb"]'], [['', 'x'], '[""].x'],
    [['x'.repeat(41)], `["${'x'.repeat(40)}…"]`]
  ]
  for (const [path, shown] of places) {
    it(`is shown as ${shown || 'nothing'}`, () => expect(showPath(path)).to.equal(shown))
  }
})

describe('a quoted value', () => {
  const values: Array<[text: string, shown: string]> = [
    ['loud', '"loud"'], ['two\nlines', '"two\\nlines"'], ['x'.repeat(41), `"${'x'.repeat(40)}…"`], ['ws://:hush@host', '"ws://<credentials>@host"'],
    [`btp+ws://${'name'.repeat(8)}:hush/hush@host:1/a?b`, '"btp+ws://<credentials>@host:1/…"'], ['http://host/hush', '"http://host/…"'],
    ['bob:hush@host', '"<credentials>@host"'], ['@scope/module', '"@scope/module"'], ['http://host/', '"http://host/"']
  ]
  for (const [text, shown] of values) {
    it(`is shown as ${shown}`, () => expect(quote(text)).to.equal(shown))
  }
})
