/** What programs import as `ilp-connector/dist/services/config`, to fetch it from the container or to replace it there. */
export { Config as default } from '../../config/connector/config.js'
