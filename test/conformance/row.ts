/** One thing that is asked of the server: by its id it is found in the catalogue, in the tests and in the table. */
export interface Row {
  readonly id: string
  /** What is done, and what has to come of it. */
  readonly title: string
  /** Where SGP.22 says so. */
  readonly clause: string
  /** Subject and reason code of the refusal, where there is one. */
  readonly pair?: string
  /** How a sequence is read that could not be read in detail. */
  readonly reading?: string
  /** Why it cannot be asked of this server: such a row has no test. */
  readonly inapplicable?: string
  /** Files that are not part of the project: without them the row is blocked. */
  readonly needs?: 'sgp26'
}

export interface Group {
  /** What the ids of the rows begin with. */
  readonly name: string
  /** Where the rows are from. */
  readonly source: string
  readonly rows: readonly Row[]
}

type Told = Partial<Pick<Row, 'pair' | 'reading' | 'inapplicable' | 'needs' | 'clause'>>

/** Rows of one name: `number` is what their ids end with. */
export const group = (
  name: string,
  { source, clause }: { readonly source: string; readonly clause: string },
  rows: readonly (readonly [number: string, title: string, told?: Told | string])[],
): Group => ({
  name,
  source,
  rows: rows.map(([number, title, told = {}]) => ({
    id: number === '' ? name : `${name} ${number}`,
    title,
    clause,
    ...(typeof told === 'string' ? { pair: told } : told),
  })),
})

/** SGP.23 lists the id, and leaves it without content. */
export const VOID = { inapplicable: 'VOID in SGP.23' } as const
/** The curve FRP256V1 is for further study in SGP.23, and no certificate of SGP.26 is on it. */
export const FURTHER_STUDY = { inapplicable: 'for further study in SGP.23 (curve FRP256V1)' } as const
