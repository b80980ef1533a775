import { readTable } from './template-file.ts'

/** SAIP annex A, ADF.ISIM: TS 31.103 §4.2.1 to §4.2.7. */
export const ISIM = readTable(`
  adf-isim   -    ADF - - 14 -  -
  ef-impi    6F02 TR  - - 2  02 -
  ef-impu    6F04 LF  - - 2  04 -
  ef-domain  6F03 TR  - - 2  05 -
  ef-ist     6F07 TR  - - 2  07 -
  ef-ad      6FAD TR  3 - 10 03 00 min
  ef-arr     6F06 LF  - - 10 06 -
`)

/** SAIP annex A, optional files of ADF.ISIM: TS 31.103 §4.2.8 to §4.2.22. */
export const OPT_ISIM = readTable(`
  ef-pcscf             6F09 LF -   - 2 - -
  ef-sms               6F3C LF 176 - 5 - 00FF*
  ef-smsp              6F42 LF 28  - 5 - - min
  ef-smss              6F43 TR 2   - 5 - -
  ef-smsr              6F47 LF 30  - 5 - 00FF*
  ef-gbabp             6FD5 TR -   - 5 - -
  ef-gbanl             6FD7 LF -   - 2 - -
  ef-nafkca            6FDD LF -   - 2 - -
  ef-uicciari          6FE7 LF -   - 2 - -
  ef-frompreferred     6FF7 TR 1   - 2 - 00
  ef-imsconfigdata     6FF8 BT -   - 2 - -
  ef-xcapconfigdata    6FFC BT -   - 2 - -
  ef-webrtcuri         6FFA LF -   - 2 - -
  ef-mudmidconfigdata  6FFE BT -   - 2 - -
`)
