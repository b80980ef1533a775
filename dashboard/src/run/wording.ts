/** Names, numbers and times as the page shows them. */
import type { Cause, Part, RigSummary, Verdict } from '../../../src/evidence/events.ts'
import type { StepState } from './run-state.ts'

export const PART_NAMES: Readonly<Record<Part, string>> = {
  app: 'Plans app',
  service: 'Plans service',
  portal: 'Portal',
  operator: 'Operator API',
  smdp: 'SM-DP+',
  lpa: 'LPA',
  euicc: 'eUICC',
  network: 'Network',
}

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  pass: 'Pass',
  fail: 'Fail',
  inapplicable: 'Inapplicable',
  blocked: 'Blocked',
}

export const VERDICT_MEANINGS: Readonly<Record<Verdict, string>> = {
  pass: 'the device under test behaved as specified',
  fail: 'the device under test is wrong',
  inapplicable: 'the device under test does not support the function',
  blocked: 'the test could not be executed',
}

export const STATE_WORDS: Readonly<Record<StepState, string>> = {
  ...VERDICT_WORDS,
  pending: 'Waiting',
  running: 'Running',
  unreached: 'Not reached',
}

export const CAUSE_WORDS: Readonly<Record<Cause, string>> = {
  card: 'the card',
  modem: 'the modem',
  rig: 'the rig',
  network: 'the network',
  server: 'the server',
  bench: 'the bench',
}

export const LINK_WORDS: Readonly<Record<RigSummary['link'], string>> = {
  software: 'in process',
  pcsc: 'PC/SC reader',
  modem: 'modem',
  exec: 'program',
  tcp: 'TCP',
  tape: 'recording',
}

export const SOFTWARE_MARK = 'software eUICC — not a hardware result'

/** Three significant figures: `0.42 ms`, `8.3 ms`, `412 ms`, `1.84 s`, `2 min 05 s`. */
export const formatDuration = (ms: number): string => {
  if (ms >= 60_000) {
    const seconds = Math.round(ms / 1000)
    return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
  }
  if (ms >= 999.5) return `${(ms / 1000).toFixed(ms >= 9995 ? 1 : 2)} s`
  return `${ms.toFixed(ms >= 99.5 ? 0 : ms >= 9.95 ? 0 : ms >= 0.995 ? 1 : 2)} ms`
}

/** Time since the run began, aligned in columns: `0.412`, `12.003`. */
export const formatOffset = (ms: number): string => (ms / 1000).toFixed(3)

export const formatBytes = (count: number): string =>
  count < 1024
    ? `${count} B`
    : count < 1024 * 1024
      ? `${(count / 1024).toFixed(1)} KB`
      : `${(count / 1048576).toFixed(1)} MB`

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`

export const formatClock = (iso: string | Date): string =>
  new Date(iso).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

export const formatDay = (iso: string): string =>
  new Date(iso).toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' })
