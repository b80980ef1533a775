/** What goes wrong with a command of a modem, and when. */
export interface ModemFault {
  /** The command as `AT` has it without prefix: `CGLA`, `CSIM`, `CCHO`. */
  readonly command: string
  /** How many of these commands go well first. */
  readonly after?: number
  /** How many go wrong then; all, unless said. */
  readonly times?: number
  /** What is said instead of the answer; `silence` is nothing, for ever. */
  readonly answer: 'silence' | readonly string[]
  /** Commands that this pattern finds go well all the same. */
  readonly unlessMatches?: string
  /** The card has carried the command out, and its response is lost. */
  readonly reachesCard?: boolean
  /** Switching the radio off and on (AT+CFUN) mends it. */
  readonly untilReset?: boolean
}

/** What modems do differently from one another, and from TS 27.007. */
export interface ModemQuirks {
  readonly manufacturer?: string
  readonly model?: string
  readonly firmware?: string
  /** Commands come back until ATE0; so V.250 has it, and not every modem. */
  readonly echo?: boolean
  /** Modems of which ATE0 is taken and does nothing. */
  readonly echoStays?: boolean
  /** How AT+CCHO names its sessions: by a small number, or by a handle of 16 hexadecimal digits. */
  readonly handles?: 'number' | 'hexadecimal'
  /** Commands whose answer comes without its prefix. */
  readonly bare?: readonly string[]
  /** `+CGLA:4`: no blank behind the colon. */
  readonly noBlank?: boolean
  /** Responses without quotes. */
  readonly noQuotes?: boolean
  /** Commands that the modem does not know. */
  readonly without?: readonly string[]
  /** What AT+CLAC lists; unknown without. */
  readonly listed?: readonly string[]
  /** What `=?` gets. */
  readonly testCommands?: 'answered' | 'refused' | 'silent'
  /** Sessions opened at once, those included that an earlier program left. */
  readonly mostSessions?: number
  /** Sessions that an earlier program opened and did not close. */
  readonly leaks?: number
  /** AT+CCHO answers this, whatever it is asked. */
  readonly cchoAnswers?: string
  /** What AT+CCHO says of an application that is not there. */
  readonly noApplication?: string
  readonly csimUpperCaseOnly?: boolean
  /** AT+CSIM passes no command of this instruction on logical channels. */
  readonly csimKeeps?: readonly number[]
  /** AT+CSIM passes no MANAGE CHANNEL. */
  readonly csimOpensNothing?: boolean
  /** A command without Le gets a response without data. */
  readonly needsLe?: boolean
  /** Bytes of the longest command APDU. */
  readonly longestApdu?: number
  /** Who fetches proactive commands. A modem that does takes REFRESH by resetting the card. */
  readonly toolkit?: 'terminal' | 'modem'
  /** The USB device goes and comes back when the card asks for REFRESH, or when AT+CFUN=1,1 is told. */
  readonly leavesOnRefresh?: boolean
  /** The ISD-R is out of reach while no profile is enabled. */
  readonly isdrNeedsProfile?: boolean
  /** The SIM sleeps (+CME ERROR: 3) until this command. */
  readonly sleepsUntil?: string
  /** Lines that come of their own before each line of an answer. */
  readonly news?: readonly string[]
  /** NUL bytes between the lines. */
  readonly nul?: boolean
  /** In which pieces bytes leave: an answer whole, line by line, or byte by byte. */
  readonly pieces?: 'answers' | 'lines' | 'bytes'
  /** Milliseconds that a command takes, for the first so many times or always. */
  readonly slow?: Readonly<Record<string, { readonly ms: number; readonly times?: number }>>
  readonly faults?: readonly ModemFault[]
  /** After so many commands the modem says nothing more to anything. */
  readonly diesAfter?: number
  /** Milliseconds from power to registration. */
  readonly registersAfter?: number
  /** Why a network denies it (TS 24.301 §9.9.3.9), told to who asks with AT+CEREG=3. */
  readonly rejectCause?: number
}

