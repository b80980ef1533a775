/** What was looked at. */
export type FindingRule =
  | 'element-order'
  | 'identification'
  | 'version'
  | 'mandatory-elements'
  | 'mandatory-services'
  | 'templates'
  | 'iccid'
  | 'imsi'
  | 'pin-format'
  | 'algorithm'
  | 'installs'
  | 'access-rules'
  | 'ef-dir'
  | 'service-table'

export interface ProfileFinding {
  readonly rule: FindingRule
  readonly severity: 'error' | 'warning'
  readonly message: string
  /** Identification number of the PE that it is about. */
  readonly identification?: number
  /** Where that PE begins in the package. */
  readonly offset?: number
}
