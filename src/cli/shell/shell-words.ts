import { BenchError } from '../../host/error.ts'

/** Splits a line into words as a POSIX shell does, with quotes, backslashes and `#` comments. */
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
  if (quote !== '') throw new BenchError('usage', `a ${quote} is not closed`)
  if (word !== undefined) words.push(word)
  return words
}

/** A command, for completion. */
export interface ShellCommand {
  readonly name: string
  readonly options: readonly string[]
  readonly subcommands: readonly ShellCommand[]
  /** True if the argument is a profile. */
  readonly takesProfile: boolean
}

const BLANKS = /\s/

/** Returns the completions of the last word of a line, and the part that they replace. */
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
  const matching = choices.filter(choice => choice.toLowerCase().startsWith(part.toLowerCase()))
  // A space after a single completion begins the next word.
  return [matching.length === 1 ? [`${matching[0]} `] : matching, part]
}

const quoteWhereNeeded = (name: string): string => (BLANKS.test(name) ? JSON.stringify(name) : name)

/** True if the history may contain the line: it is not empty and contains no confirmation code. */
export const isForHistory = (line: string): boolean => line.trim() !== '' && !/--confirmation-code/.test(line)
