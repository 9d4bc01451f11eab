/** What programs import as `ilp-connector/dist/services/accounts`, to fetch it from the container or to replace it there. */
export { Accounts as default } from '../../accounts/accounts.js'
