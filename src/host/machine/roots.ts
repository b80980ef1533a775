/** The mount points of sysfs and procfs. Tests pass their own trees. */
export interface Roots {
  readonly sys: string
  readonly dev: string
  readonly proc: string
}

export const LINUX: Roots = { sys: '/sys', dev: '/dev', proc: '/proc' }
