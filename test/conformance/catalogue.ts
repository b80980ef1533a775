import { ES2P } from './catalogue/es2p.ts'
import { ES9P_BY_SGP23 } from './catalogue/es9p.ts'
import { ES9P_OWN } from './catalogue/es9p-own.ts'
import { SMDS } from './catalogue/smds.ts'
import type { Group, Row } from './row.ts'

/**
 * All that is asked of the SM-DP+ and its SM-DS: one row, one test. Ids that begin with TC_ are those of SGP.23 v1.15;
 * where it has none, or none that we could read, they are our own and begin with EB_.
 */
export const CATALOGUE: readonly Group[] = [...ES9P_BY_SGP23, ...ES9P_OWN, ...ES2P, ...SMDS]

export const ROWS: readonly Row[] = CATALOGUE.flatMap(({ rows }) => rows)