/** A manner, and where it is told of. */
export interface NamedManners {
  readonly source: string
  readonly manners: ModemQuirks
}

const ERROR = ['ERROR']

/** By name, each with the thread in which somebody met it. */
export const MODEM_QUIRKS = {
  ordinary: { source: 'TS 27.007 and V.250', manners: {} },
  mc7455: {
    source: 'estkme-group/lpac#138, #139: session handles of 16 hexadecimal digits, no test commands',
    manners: {
      manufacturer: 'Sierra Wireless, Incorporated',
      model: 'MC7455',
      handles: 'hexadecimal',
      testCommands: 'refused',
    },
  },
  em7590: {
    source: 'estkme-group/lpac#139: as the MC7455',
    manners: {
      manufacturer: 'Sierra Wireless, Incorporated',
      model: 'EM7590',
      handles: 'hexadecimal',
      testCommands: 'refused',
    },
  },
  em9191: {
    source: 'estkme-group/lpac#187: no AT+CCHC, and AT+CCHO complains of its parameters',
    manners: {
      manufacturer: 'Sierra Wireless, Incorporated',
      model: 'EM9191',
      without: ['CCHC'],
      cchoAnswers: '+CME ERROR: 50',
    },
  },
  fg132: {
    source: 'estkme-group/lpac#300: no test commands',
    manners: { manufacturer: 'Fibocom Wireless Inc.', model: 'FG132-NA', testCommands: 'refused' },
  },
  'em05-g': {
    source: 'estkme-group/lpac#300: no test commands',
    manners: { manufacturer: 'Quectel', model: 'EM05-G', testCommands: 'refused' },
  },
  fm350: {
    source: 'estkme-group/lpac#445, #209, #179, #447: AT+CCHO answers bare, probes get silence, downloads take minutes',
    manners: {
      manufacturer: 'Fibocom Wireless Inc.',
      model: 'FM350-GL',
      bare: ['CCHO'],
      testCommands: 'silent',
      slow: { CGLA: { ms: 60_000, times: 1 } },
    },
  },
  a7908e: {
    source: 'estkme-group/lpac#238: +CGLA:4 without a blank',
    manners: { manufacturer: 'SIMCOM INCORPORATED', model: 'A7908E', noBlank: true },
  },
  t99w696: {
    source: 'estkme-group/lpac#428: AT+CSIM takes upper-case digits only',
    manners: { manufacturer: 'Foxconn', model: 'T99W696', without: ['CCHO', 'CGLA', 'CCHC'], csimUpperCaseOnly: true },
  },
  dw5821e: {
    source: 'estkme-group/lpac compatibility list (#64): only AT+CSIM',
    manners: { manufacturer: 'Dell', model: 'DW5821e', without: ['CCHO', 'CGLA', 'CCHC'] },
  },
  'eg25-g': {
    source: 'estkme-group/lpac#64, agnos-builder#556: AT+CSIM keeps STATUS to itself; the USB device leaves on REFRESH',
    manners: { manufacturer: 'Quectel', model: 'EG25', csimKeeps: [0xf2], toolkit: 'modem', leavesOnRefresh: true },
  },
  'eg25-g-mute': {
    source: 'estkme-group/lpac#173: the card says nothing after a failed download, until it is reset',
    manners: {
      manufacturer: 'Quectel',
      model: 'EG25',
      faults: ['CGLA', 'CCHO', 'CSIM'].map(command => ({ command, after: 2, answer: ERROR, untilReset: true })),
    },
  },
  ec20f: {
    source: 'estkme-group/lpac#186: AT+CGLA answers ERROR in the middle of a package, AT+CSIM goes on working',
    manners: { manufacturer: 'Quectel', model: 'EC20F', faults: [{ command: 'CGLA', after: 20, answer: ERROR }] },
  },
  sim7600: {
    source: 'estkme-group/lpac#168, #221: reaches no ISD-R',
    manners: {
      manufacturer: 'SIMCOM INCORPORATED',
      model: 'SIMCOM_SIM7600G-H',
      cchoAnswers: '+CME ERROR: operation not allowed',
      csimOpensNothing: true,
    },
  },
  le910c4: {
    source: 'estkme-group/lpac#221: access denied',
    manners: { manufacturer: 'Telit', model: 'LE910C4-NF', cchoAnswers: '+CME ERROR: 3', csimOpensNothing: true },
  },
  huawei: {
    source: 'estkme-group/lpac#164: opens no logical channel',
    manners: {
      manufacturer: 'Huawei Technologies Co., Ltd.',
      model: 'ME909s-120',
      cchoAnswers: 'ERROR',
      csimOpensNothing: true,
    },
  },
  'em061k-gl': {
    source: 'estkme-group/lpac#242: the ISD-R is out of reach while no profile is enabled',
    manners: { manufacturer: 'Quectel', model: 'EM061K-GL', isdrNeedsProfile: true },
  },
  l860: {
    source: 'estkme-group/lpac#118: a command without Le gets 9000 and no data',
    manners: { manufacturer: 'Fibocom Wireless Inc.', model: 'L860-GL', needsLe: true },
  },
  eigencomm: {
    source: 'estkme-group/lpac#397: +CME ERROR: 3 until AT+ECSIMSLEEP=0',
    manners: { manufacturer: 'EIGENCOMM', model: 'EC618', sleepsUntil: 'AT+ECSIMSLEEP=0' },
  },
  'plain-sim': {
    source: 'commaai/openpilot#37847, #37979: ERROR and +CME ERROR: 13 both mean a SIM that is no eUICC',
    manners: { noApplication: '+CME ERROR: 13' },
  },
  leaks: {
    source:
      'estkme-group/lpac#233, #306, commaai/openpilot#37271: sessions that a dead program left take all there are',
    manners: { mostSessions: 3, leaks: 3 },
  },
  busy: {
    source: 'commaai/openpilot#37779: the card is busy just after it was powered (+CME ERROR: 14)',
    manners: {
      faults: [
        { command: 'CCHO', times: 2, answer: ['+CME ERROR: 14'] },
        { command: 'CSIM', times: 2, answer: ['+CME ERROR: 14'] },
      ],
    },
  },
  slow: {
    source: 'estkme-group/lpac#447: AT+CGLA may take 240 s, AT+CCHC 30 s',
    manners: { slow: { CGLA: { ms: 200_000, times: 1 }, CSIM: { ms: 200_000, times: 1 }, CCHC: { ms: 25_000 } } },
  },
  late: {
    source: 'commaai/openpilot#37271: the answer comes when nobody waits for it any more',
    manners: { slow: { CGLA: { ms: 265_000, times: 1 } } },
  },
  dies: {
    source: 'estkme-group/lpac#397, #447: a modem that says nothing more',
    manners: { diesAfter: 11 },
  },
  'short-apdus': {
    source: 'estkme-group/lpac#160: commands of more than 120 bytes are refused',
    manners: { longestApdu: 126 },
  },
  storm: {
    source: 'peers of lpac#447: unsolicited result codes between any two lines',
    manners: {
      news: ['+CREG: 1,"00A1","01234567",7', 'RING', '^RSSI: 18', '+CEREG: 5', '+CGEV: ME PDN ACT 1', '+CME'],
    },
  },
  'byte-by-byte': {
    source: 'USB serial adapters of 64-byte packets and less',
    manners: { pieces: 'bytes', nul: true },
  },
  'echo-stays': { source: 'V.250 §6.2.4: ATE0 is not taken by every port', manners: { echo: true, echoStays: true } },
} as const satisfies Readonly<Record<string, NamedManners>>
export type QuirkName = keyof typeof MODEM_QUIRKS
