import type { Command, CommanderError } from 'commander'
import { nearestKey } from '../host/yaml/near-key.ts'

/** The words on a terminal that select the command, with the name of the program. */
const getPath = (command: Command): string => {
  const names: string[] = []
  for (let each: Command | null = command; each; each = each.parent) names.unshift(each.name())
  return names.join(' ')
}

const suggest = (wrong: string, what: string, known: readonly string[]): string => {
  const near = nearestKey(wrong, known)
  return `${near === undefined ? '' : `Did you mean ${near}? `}${what}: ${known.join(', ')}`
}

/** One sentence for an error that commander found in the command line. */
export const describeUsage = (command: Command, { code, message }: CommanderError): string => {
  const plain = message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')
  const quoted = /'(.*?)'/.exec(plain)?.[1] ?? ''
  const help = command.createHelp()
  const commands = (): string[] =>
    help
      .visibleCommands(command)
      .map(each => each.name())
      .filter(name => name !== 'help')
  const options = (): string[] =>
    [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)].flatMap(({ long }) => long ?? [])
  switch (code) {
    case 'commander.help':
      return `a command is missing. The commands of ${getPath(command)} are: ${commands().join(', ')}`
    case 'commander.unknownCommand':
      return `unknown command '${quoted}'. ${suggest(quoted, `The commands of ${getPath(command)} are`, commands())}`
    case 'commander.unknownOption':
      return `unknown option '${quoted}'. ${suggest(quoted, `The options of ${getPath(command)} are`, options())}`
    case 'commander.missingArgument':
      return `the argument <${quoted}> is missing; \`${getPath(command)} --help\` explains it`
    case 'commander.optionMissingArgument':
      return `the option ${quoted} needs a value`
    default:
      return plain
  }
}

/** One sentence for a value that the schema of an option or argument rejects. */
export const describeInvalidValue = (
  name: string,
  value: unknown,
  reason: string,
  choices: readonly string[] | undefined,
): string => {
  const given = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return choices === undefined
    ? `${name} ${given} is invalid: ${reason}`
    : `${name} ${given} is invalid. ${suggest(String(value), 'The choices are', choices)}`
}
