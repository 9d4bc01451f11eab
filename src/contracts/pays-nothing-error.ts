/** The refusal to settle over a plugin that declares that it cannot pay. The core and the middlewares throw the same one. */
import { SluiceError } from './errors.js'

/** A payment was asked for over a plugin that declares that it pays nothing. */
export class PaysNothingError extends SluiceError {
  constructor (accountId: string) {
    super('SLUICE_PAYS_NOTHING', `the plugin of ${accountId} pays nothing. If you have paid by other means, correct the balance with POST /balance ` +
      `{"accountId": "${accountId}", "amountDiff": "<base units>"}. To settle through the connector, give the account a plugin that pays.`)
  }
}
