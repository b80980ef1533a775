/** The functions of ES9+, and what may be wrong with them: words of the command line and of files. */
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
/** Certificates that are made for it: as they should be but for one thing. */
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
