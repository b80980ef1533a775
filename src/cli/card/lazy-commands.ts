/** Loads the module of a `card` command when the command runs, which keeps the start of the program short. */
export const load = {
  show: () => import('./show-commands.ts'),
  download: () => import('../download/download-command.ts'),
  discover: () => import('../download/discover-command.ts'),
  profile: () => import('./profile-commands.ts'),
  settings: () => import('./settings-commands.ts'),
  notifications: () => import('./notifications-command.ts'),
  apdu: () => import('../shell/apdu-command.ts'),
  asLpac: () => import('../lpac/lpac-notifications.ts'),
} as const
