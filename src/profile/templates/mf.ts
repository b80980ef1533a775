import { readTable } from './template-file.ts'

/** SAIP annex A, file structure of the MF: EFs of TS 102 221 §13, EF.UMPC of §13.4. */
export const MF = readTable(`
  mf        3F00 MF -  - 14 -  -
  ef-pl     2F05 TR 2  - 1  05 - min
  ef-iccid  2FE2 TR 10 - 11 02 -
  ef-dir    2F00 LF -  - 10 1E -
  ef-arr    2F06 LF -  - 10 06 -
  ef-umpc   2F08 TR 5  - 10 08 -
`)

/** SAIP annex A, DF.CD: configuration data of TS 102 221 §13: a launch pad and its icons, beginning with '6F40'. */
export const CD = readTable(`
  df-cd         7F11 DF - - 14 - -
  ef-launchpad  6F01 TR - - 10 - -
  ef-icon       6F40 TR - - 10 - -
`)
