/** The commands of `card`, each loaded when it is asked for. */
export const load = {
  info: () => import('./info-command.ts'),
  list: () => import('./list-command.ts'),
  download: () => import('../download/download-command.ts'),
  discover: () => import('../download/discover-command.ts'),
  profile: () => import('./profile-commands.ts'),
  settings: () => import('./settings-commands.ts'),
  notifications: () => import('./notifications-command.ts'),
  apdu: () => import('../shell/apdu-command.ts'),
  asLpac: () => import('../lpac/lpac-notifications.ts'),
} as const
