import { readTable, withChanges } from './template-file.ts'

/**
 * SAIP annex A, ADF.USIM: the mandatory files (TS 31.102 §4.2, SFIs of annex H, contents of annex E). 3GPP does not
 * define the records of EF.FDN (20) and EF.SMS (10) or the lengths of EF.SMSP's text (10) and EF.UST (14): assumed from
 * annex A. EF.HPPLMN counts in six minutes; the default is one hour (TS 23.122 §4.4.3.3).
 */
export const USIM = readTable(`
  adf-usim      -    ADF -   -  14 -  -
  ef-imsi       6F07 TR  9   -  2  07 -
  ef-arr        6F06 LF  -   -  10 17 -
  ef-keys       6F08 TR  33  -  5  08 07FF*
  ef-keysPS     6F09 TR  33  -  5  09 07FF*
  ef-hpplmn     6F31 TR  1   -  2  12 0A
  ef-ust        6F38 TR  14  -  2  04 -
  ef-fdn        6F3B LF  26  20 8  -  -
  ef-sms        6F3C LF  176 10 5  -  00FF*
  ef-smsp       6F42 LF  38  1  5  -  -
  ef-smss       6F43 TR  2   -  5  -  -
  ef-spn        6F46 TR  17  -  10 -  -
  ef-est        6F56 TR  1   -  8  05 -
  ef-start-hfn  6F5B TR  6   -  5  0F F00000F00000
  ef-threshold  6F5C TR  3   -  2  10 -
  ef-psloci     6F73 TR  14  -  5  0C FFFFFFFFFFFFFFFFFFFF0000FF01
  ef-acc        6F78 TR  2   -  2  06 -
  ef-fplmn      6F7B TR  12  -  5  0D -
  ef-loci       6F7E TR  11  -  5  0B FFFFFFFFFFFFFF0000FF01
  ef-ad         6FAD TR  4   -  10 03 00000002
  ef-ecc        6FB7 LF  4   1  10 01 - min
  ef-netpar     6FC4 TR  46  -  5  -  - min
  ef-epsloci    6FE3 TR  18  -  5  1E FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF000001
  ef-epsnsc     6FE4 LF  54  1  5  18 - min
`)

/** The second version has space for the 5G services in EF.UST (TS 31.102 §4.2.8: up to 136). */
export const USIM_V2 = withChanges(USIM, 'ef-ust 6F38 TR 17 - 2 04 -')

/** TS 31.102 §4.2.1 to §4.2.49: language, charging, calls, cell broadcast, networks. */
const SINCE_RELEASE_99 = readTable(`
  ef-li         6F05 TR 6  - 1  02 -
  ef-acmax      6F37 TR 3  - 8  -  00
  ef-acm        6F39 CY 3  - 7  1C 00
  ef-gid1       6F3E TR -  - 2  -  -
  ef-gid2       6F3F TR -  - 2  -  -
  ef-msisdn     6F40 LF 24 1 2  -  -
  ef-puct       6F41 TR 5  - 8  -  FFFFFF0000
  ef-cbmi       6F45 TR -  - 5  -  -
  ef-cbmid      6F48 TR -  - 2  0E -
  ef-sdn        6F49 LF 14 - 2  -  - min
  ef-ext2       6F4B LF 13 - 8  -  00FF*
  ef-ext3       6F4C LF 13 - 2  -  00FF*
  ef-cbmir      6F50 TR -  - 5  -  -
  ef-plmnwact   6F60 TR 40 - 5  0A FFFFFF0000+ min
  ef-oplmnwact  6F61 TR 40 - 2  11 FFFFFF0000+ min
  ef-hplmnwact  6F62 TR -  - 2  13 FFFFFF0000+
  ef-dck        6F2C TR 16 - 5  -  -
  ef-cnl        6F32 TR -  - 2  -  -
  ef-smsr       6F47 LF 30 - 5  -  00FF*
  ef-bdn        6F4D LF 15 - 8  -  - min
  ef-ext5       6F4E LF 13 - 5  -  00FF*
  ef-ccp2       6F4F LF 15 1 5  16 - min
  ef-ext4       6F55 LF 13 - 8  -  00FF*
  ef-acl        6F57 TR -  - 8  -  00FF*
  ef-cmi        6F58 LF -  - 2  -  -
  ef-ici        6F80 CY 28 - 5  14 FF*0000000001FFFF min
  ef-oci        6F81 CY 27 - 5  15 FF*00000001FFFF min
  ef-ict        6F82 CY 3  - 7  -  00
  ef-oct        6F83 CY 3  - 7  -  00
`)

