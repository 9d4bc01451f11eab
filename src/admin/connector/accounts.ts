/** The routes for accounts: which there are, what their plugins say and take, and one more. */
import { z } from 'zod'
import type { AccountInfo } from '../../contracts/account.js'
import { ACCOUNT_ID, UNKNOWN_ADDRESS } from '../../contracts/account.js'
import { SluiceError } from '../../contracts/errors.js'
import type { PluginInstance } from '../../contracts/plugin.js'
import type { Accounts } from '../../accounts/accounts.js'
import type { Config } from '../../config/connector/config.js'
import { quote } from '../../config/in-words.js'
import { json } from '../../http/responses.js'
import { param, route, type Route } from '../../http/route.js'
import { isPackageName } from '../../modules/package-name.js'
import { checked, objectOf } from './body.js'

export interface AccountParts {
  accounts: Pick<Accounts, 'accounts' | 'getOwnAddress' | 'getAddressSource' | 'isConnected'>
  config: Pick<Config, 'validateAccount' | 'adminApiAllowPaths'>
  /** Adds a checked account and waits for its connection, up to a limit. Rejects with nothing changed. */
  addAccount (accountId: string, account: AccountInfo): Promise<void>
}

interface Account {
  info: AccountInfo
  plugin: PluginInstance
}

const ID = { id: 'The account\'s id' }
const newAccount = z.strictObject({
  id: z.string().regex(ACCOUNT_ID, 'should consist of the characters A-Z a-z 0-9 _ - ~ .'),
  options: z.record(z.string(), z.unknown()).describe('The account, as in CONNECTOR_ACCOUNTS')
})
const command = z.union([z.looseObject({}), z.array(z.unknown())]).describe('What the plugin understands')
const listed = z.strictObject({
  address: z.string(),
  accounts: z.record(z.string(), z.strictObject({
    info: z.looseObject({ relation: z.string(), plugin: z.string(), assetCode: z.string(), assetScale: z.int() }).describe('Without `options`'),
    connected: z.boolean(),
    waitingFor: z.string().optional().describe('`address` while the connector has none from this parent: nothing is forwarded'),
    adminInfo: z.boolean().describe('Whether the plugin answers GET /accounts/{id}')
  }))
})
const anything = z.unknown().describe('What the plugin says')

