import { UpdateMetadataRequest } from '../metadata.ts'

/**
 * SGP.22 §5.4: the operator to the MNO-SD of its enabled profile, over the air. The only response is the status word of
 * the command that carries the request.
 */
export const ES6 = {
  UpdateMetadata: { interface: 'ES6', name: 'UpdateMetadata', clause: '5.4.1', request: UpdateMetadataRequest },
} as const
