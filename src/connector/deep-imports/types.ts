/** The types that programs import from `ilp-connector/dist/types/accounts`, `backend` and `plugin`, under their names there. */
export type { AccountInfo } from '../../contracts/account.js'
export type { Backend as BackendInstance, BackendApi as BackendServices, BackendConstructor, PacketReport as SubmitPaymentParams } from '../../contracts/backend.js'
export type { DataHandler, MoneyHandler, PluginInstance } from '../../contracts/plugin.js'