/** TS 31.102 §4.2.39 to §4.2.42, §4.2.73 to §4.2.78: group calls, priorities, hidden entries. */
const GROUP_CALLS = readTable(`
  ef-vgcs       6FB1 TR - - 2 - -
  ef-vgcss      6FB2 TR 7 - 2 - -
  ef-vbs        6FB3 TR - - 2 - -
  ef-vbss       6FB4 TR 7 - 2 - -
  ef-emlpp      6FB5 TR 2 - 2 - 00
  ef-aaem       6FB6 TR 1 - 5 - 00
  ef-hiddenkey  6FC3 TR 4 - 5 - -
`)

/** TS 31.102 §4.2.58 to §4.2.72: names of networks, voicemail, multimedia messages. */
const NAMES_AND_MESSAGES = readTable(`
  ef-pnn     6FC5 LF -  - 10 19 -
  ef-opl     6FC6 LF 8  - 10 1A -
  ef-mbdn    6FC7 LF 14 - 5  -  - min
  ef-ext6    6FC8 LF 13 - 5  -  00FF*
  ef-mbi     6FC9 LF 4  - 5  -  00 min
  ef-mwis    6FCA LF 5  - 5  -  00
  ef-cfis    6FCB LF 16 - 5  -  0100FF*
  ef-ext7    6FCC LF 13 - 5  -  00FF*
  ef-spdi    6FCD TR -  - 2  -  -
  ef-mmsn    6FCE LF -  - 5  -  000000FF*
  ef-ext8    6FCF LF 13 1 5  -  00FF* min
  ef-mmsicp  6FD0 TR -  - 2  -  -
  ef-mmsup   6FD1 LF -  - 5  -  -
  ef-mmsucp  6FD2 TR -  - 8  -  -
  ef-nia     6FD3 LF -  - 2  -  00FF*
`)

/**
 * TS 31.102 §4.2.77 to §4.2.100: security of services, equivalent home networks, icons of names, packet access, URIs.
 */
const SECURITY_AND_NETWORKS = readTable(`
  ef-vgcsca      6FD4 TR - - 2  -  -
  ef-vbsca       6FD5 TR - - 2  -  -
  ef-gbabp       6FD6 TR - - 5  -  -
  ef-msk         6FD7 LF - - 2  -  -
  ef-muk         6FD8 LF - - 2  -  -
  ef-ehplmn      6FD9 TR - - 2  1D -
  ef-gbanl       6FDA LF - - 2  -  -
  ef-ehplmnpi    6FDB TR 1 - 2  -  00
  ef-lrplmnsi    6FDC TR 1 - 2  -  00
  ef-nafkca      6FDD LF - - 2  -  -
  ef-spni        6FDE TR - - 10 -  -
  ef-pnni        6FDF LF - - 10 -  -
  ef-ncp-ip      6FE2 LF - - 2  -  -
  ef-ufc         6FE6 TR - - 10 -  -
  ef-nasconfig   6FE8 TR - - 2  -  -
  ef-uicciari    6FE7 LF - - 2  -  -
  ef-pws         6FEC TR - - 10 -  -
  ef-fdnuri      6FED LF - - 8  -  -
  ef-bdnuri      6FEE LF - - 8  -  -
  ef-sdnuri      6FEF LF - - 2  -  -
`)

/** TS 31.102 §4.2.100 to §4.2.114: pairing with a device, ePDG, IMS, data off, MuD and MiD, enhanced AKA. */
const SINCE_RELEASE_12 = readTable(`
  ef-ial                      6FF0 LF -  - 3  - -
  ef-ips                      6FF1 CY 4  - 10 - -
  ef-ipd                      6FF2 LF 10 - 3  - - min
  ef-epdgid                   6FF3 TR -  - 2  - -
  ef-epdgselection            6FF4 TR -  - 2  - -
  ef-epdgidem                 6FF5 TR -  - 2  - -
  ef-epdgselectionem          6FF6 TR -  - 2  - -
  ef-frompreferred            6FF7 TR 1  - 2  - 00
  ef-imsconfigdata            6FF8 BT -  - 2  - -
  ef-3gpppsdataoff            6FF9 TR 4  - 2  - -
  ef-3gpppsdataoffservicelist 6FFA LF -  - 2  - -
  ef-xcapconfigdata           6FFC BT -  - 2  - -
  ef-earfcnlist               6FFD TR -  - 10 - -
  ef-mudmidconfigdata         6FFE BT -  - 2  - -
  ef-eaka                     6F01 TR -  - 3  - -
`)

/**
 * SAIP annex A, optional files of ADF.USIM. The profile provides lengths that TS 31.102 does not define. The three
 * languages of EF.LI and the 10 text characters of EF.MSISDN are assumed from annex A.
 */
export const OPT_USIM = [
  ...SINCE_RELEASE_99,
  ...GROUP_CALLS,
  ...NAMES_AND_MESSAGES,
  ...SECURITY_AND_NETWORKS,
  ...SINCE_RELEASE_12,
]
