import type { RunOutcome } from '../../bench/run/activation.ts'
import type { RunBook } from '../../bench/run/run-book.ts'
import type { BenchEvent } from '../../evidence/events.ts'
import type { Terminal } from '../terminal.ts'

const MARKS = { pass: '✓', fail: '✗', inapplicable: '–', blocked: '·' } as const

const formatMs = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`

/** Prints a line for each finished step, and the current operation as progress. Returns a function that stops it. */
export const showRuns = (book: RunBook, terminal: Terminal): (() => void) =>
  book.onEvent((event: BenchEvent) => {
    switch (event.kind) {
      case 'step-started':
        return terminal.progress(`  … ${event.step}  ${event.name}`)
      case 'apdu':
      case 'reset':
      case 'http':
        return terminal.progress(`  … ${event.step ?? ' '}  ${event.label}`)
      case 'progress':
        return terminal.progress(
          `  … ${event.step ?? ' '}  ${event.text}: ${event.done} of ${event.total} ${event.unit}`,
        )
      case 'step-ended': {
        terminal.line(
          `  ${MARKS[event.verdict]} ${event.step}  ${event.name.padEnd(48)} ${formatMs(event.took).padStart(8)}`,
        )
        if (event.summary) terminal.line(`       ${event.summary}`)
      }
    }
  })

export const showOutcome = (outcome: RunOutcome, terminal: Terminal): void => {
  const { verdict, cause, rig, ms, apdus, evidence, summary } = outcome
  const medium =
    rig.link === 'tape' ? ' on a replayed recording' : rig.subject === 'software' ? ' on the software eUICC' : ''
  terminal.line()
  terminal.line(`${verdict}${cause ? ` (${cause})` : ''}${medium}: ${summary}, ${formatMs(ms)}, ${apdus} APDUs`)
  terminal.line(`evidence: ${evidence}`)
}

/** The result that `--json` prints. */
export const toJsonOutcome = ({ verdict, cause, rig, steps, apdus, evidence }: RunOutcome) => ({
  verdict,
  ...(cause ? { cause } : {}),
  rig: rig.name,
  steps: steps.map(({ step, name, verdict: each, ms }) => ({ step, name, verdict: each, ms })),
  apdus,
  evidence,
})
