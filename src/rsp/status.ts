/** SGP.22 §5.2.6.1: the subject of an error. */
const SUBJECTS: Readonly<Record<string, string>> = {
  '1': 'generic',
  '1.1': 'function requester',
  '1.2': 'function provider',
  '1.2.1': 'header of the message',
  '1.2.2': 'protocol version',
  '1.3': 'protocol',
  '1.3.1': 'protocol format',
  '1.3.2': 'protocol version',
  '1.6': 'function',
  '8': 'eUICC remote provisioning',
  '8.1': 'eUICC',
  '8.1.1': 'EID',
  '8.1.2': 'EUM certificate',
  '8.1.3': 'eUICC certificate',
  '8.1.4': 'EUM',
  '8.2': 'profile',
  '8.2.1': 'ICCID of the profile',
  '8.2.5': 'profile type',
  '8.2.6': 'matching id',
  '8.2.7': 'confirmation code',
  '8.2.8': 'profile policy rules',
  '8.8': 'SM-DP+',
  '8.8.1': 'SM-DP+ address',
  '8.8.2': 'security configuration of the SM-DP+',
  '8.8.3': 'specification version (SVN) of the SM-DP+',
  '8.8.4': 'SM-DP+ certificate',
  '8.8.5': 'download order',
  '8.9': 'SM-DS',
  '8.9.1': 'SM-DS address',
  '8.9.2': 'security configuration of the SM-DS',
  '8.9.3': 'specification version (SVN) of the SM-DS',
  '8.9.4': 'SM-DS certificate',
  '8.9.5': 'event record',
  '8.10': 'RSP session',
  '8.10.1': 'transaction id',
  '8.11': 'certificate issuer',
  '8.11.1': 'public key of the certificate issuer',
}

/** SGP.22 §5.2.6.2: the reason of an error. */
const REASONS: Readonly<Record<string, string>> = {
  '1.1': 'unknown to the provider',
  '1.2': 'not allowed',
  '2.1': 'invalid',
  '2.2': 'a mandatory element is missing',
  '2.3': 'a conditional element is missing',
  '3.1': 'unsupported',
  '3.3': 'already in use',
  '3.4': 'invalid destination',
  '3.5': 'invalid transition',
  '3.7': 'unavailable',
  '3.8': 'refused',
  '3.9': 'unknown',
  '3.10': 'invalid association',
  '3.11': 'value has changed',
  '4.1': 'time to live expired',
  '4.2': 'execution error',
  '4.3': 'stopped on warning',
  '4.8': 'insufficient memory',
  '4.10': 'time to live expired',
  '5.1': 'inaccessible',
  '5.2': 'timed out',
  '5.3': 'time to live expired',
  '5.4': 'delivered but no answer',
  '6.1': 'verification failed',
  '6.3': 'expired',
  '6.4': 'maximum number of retries exceeded',
}

/**
 * The meaning of a subject and reason pair, and the action of the user, where more is known than the two codes state.
 */
const ADVICE: Readonly<Record<string, string>> = {
  '8.1/4.8': 'The eUICC has not enough memory for the profile. Delete a profile and try again.',
  '8.1/6.1': 'The SM-DP+ could not verify the signature of the eUICC.',
  '8.1.1/3.8': 'The SM-DP+ has no order for this EID. The order is bound to another EID, or none is waiting.',
  '8.1.2/6.1': 'The SM-DP+ does not accept the EUM certificate. Check that both use the same certificate issuer.',
  '8.1.2/6.3': 'The EUM certificate has expired.',
  '8.1.3/6.1': 'The SM-DP+ does not accept the eUICC certificate.',
  '8.1.3/6.3': 'The eUICC certificate has expired.',
  '8.2/1.2': 'The operator has not released the profile yet.',
  '8.2/3.7': 'The profile is not available for a new binding.',
  '8.2.5/4.3': 'No profile of this order fits this eUICC.',
  '8.2.6/3.8':
    'The SM-DP+ has no order with this matching id. Check the activation code; it may have been used before.',
  '8.2.7/2.2': 'The order requires a confirmation code.',
  '8.2.7/3.8': 'The confirmation code is wrong.',
  '8.2.7/6.4': 'Too many wrong confirmation codes. The SM-DP+ has closed the order.',
  '8.8.1/3.8': 'The SM-DP+ has another address than the requested one.',
  '8.8.2/3.1': 'The SM-DP+ trusts none of the certificate issuers that the eUICC signs with.',
  '8.8.3/3.1': 'The SM-DP+ does not support the specification version of the eUICC.',
  '8.8.4/3.7': 'The SM-DP+ has no certificate of an issuer that the eUICC trusts.',
  // Servers use either reason for an expired order.
  '8.8.5/4.1': 'The download order has expired.',
  '8.8.5/4.10': 'The download order has expired.',
  '8.8.5/6.4': 'The download order has reached its maximum number of attempts.',
  '8.9/4.2': 'The SM-DS failed: the root SM-DS rejected the event.',
  '8.9/5.1': 'The SM-DS is not reachable. Check its address and that it runs.',
  '8.9.1/3.8': 'The SM-DS has another address than the requested one.',
  '8.9.2/3.1': 'The SM-DS trusts none of the certificate issuers that the eUICC signs with.',
  '8.9.3/3.1': 'The SM-DS does not support the specification version of the eUICC.',
  '8.9.4/3.7': 'The SM-DS has no certificate of an issuer that the eUICC trusts.',
  '8.9.5/3.3': 'The SM-DS already has an event with this id.',
  '8.9.5/3.9':
    'The SM-DS has no such event for this eUICC. The profile may have been downloaded or its order canceled.',
  '8.10.1/3.9': 'The server does not know this transaction. The session has ended.',
  '8.11.1/3.9': 'The server does not know the certificate issuer.',
}

/** Returns one sentence for a subject and reason code. */
export const describeStatusCode = (subjectCode: string, reasonCode: string): string => {
  const known = ADVICE[`${subjectCode}/${reasonCode}`]
  if (known !== undefined) return `${known} (${subjectCode}/${reasonCode})`
  return `${SUBJECTS[subjectCode] ?? 'unknown subject'}: ${REASONS[reasonCode] ?? 'unknown reason'} (${subjectCode}/${reasonCode})`
}
