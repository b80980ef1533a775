/** A fault of a modem command. */
export interface ModemFault {
  /** The command without the prefix `AT+`: `CGLA`, `CSIM`, `CCHO`. */
  readonly command: string
  /** Number of commands that succeed first. */
  readonly after?: number
  /** Number of commands that fail then; default: all. */
  readonly times?: number
  /** The response of the fault; `silence` means no response and no further ones. */
  readonly answer: 'silence' | readonly string[]
  /** Commands that match this pattern succeed. */
  readonly unlessMatches?: string
  /** The card executes the command, but its response is lost. */
  readonly reachesCard?: boolean
  /** Switching the radio off and on (AT+CFUN) ends the fault. */
  readonly untilReset?: boolean
}

/** Differences between modems and TS 27.007. */
export interface ModemQuirks {
  readonly manufacturer?: string
  readonly model?: string
  readonly firmware?: string
  /** Commands are echoed until ATE0 (V.250), but not by every modem. */
  readonly echo?: boolean
  /** ATE0 returns OK without effect. */
  readonly echoStays?: boolean
  /** The session identifier of AT+CCHO: a small number, or 16 hexadecimal digits. */
  readonly handles?: 'number' | 'hexadecimal'
  /** Commands whose response has no prefix. */
  readonly bare?: readonly string[]
  /** `+CGLA:4`: no blank after the colon. */
  readonly noBlank?: boolean
  /** Responses without quotes. */
  readonly noQuotes?: boolean
  /** Unsupported commands. */
  readonly without?: readonly string[]
  /** The response of AT+CLAC; unsupported if absent. */
  readonly listed?: readonly string[]
  /** The response to test commands (`=?`). */
  readonly testCommands?: 'answered' | 'refused' | 'silent'
  /** Maximum number of sessions, including those left open by an earlier program. */
  readonly maxSessions?: number
  /** Sessions that an earlier program left open. */
  readonly leaks?: number
  /** AT+CCHO always returns this. */
  readonly cchoAnswers?: string
  /** The response of AT+CCHO for a missing application. */
  readonly noApplication?: string
  readonly csimUpperCaseOnly?: boolean
  /** AT+CSIM rejects commands with this INS on logical channels. */
  readonly csimKeeps?: readonly number[]
  /** AT+CSIM rejects MANAGE CHANNEL. */
  readonly csimOpensNothing?: boolean
  /** The response to a command without Le has no data. */
  readonly needsLe?: boolean
  /** Maximum length of a command APDU in bytes. */
  readonly longestApdu?: number
  /** Fetches proactive commands. The modem resets the card on REFRESH; the terminal does not. */
  readonly toolkit?: 'terminal' | 'modem'
  /** The USB device leaves and comes back on REFRESH, or on AT+CFUN=1,1. */
  readonly leavesOnRefresh?: boolean
  /** The ISD-R is not selectable while no profile is enabled. */
  readonly isdrNeedsProfile?: boolean
  /** The SIM sleeps (+CME ERROR: 3) until this command. */
  readonly sleepsUntil?: string
  /** URCs before each line of a response. */
  readonly news?: readonly string[]
  /** NUL bytes between the lines. */
  readonly nul?: boolean
  /** How bytes are sent: a whole response, each line, or each byte separately. */
  readonly pieces?: 'answers' | 'lines' | 'bytes'
  /** Duration of a command in milliseconds, for the first `times` commands or always. */
  readonly slow?: Readonly<Record<string, { readonly ms: number; readonly times?: number }>>
  readonly faults?: readonly ModemFault[]
  /** Number of commands after which the modem stops answering. */
  readonly diesAfter?: number
  /** Milliseconds from power-on to registration. */
  readonly registersAfter?: number
  /** The reject cause of the network (TS 24.301 §9.9.3.9), reported with AT+CEREG=3. */
  readonly rejectCause?: number
}

