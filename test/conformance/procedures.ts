import type { Procedures } from './conformance.ts'
import { AUTHENTICATE_CLIENT } from './procedures/authenticate-client.ts'
import { AUTHENTICATE_CLIENT_ERRORS } from './procedures/authenticate-client-errors.ts'
import { CANCEL_SESSION } from './procedures/cancel-session.ts'
import { ES2P_FUNCTIONS } from './procedures/es2p.ts'
import { ES2P_CALLBACKS } from './procedures/es2p-callbacks.ts'
import { ES9P_BINDINGS } from './procedures/es9p-bindings.ts'
import { GET_BOUND_PROFILE_PACKAGE } from './procedures/get-bound-profile-package.ts'
import { HANDLE_NOTIFICATION } from './procedures/handle-notification.ts'
import { INITIATE_AUTHENTICATION } from './procedures/initiate-authentication.ts'
import { SGP26 } from './procedures/sgp26.ts'
import { SMDS_PROCEDURES } from './procedures/smds.ts'
import { TLS } from './procedures/tls.ts'

/** The test of each row, by its id. */
export const PROCEDURES: Procedures = {
  ...INITIATE_AUTHENTICATION,
  ...AUTHENTICATE_CLIENT,
  ...AUTHENTICATE_CLIENT_ERRORS,
  ...GET_BOUND_PROFILE_PACKAGE,
  ...CANCEL_SESSION,
  ...HANDLE_NOTIFICATION,
  ...ES9P_BINDINGS,
  ...ES2P_FUNCTIONS,
  ...ES2P_CALLBACKS,
  ...SMDS_PROCEDURES,
  ...SGP26,
  ...TLS,
}
