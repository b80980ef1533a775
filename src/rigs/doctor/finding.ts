/** One thing that was looked at. */
export interface Finding {
  /** What it is about: `Node`, `pcscd`, `/dev/ttyUSB2`. */
  readonly about: string
  /** `problem`: something that was asked for cannot work; `warning`: something less can be done than could be. */
  readonly state: 'ok' | 'warning' | 'problem'
  readonly says: string
  /** What to do; absent where there is nothing to do. */
  readonly todo?: string
}

export const ok = (about: string, says: string): Finding => ({ about, state: 'ok', says })
export const warning = (about: string, says: string, todo?: string): Finding => ({
  about,
  state: 'warning',
  says,
  ...(todo ? { todo } : {}),
})
export const problem = (about: string, says: string, todo: string): Finding => ({
  about,
  state: 'problem',
  says,
  todo,
})
