/** The functions of ES9+ and the fault kinds, as written on the command line and in files. */
export const FUNCTIONS = [
  'InitiateAuthentication',
  'AuthenticateClient',
  'GetBoundProfilePackage',
  'HandleNotification',
  'CancelSession',
] as const
export const KINDS = [
  'wrong-signature',
  'wrong-certificate',
  'wrong-challenge',
  'changed-byte',
  'delay',
  'http-status',
  'reset',
  'malformed',
] as const
/** Generated certificates with exactly one defect. */
export const FAULTS = [
  'unknown-ci',
  'bad-signature',
  'expired',
  'not-yet-valid',
  'wrong-role',
  'wrong-key-usage',
  'wrong-names',
  'unknown-critical-extension',
] as const
