/** The named plugin as an ES module: its class is the default export. */
export { default } from './named-plugin.cjs'
