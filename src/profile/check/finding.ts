/** The property that was checked. */
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
  /** The identification number of the PE. */
  readonly identification?: number
  /** The offset of the PE in the package. */
  readonly offset?: number
}
