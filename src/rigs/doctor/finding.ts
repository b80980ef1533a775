/** The result of one check. */
export interface DoctorFinding {
  /** The subject of the check: `Node`, `pcscd`, `/dev/ttyUSB2`. */
  readonly about: string
  /** `problem`: a requested function cannot work; `warning`: an optional function is missing. */
  readonly state: 'ok' | 'warning' | 'problem'
  /** The result in words; a member of `doctor --json`. */
  readonly says: string
  /** What to do; absent if no action is needed. */
  readonly todo?: string
}

export const ok = (about: string, text: string): DoctorFinding => ({ about, state: 'ok', says: text })
export const warning = (about: string, text: string, todo?: string): DoctorFinding => ({
  about,
  state: 'warning',
  says: text,
  ...(todo ? { todo } : {}),
})
export const problem = (about: string, text: string, todo: string): DoctorFinding => ({
  about,
  state: 'problem',
  says: text,
  todo,
})
