import { readFileSync } from 'node:fs'

/** The name of a group, by its number. */
export const groupName = (number: number): string | undefined => {
  try {
    return readFileSync('/etc/group', 'utf8')
      .split('\n')
      .map(line => line.split(':'))
      .find(fields => fields.length >= 3 && fields[2] === String(number))?.[0]
  } catch {
    return undefined
  }
}
