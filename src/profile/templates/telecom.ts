import { readTable } from './template-file.ts'

/**
 * EFs directly under DF.TELECOM (TS 31.102 figure 4.1). The empty title of EF.SUME and the access of EF.PSISMSC are
 * those of TS.48.
 */
const TOP = readTable(`
  df-telecom  7F10 DF -  - 14 - -
  ef-arr      6F06 LF -  - 10 - -
  ef-rma      6F53 LF -  - 3  - -
  ef-sume     6F54 TR -  - 3  - 8500FF*
  ef-ice-dn   6FE0 LF 14 - 9  - - min
  ef-ice-ff   6FE1 LF -  - 9  - -
  ef-psismsc  6FE5 LF -  - 5  - -
`)

/**
 * TS 31.102 §4.6.1, DF.GRAPHICS. Several EF.IIDF ('4FXX') are possible, so the profile provides the FID; EF.ICON has
 * '4F40'.
 */
const GRAPHICS = readTable(`
  df-graphics      5F50 DF -  - 14 - -
  ef-img           4F20 LF 10 - 2  - 00FF* min
  ef-iidf          -    TR -  - 2  - -
  ef-ice-graphics  4F21 BT -  - 9  - -
  ef-launch-scws   4F01 TR -  - 2  - -
  ef-icon          4F40 TR -  - 2  - -
`)

/**
 * TS 31.102 §4.4.2, DF.PHONEBOOK. It fixes only EF.PBR, EF.PSC, EF.CC and EF.PUID. Other FIDs follow the example in
 * annex G; EF.IAP, EF.PURI and EF.CCP1 use free ones. EF.PBR lists the files and their short identifiers.
 */
const PHONEBOOK_FILES = readTable(`
  df-phonebook  5F3A DF -  - 14 - -
  ef-pbr        4F30 LF -  - 2  - -
  ef-ext1       4F4A LF 13 - 5  - 00FF* min
  ef-aas        4F4B LF -  - 5  - -
  ef-gas        4F4C LF -  - 5  - -
  ef-psc        4F22 TR 4  - 5  - 00
  ef-cc         4F23 TR 2  - 5  - 00
  ef-puid       4F24 TR 2  - 5  - 00
  ef-iap        4F25 LF -  - 5  - -
  ef-adn        4F3A LF 14 - 5  - - min
  ef-pbc        4F09 LF 2  - 5  - 00
  ef-anr        4F11 LF 15 - 5  - - min
  ef-puri       4F58 LF -  - 5  - -
  ef-email      4F50 LF -  - 5  - -
  ef-sne        4F19 LF -  - 5  - -
  ef-uid        4F21 LF 2  - 5  - 00
  ef-grp        4F26 LF -  - 5  - 00
  ef-ccp1       4F3D LF 15 - 5  - - min
`)

/** TS 31.102 §4.6.3, DF.MULTIMEDIA. */
const MULTIMEDIA = readTable(`
  df-multimedia  5F3B DF - - 14 - -
  ef-mml         4F47 BT - - 5  - -
  ef-mmdf        4F48 BT - - 5  - -
`)

/** 3GPP2 C.S0074, DF.MMSS: selection among modes and systems. */
const MMSS = readTable(`
  df-mmss      5F3C DF - - 14 -  -
  ef-mlpl      4F20 TR - - 2  01 -
  ef-mspl      4F21 TR - - 2  02 -
  ef-mmssmode  4F22 TR 1 - 2  03 -
`)

/** TS 31.102 §4.6.4, DF.MCS, mission critical services. */
const MCS = readTable(`
  df-mcs         5F3D DF - - 14 -  -
  ef-mst         4F01 TR - - 2  01 00
  ef-mcs-config  4F02 BT - - 2  02 -
`)

/** TS 31.102 §4.6.5, DF.V2X, vehicle to everything. */
const V2X = readTable(`
  df-v2x         5F3E DF - - 14 -  -
  ef-vst         4F01 TR - - 2  01 00
  ef-v2x-config  4F02 BT - - 2  02 -
  ef-v2xp-pc5    4F03 TR - - 2  -  -
  ef-v2xp-Uu     4F04 TR - - 2  -  -
`)

/** SAIP annex A, file structure of DF.TELECOM. */
export const TELECOM = [...TOP, ...GRAPHICS, ...PHONEBOOK_FILES, ...MULTIMEDIA, ...MMSS, ...MCS, ...V2X]

/** SAIP annex A, DF.PHONEBOOK of a USIM: as under DF.TELECOM (TS 31.102 §4.4.2). */
export const PHONEBOOK = PHONEBOOK_FILES
