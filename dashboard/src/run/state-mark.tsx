/** Each state and verdict has its own shape, word and color, so that no information depends on color alone (WCAG 2.2, 1.4.1). */
import type { Cause, RigSummary, Verdict } from '../../../src/evidence/events.ts'
import type { StepState } from './run-state.ts'
import { CAUSE_WORDS, STATE_WORDS, VERDICT_MEANINGS, VERDICT_WORDS } from './wording.ts'

export type MarkState = StepState | 'interrupted'

/** A shape of 16 x 16 units. The `glyph-*` classes set its color. */
export const StateShape = ({ state }: { state: MarkState }) => {
  switch (state) {
    case 'pass':
      return (
        <g className="glyph glyph-pass">
          <circle cx="8" cy="8" r="7" className="body" />
          <path d="M4.8 8.3l2.2 2.2 4.2-4.8" className="mark" />
        </g>
      )
    case 'fail':
      return (
        <g className="glyph glyph-fail">
          <rect x="1.5" y="1.5" width="13" height="13" rx="3" className="body" />
          <path d="M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4" className="mark" />
        </g>
      )
    case 'inapplicable':
      return (
        <g className="glyph glyph-inapplicable">
          <circle cx="8" cy="8" r="6.6" className="body" />
          <path d="M4.6 11.4l6.8-6.8" className="mark" />
        </g>
      )
    case 'blocked':
      return (
        <g className="glyph glyph-blocked">
          <path d="M8 0.8L15.2 8 8 15.2 0.8 8z" className="body" />
          <path d="M5 8h6" className="mark" />
        </g>
      )
    case 'running':
      return (
        <g className="glyph glyph-running">
          <circle cx="8" cy="8" r="6.2" className="body" />
          <path d="M8 1.8a6.2 6.2 0 0 1 6.2 6.2" className="mark" />
        </g>
      )
    case 'pending':
    case 'unreached':
    case 'interrupted':
      return (
        <g className={`glyph glyph-${state}`}>
          <circle cx="8" cy="8" r="5.6" className="body" />
          {state !== 'pending' && <path d="M5.6 8h4.8" className="mark" />}
        </g>
      )
  }
}

export const StateMark = ({ state, label }: { state: MarkState; label?: string }) => {
  const words = label ?? (state === 'interrupted' ? 'Interrupted' : STATE_WORDS[state])
  return (
    <svg className="state-mark" viewBox="0 0 16 16" role="img" aria-label={words}>
      <title>{words}</title>
      <StateShape state={state} />
    </svg>
  )
}

export const VerdictBadge = ({
  verdict,
  cause,
  subject,
}: {
  verdict: Verdict
  cause: Cause | undefined
  subject: RigSummary['subject']
}) => (
  <span className={`verdict verdict-${verdict}`} title={VERDICT_MEANINGS[verdict]} data-verdict={verdict}>
    <svg viewBox="0 0 16 16" aria-hidden="true">
      <StateShape state={verdict} />
    </svg>
    <span className="verdict-word">{VERDICT_WORDS[verdict]}</span>
    {cause && <span className="verdict-cause">{CAUSE_WORDS[cause]}</span>}
    {subject === 'software' && <span className="verdict-subject">in software</span>}
  </span>
)
