import { readTable } from './template-file.ts'

/** SAIP annex A, DF.GSM-ACCESS: TS 31.102 §4.4.3, contents of its annex E. */
export const GSM_ACCESS = readTable(`
  df-gsm-access  5F3B DF - - 14 -  -
  ef-kc          4F20 TR 9 - 5  01 FF*07
  ef-kcgprs      4F52 TR 9 - 5  02 FF*07
  ef-cpbcch      4F63 TR - - 5  -  -
  ef-invscan     4F64 TR 1 - 2  -  00
`)

/**
 * SAIP annex A, DF.5GS: TS 31.102 §4.4.11, contents of its annex E. The directory, EF.URSP and EF.SUCI_Calc_Info (empty
 * lists) are as in TS.48.
 */
export const DF_5GS_V4 = readTable(`
  df-df-5gs             5FC0 DF -   - 14 -  -
  ef-5gs3gpploci        4F01 TR 20  - 5  01 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001
  ef-5gsn3gpploci       4F02 TR 20  - 5  02 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001
  ef-5gs3gppnsc         4F03 LF 57  1 5  03 - min
  ef-5gsn3gppnsc        4F04 LF 57  1 5  04 - min
  ef-5gauthkeys         4F05 TR 110 - 5  05 - min
  ef-uac-aic            4F06 TR 4   - 2  06 -
  ef-suci-calc-info     4F07 TR -   - 2  07 A0020000FF*
  ef-opl5g              4F08 LF 10  - 10 08 -
  ef-supinai            4F09 TR -   - 2  09 -
  ef-routing-indicator  4F0A TR 4   - 2  0A F0FFFFFF
  ef-ursp               4F0B BT -   - 2  -  -
  ef-tn3gppsnn          4F0C TR 1   - 2  0C 00 min
  ef-cag                4F0D TR -   - 2  0D -
  ef-sor-cmci           4F0E TR -   - 2  0E -
  ef-dri                4F0F TR 7   - 2  0F - min
  ef-5gsedrx            4F10 TR 2   - 2  10 - min
  ef-5gnswo-conf        4F11 TR 1   - 2  11 00 min
  ef-mchpplmn           4F15 TR 1   - 2  15 - min
  ef-kausf-derivation   4F16 TR 1   - 2  16 00 min
`)

/**
 * Assumption: the versions differ only in new files, which exist only if the profile lists them, so the newest table
 * also reads older PEs.
 */
export const DF_5GS_V3 = DF_5GS_V4
export const DF_5GS = DF_5GS_V4

/** SAIP annex A, DF.SAIP: the data for SUCI calculation by the USIM, not readable by the terminal (as in TS.48). */
export const DF_SAIP = readTable(`
  df-df-saip              5FD0 DF - - 14 - -
  ef-suci-calc-info-usim  4F01 TR - - 3  - A0020000FF*
`)

/** SAIP annex A, DF.SNPN: TS 31.102 §4.4.12, stand-alone non-public networks. */
export const DF_SNPN = readTable(`
  df-df-snpn   5FE0 DF - - 14 -  -
  ef-pws-snpn  4F01 TR 1 - 10 01 - min
`)

/** SAIP annex A, DF.5G_ProSe: TS 31.102 §4.4.13. */
export const DF_5GPROSE = readTable(`
  df-df-5g-prose    5FF0 DF - - 14 -  -
  ef-5g-prose-st    4F01 TR 1 - 2  01 00 min
  ef-5g-prose-dd    4F02 TR - - 2  02 -
  ef-5g-prose-dc    4F03 TR - - 2  03 -
  ef-5g-prose-u2nru 4F04 TR - - 2  04 -
  ef-5g-prose-ru    4F05 TR - - 2  05 -
  ef-5g-prose-uir   4F06 TR - - 2  06 -
`)

/**
 * SAIP annex A, DF.EAP: TS 102 310 §7. An application can have several, so the profile provides the FID of the
 * directory.
 */
export const EAP = readTable(`
  df-eap        -    DF - - 14 - -
  ef-eapkeys    4F01 TR - - 4  - -
  ef-eapstatus  4F02 TR 1 - 4  - 00
  ef-puid       4F03 TR - - 2  - -
  ef-ps         4F04 TR - - 5  - -
  ef-curid      4F20 TR - - 5  - -
  ef-reid       4F21 TR - - 5  - -
  ef-realm      4F22 TR - - 5  - -
`)