/** A quirk, and its source. */
export interface NamedQuirks {
  readonly source: string
  readonly quirks: ModemQuirks
}

const ERROR = ['ERROR']

/** By name, each with the thread that reports it. */
export const MODEM_QUIRKS = {
  ordinary: { source: 'TS 27.007 and V.250', quirks: {} },
  mc7455: {
    source: 'estkme-group/lpac#138, #139: session handles of 16 hexadecimal digits, no test commands',
    quirks: {
      manufacturer: 'Sierra Wireless, Incorporated',
      model: 'MC7455',
      handles: 'hexadecimal',
      testCommands: 'refused',
    },
  },
  em7590: {
    source: 'estkme-group/lpac#139: as the MC7455',
    quirks: {
      manufacturer: 'Sierra Wireless, Incorporated',
      model: 'EM7590',
      handles: 'hexadecimal',
      testCommands: 'refused',
    },
  },
  em9191: {
    source: 'estkme-group/lpac#187: no AT+CCHC, and AT+CCHO returns +CME ERROR: 50',
    quirks: {
      manufacturer: 'Sierra Wireless, Incorporated',
      model: 'EM9191',
      without: ['CCHC'],
      cchoAnswers: '+CME ERROR: 50',
    },
  },
  fg132: {
    source: 'estkme-group/lpac#300: no test commands',
    quirks: { manufacturer: 'Fibocom Wireless Inc.', model: 'FG132-NA', testCommands: 'refused' },
  },
  'em05-g': {
    source: 'estkme-group/lpac#300: no test commands',
    quirks: { manufacturer: 'Quectel', model: 'EM05-G', testCommands: 'refused' },
  },
  fm350: {
    source:
      'estkme-group/lpac#445, #209, #179, #447: AT+CCHO answers without a prefix, test commands get no response, downloads take minutes',
    quirks: {
      manufacturer: 'Fibocom Wireless Inc.',
      model: 'FM350-GL',
      bare: ['CCHO'],
      testCommands: 'silent',
      slow: { CGLA: { ms: 60_000, times: 1 } },
    },
  },
  a7908e: {
    source: 'estkme-group/lpac#238: +CGLA:4 without a blank',
    quirks: { manufacturer: 'SIMCOM INCORPORATED', model: 'A7908E', noBlank: true },
  },
  t99w696: {
    source: 'estkme-group/lpac#428: AT+CSIM accepts upper-case digits only',
    quirks: { manufacturer: 'Foxconn', model: 'T99W696', without: ['CCHO', 'CGLA', 'CCHC'], csimUpperCaseOnly: true },
  },
  dw5821e: {
    source: 'estkme-group/lpac compatibility list (#64): only AT+CSIM',
    quirks: { manufacturer: 'Dell', model: 'DW5821e', without: ['CCHO', 'CGLA', 'CCHC'] },
  },
  'eg25-g': {
    source:
      'estkme-group/lpac#64, agnos-builder#556: AT+CSIM rejects STATUS on logical channels; the USB device leaves on REFRESH',
    quirks: { manufacturer: 'Quectel', model: 'EG25', csimKeeps: [0xf2], toolkit: 'modem', leavesOnRefresh: true },
  },
  'eg25-g-mute': {
    source: 'estkme-group/lpac#173: no response after a failed download, until the card is reset',
    quirks: {
      manufacturer: 'Quectel',
      model: 'EG25',
      faults: ['CGLA', 'CCHO', 'CSIM'].map(command => ({ command, after: 2, answer: ERROR, untilReset: true })),
    },
  },
  ec20f: {
    source: 'estkme-group/lpac#186: AT+CGLA returns ERROR in the middle of a package, AT+CSIM still works',
    quirks: { manufacturer: 'Quectel', model: 'EC20F', faults: [{ command: 'CGLA', after: 20, answer: ERROR }] },
  },
  sim7600: {
    source: 'estkme-group/lpac#168, #221: cannot select the ISD-R',
    quirks: {
      manufacturer: 'SIMCOM INCORPORATED',
      model: 'SIMCOM_SIM7600G-H',
      cchoAnswers: '+CME ERROR: operation not allowed',
      csimOpensNothing: true,
    },
  },
  le910c4: {
    source: 'estkme-group/lpac#221: access denied',
    quirks: { manufacturer: 'Telit', model: 'LE910C4-NF', cchoAnswers: '+CME ERROR: 3', csimOpensNothing: true },
  },
  huawei: {
    source: 'estkme-group/lpac#164: opens no logical channel',
    quirks: {
      manufacturer: 'Huawei Technologies Co., Ltd.',
      model: 'ME909s-120',
      cchoAnswers: 'ERROR',
      csimOpensNothing: true,
    },
  },
  'em061k-gl': {
    source: 'estkme-group/lpac#242: the ISD-R is not selectable while no profile is enabled',
    quirks: { manufacturer: 'Quectel', model: 'EM061K-GL', isdrNeedsProfile: true },
  },
  l860: {
    source: 'estkme-group/lpac#118: a command without Le returns 9000 and no data',
    quirks: { manufacturer: 'Fibocom Wireless Inc.', model: 'L860-GL', needsLe: true },
  },
  eigencomm: {
    source: 'estkme-group/lpac#397: +CME ERROR: 3 until AT+ECSIMSLEEP=0',
    quirks: { manufacturer: 'EIGENCOMM', model: 'EC618', sleepsUntil: 'AT+ECSIMSLEEP=0' },
  },
  'plain-sim': {
    source: 'commaai/openpilot#37847, #37979: a SIM without ISD-R returns ERROR or +CME ERROR: 13',
    quirks: { noApplication: '+CME ERROR: 13' },
  },
  leaks: {
    source:
      'estkme-group/lpac#233, #306, commaai/openpilot#37271: sessions that a killed program left open use all channels',
    quirks: { maxSessions: 3, leaks: 3 },
  },
  busy: {
    source: 'commaai/openpilot#37779: the card is busy after power-on (+CME ERROR: 14)',
    quirks: {
      faults: [
        { command: 'CCHO', times: 2, answer: ['+CME ERROR: 14'] },
        { command: 'CSIM', times: 2, answer: ['+CME ERROR: 14'] },
      ],
    },
  },
  slow: {
    source: 'estkme-group/lpac#447: AT+CGLA may take 240 s, AT+CCHC 30 s',
    quirks: { slow: { CGLA: { ms: 200_000, times: 1 }, CSIM: { ms: 200_000, times: 1 }, CCHC: { ms: 25_000 } } },
  },
  late: {
    source: 'commaai/openpilot#37271: the response arrives after the time limit of the program',
    quirks: { slow: { CGLA: { ms: 265_000, times: 1 } } },
  },
  dies: {
    source: 'estkme-group/lpac#397, #447: the modem stops responding',
    quirks: { diesAfter: 11 },
  },
  'short-apdus': {
    source: 'estkme-group/lpac#160: commands of more than 120 bytes are rejected',
    quirks: { longestApdu: 126 },
  },
  storm: {
    source: 'similar to lpac#447: unsolicited result codes between any two lines',
    quirks: {
      news: ['+CREG: 1,"00A1","01234567",7', 'RING', '^RSSI: 18', '+CEREG: 5', '+CGEV: ME PDN ACT 1', '+CME'],
    },
  },
  'byte-by-byte': {
    source: 'USB serial adapters with packets of 64 bytes or less',
    quirks: { pieces: 'bytes', nul: true },
  },
  'echo-stays': { source: 'V.250 §6.2.4: some ports ignore ATE0', quirks: { echo: true, echoStays: true } },
} as const satisfies Readonly<Record<string, NamedQuirks>>
export type QuirkName = keyof typeof MODEM_QUIRKS
