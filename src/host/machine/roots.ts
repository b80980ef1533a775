/** Where the kernel tells of itself. Tests build such trees of their own. */
export interface Roots {
  readonly sys: string
  readonly dev: string
  readonly proc: string
}

export const LINUX: Roots = { sys: '/sys', dev: '/dev', proc: '/proc' }