export function accountRoutes (parts: AccountParts): Route[] {
  const { accounts, config } = parts
  const isWaiting = (id: string): boolean => accounts.getOwnAddress() === UNKNOWN_ADDRESS && accounts.getAddressSource() === id
  return [
    route({
      method: 'get',
      path: '/accounts',
      summary: 'Lists the accounts with their configuration, but for secrets, and whether they are connected',
      responses: { 200: listed },
      errors: {}
    }, () => json(200, {
      address: accounts.getOwnAddress(),
      accounts: mapValues(accounts.accounts, (account, id) => ({ ...shownAccount(account), ...isWaiting(id) && { waitingFor: 'address' } }))
    })),

    route({
      method: 'get',
      path: '/accounts/{id}',
      summary: 'Shows what the account\'s plugin says of itself',
      params: ID,
      responses: { 200: z.strictObject({ account: z.string(), plugin: z.string(), info: anything }) },
      errors: { 400: 'The id has other characters than ids have', 404: 'No such account, or its plugin says nothing' }
    }, async request => {
      const accountId = param(request, 'id')
      const { info, plugin } = accountOf(accounts, accountId)
      if (plugin.getAdminInfo === undefined) throw new SluiceError('SLUICE_ADMIN_INFO_UNSUPPORTED', `plugin has no admin info. account=${accountId}`)
      return json(200, { account: accountId, plugin: pluginName(info.plugin), info: await plugin.getAdminInfo() })
    }),

    route({
      method: 'post',
      path: '/accounts/{id}',
      summary: 'Tells the account\'s plugin something, such as to close a payment channel',
      params: ID,
      body: { schema: command, example: { action: 'channels' }, check: body => objectOf(body, 'no json body provided to set admin info.') },
      responses: { 200: z.strictObject({ account: z.string(), plugin: z.string(), result: anything }) },
      errors: { 400: 'The id or the body is wrong', 404: 'No such account, or its plugin takes nothing' }
    }, async request => {
      const accountId = param(request, 'id')
      const { info, plugin } = accountOf(accounts, accountId)
      if (plugin.sendAdminInfo === undefined) {
        throw new SluiceError('SLUICE_ADMIN_INFO_UNSUPPORTED', `plugin does not support sending admin info. account=${accountId}`)
      }
      return json(200, { account: accountId, plugin: pluginName(info.plugin), result: await plugin.sendAdminInfo(request.body) })
    }),

    route({
      method: 'post',
      path: '/addAccount',
      summary: 'Adds an account until the next start, and waits until it is connected, up to a limit',
      body: {
        schema: newAccount,
        example: {
          id: 'dora',
          options: { relation: 'peer', plugin: 'btp', assetCode: 'USD', assetScale: 9, options: { server: 'btp+ws://:secret@dora.example:7768' } }
        },
        check: body => checked(newAccount, objectOf(body, 'no json body provided to make plugin.'), 'invalid account')
      },
      responses: { 200: z.strictObject({ plugin: z.string().describe('The account\'s id'), connected: z.boolean() }) },
      errors: { 400: 'The account is not valid, or names a file', 409: 'The id is taken' }
    }, async ({ body: { id, options } }) => {
      refuseFiles(options, config)
      if (accounts.accounts.has(id)) throw new SluiceError('SLUICE_ACCOUNT_ID_TAKEN', `account id is taken. accountId=${id}`)
      await parts.addAccount(id, config.validateAccount(id, options))
      return json(200, { plugin: id, connected: accounts.isConnected(id) })
    })
  ]
}

/** Throws for an id that no account can have, or that none has. */
export function accountOf ({ accounts }: Pick<Accounts, 'accounts'>, accountId: string): Account {
  if (!ACCOUNT_ID.test(accountId)) throw new SluiceError('SLUICE_ACCOUNT_ID_INVALID', 'invalid account.')
  const account = accounts.get(accountId)
  if (account === undefined) throw unknownAccount(accountId)
  return account
}

export function unknownAccount (accountId: string): SluiceError {
  return new SluiceError('SLUICE_ACCOUNT_UNKNOWN', `unknown account id. accountId=${accountId}`)
}

/** Before anything is looked for or loaded: a module runs as the connector, and without a key any program on this machine may ask. */
function refuseFiles ({ plugin }: Record<string, unknown>, { adminApiAllowPaths }: Pick<Config, 'adminApiAllowPaths'>): void {
  if (plugin === undefined || isPackageName(plugin) || (adminApiAllowPaths && typeof plugin === 'string')) return
  const found = typeof plugin === 'string' ? quote(plugin) : 'something other than text'
  throw new SluiceError('SLUICE_FILE_REFUSED', `plugin: found ${found}, expected the name of a built-in plugin or of an installed package. Over HTTP, no ` +
    'path or URL is taken: put the account into CONNECTOR_ACCOUNTS, or allow paths with CONNECTOR_ADMIN_API_ALLOW_PATHS=true.')
}

/** Any key becomes an own property, `__proto__` too. */
export function mapValues<In, Out> (entries: Iterable<readonly [string, In]>, map: (value: In, key: string) => Out): Record<string, Out> {
  return Object.fromEntries(Array.from(entries, ([key, value]) => [key, map(value, key)]))
}

function shownAccount ({ info, plugin }: Account): object {
  return {
    // The options are the plugin's, and hold its secrets.
    info: { ...info, plugin: pluginName(info.plugin), options: undefined },
    connected: plugin.isConnected(),
    adminInfo: plugin.getAdminInfo !== undefined
  }
}

/** A plugin given as an instance is named after its class: its fields may hold secrets. */
function pluginName (plugin: string | PluginInstance): string {
  return typeof plugin === 'string' ? plugin : plugin.constructor.name
}
