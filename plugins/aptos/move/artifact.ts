/** What plugins/aptos/move/core.mv and channel.mv are. Made by `npm run build:aptos-module`. Do not edit. */

/** Stands in both where the 32 bytes of the publisher's address go. */
export const ADDRESS_PLACEHOLDER = 'SLUICE-MODULE-ADDRESS-GOES-HERE!'

/** The SHA-256 of each template, in hexadecimal digits: of what is deployed once the placeholder is back where the address is. */
export const MODULE_SHA256 = {
  core: '68fdb5984436d83d1119757d9ee75bfce2ceca4e5dac3e3c65b7083072c40ed3',
  channel: '31459522b65cf672c10dd3398f02c6b7192efb5e387b81694cabe5b1de14980f'
} as const

/** Of the Move sources that the templates were made of. */
export const SOURCES_SHA256 = 'd2c30b26e6a367f3e8f9d4ce16b4cc6d97045735473ae531caf19ee6ffde109d'
