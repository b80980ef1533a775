import { UpdateMetadataRequest } from './metadata.ts'

/**
 * SGP.22 §5.4.1, ES6: the operator to its profile over the air. The answer is a status word, so the row has no
 * response schema; 6A80 where the data do not fit, 69E1 where policy forbids.
 */
export const ES6 = {
  UpdateMetadata: { interface: 'ES6', name: 'UpdateMetadata', clause: '5.4.1', request: UpdateMetadataRequest },
} as const
