/** What plugins/aptos/move/core.mv and channel.mv are. Made by `npm run build:aptos-module`. Do not edit. */

/** Stands in both where the 32 bytes of the publisher's address go. */
export const ADDRESS_PLACEHOLDER = 'SLUICE-MODULE-ADDRESS-GOES-HERE!'

/** The SHA-256 of each template, in hexadecimal digits: of what is deployed once the placeholder is back where the address is. */
export const MODULE_SHA256 = {
  core: '3fb16518613559f629fac08cfaeb4ddbb55be56beb5ad57aab17762555de0611',
  channel: '77c0cc026152f698051baafe0a71c66e94c9a6e6019f33fabb1b7154c2609645'
} as const

/** Of the Move sources that the templates were made of. */
export const SOURCES_SHA256 = '769b73efcbb1c4e45e41a51d8c0f22f6a53ce9e93e35f00ead34180141ed0b7b'
