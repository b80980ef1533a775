import type { Procedures } from './conformance.ts'
import { AUTHENTICATE_CLIENT } from './procedures/authenticate-client.ts'
import { AUTHENTICATE_CLIENT_ERRORS } from './procedures/authenticate-client-errors.ts'
import { CANCEL_SESSION } from './procedures/cancel-session.ts'
import { ES9P_BINDINGS } from './procedures/es9p-bindings.ts'
import { GET_BOUND_PROFILE_PACKAGE } from './procedures/get-bound-profile-package.ts'
import { HANDLE_NOTIFICATION } from './procedures/handle-notification.ts'
import { INITIATE_AUTHENTICATION } from './procedures/initiate-authentication.ts'

/** The test of each row, by its id. */
export const PROCEDURES: Procedures = {
  ...INITIATE_AUTHENTICATION,
  ...AUTHENTICATE_CLIENT,
  ...AUTHENTICATE_CLIENT_ERRORS,
  ...GET_BOUND_PROFILE_PACKAGE,
  ...CANCEL_SESSION,
  ...HANDLE_NOTIFICATION,
  ...ES9P_BINDINGS,
}
