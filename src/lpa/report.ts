/** An event of a procedure. A step is a function of an interface: `ES9+.InitiateAuthentication`. */
export type LpaEvent =
  | { readonly kind: 'started'; readonly step: string; readonly clause: string }
  | { readonly kind: 'ended'; readonly step: string; readonly error?: unknown }
  | { readonly kind: 'progress'; readonly step: string; readonly done: number; readonly total: number }
  /**
   * Information for the user without effect on the result: a REFRESH, a notification that remains pending, closed
   * channels.
   */
  | { readonly kind: 'noted'; readonly text: string; readonly error?: unknown }

export type Report = (event: LpaEvent) => void

export const silent: Report = () => {}

interface Row {
  readonly interface: string
  readonly name: string
  readonly clause: string
}
export const getStepName = (row: Row): string => `${row.interface}.${row.name}`

/** Runs a step and reports its start and end. */
export const reported = async <T>(report: Report, row: Row, work: () => Promise<T>): Promise<T> => {
  const step = getStepName(row)
  report({ kind: 'started', step, clause: row.clause })
  let value: T
  try {
    value = await work()
  } catch (error) {
    report({ kind: 'ended', step, error })
    throw error
  }
  report({ kind: 'ended', step })
  return value
}
