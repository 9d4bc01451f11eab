/** What programs import as `ilp-connector/dist/services/rate-backend`, to fetch it from the container or to replace it there. */
export { RateBackend as default } from '../../forwarding/rate-backend.js'
