import { BenchError } from '../../host/error.ts'

/** Words of a line as a shell cuts them: blanks between, quotes around, a backslash before. `#` begins a remark. */
export const splitWords = (line: string): string[] => {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!
    if (quote !== '') {
      if (character === quote) quote = ''
      else word += character
    } else if (character === '"' || character === "'") {
      quote = character
      word ??= ''
    } else if (character === '\\' && at + 1 < line.length) word = (word ?? '') + line[++at]!
    else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (character === '#' && word === undefined) break
    else word = (word ?? '') + character
  }
  if (quote !== '') throw new BenchError('usage', `a ${quote} is opened and not closed`)
  if (word !== undefined) words.push(word)
  return words
}

/** A command as completion sees it. */
export interface ShellCommand {
  readonly name: string
  readonly options: readonly string[]
  readonly subcommands: readonly ShellCommand[]
  /** Its argument is a profile. */
  readonly takesProfile: boolean
}

const BLANKS = /\s/

/** What the last word of a line may become; the words and the part that they replace. */
export const completeLine = (
  line: string,
  commands: readonly ShellCommand[],
  profiles: readonly string[],
): [string[], string] => {
  const part = /(\S*)$/.exec(line)![1]!
  const before = line.slice(0, line.length - part.length).trim()
  const words = before === '' ? [] : before.split(/\s+/)
  let level: readonly ShellCommand[] = commands
  let command: ShellCommand | undefined
  for (const word of words) {
    const found = level.find(({ name }) => name === word)
    if (found === undefined) break
    command = found
    level = found.subcommands
  }
  const choices = part.startsWith('-')
    ? (command?.options ?? [])
    : command === undefined
      ? words.length === 0
        ? commands.map(({ name }) => name)
        : []
      : [...level.map(({ name }) => name), ...(command.takesProfile ? profiles.map(quoteWhereNeeded) : [])]
  const fitting = choices.filter(choice => choice.toLowerCase().startsWith(part.toLowerCase()))
  // A single one is done with, and the next word may begin.
  return [fitting.length === 1 ? [`${fitting[0]} `] : fitting, part]
}

const quoteWhereNeeded = (name: string): string => (BLANKS.test(name) ? JSON.stringify(name) : name)

/** What must not stand in a file: a line that holds a secret is forgotten. */
export const isWorthKeeping = (line: string): boolean => line.trim() !== '' && !/--confirmation-code/.test(line)
