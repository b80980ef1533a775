import { Argument, Command, type CommanderError, Option } from 'commander'
import { z } from 'zod'
import { BenchError } from '../host/error.ts'
import { describeInvalidValue, describeUsage } from './describe-usage.ts'

interface OptionSyntax {
  /** As commander reads them: `--curve <name>`. */
  readonly flags: string
  readonly help: string
  /** The key of an option that excludes this one. */
  readonly conflicts?: string
  /** The option that replaces this deprecated one. */
  readonly replacedBy?: string
  /** An option of the program, which each command receives. */
  readonly isGlobal?: true
}
interface ArgumentSyntax {
  /** As commander reads it: `<profile>`, `[host]`, `[files...]`. */
  readonly name: string
  readonly help: string
}

const OPTIONS = z.registry<OptionSyntax>()
const ARGUMENTS = z.registry<ArgumentSyntax>()

/** Adds the syntax and the help text of an option to the schema of its value. */
export const option = <S extends z.ZodType>(
  flags: string,
  help: string,
  schema: S,
  more: Omit<OptionSyntax, 'flags' | 'help'> = {},
): S => {
  OPTIONS.add(schema, { flags, help, ...more })
  return schema
}
export const argument = <S extends z.ZodType>(name: string, help: string, schema: S): S => {
  ARGUMENTS.add(schema, { name, help })
  return schema
}
export const flag = (flags: string, help: string, more: Omit<OptionSyntax, 'flags' | 'help'> = {}) =>
  option(flags, help, z.boolean().optional(), more)
export const text = (flags: string, help: string, more: Omit<OptionSyntax, 'flags' | 'help'> = {}) =>
  option(flags, help, z.string().optional(), more)

type Arguments = readonly z.ZodType[]
type ArgumentValues<A extends Arguments> = { [K in keyof A]: z.output<A[K]> }

/** A command: its arguments and options as schemas, which give the types that `run` receives. */
export interface CommandSpec<A extends Arguments, S extends z.ZodObject> {
  readonly name: string
  readonly help: string
  readonly arguments?: A
  readonly options: S
  /** Keys of options that the command line does not offer. Their schemas give the values. */
  readonly without?: readonly string[]
  /** The command that replaces this deprecated one. */
  readonly replacedBy?: string
  /** Resolves with the exit code. */
  run(args: ArgumentValues<A>, options: z.output<S>): Promise<number>
}

/** Receives what a command reports while it is parsed and after it ran. */
export interface CommandSink {
  warn(sentence: string): void
  done(exitCode: number): void
}

/** A command that throws a usage error where commander would end the process. */
export const createCommand = (name: string): Command =>
  withUsageErrors(new Command(name)).configureHelp({ showGlobalOptions: true }).showSuggestionAfterError(false)

const withUsageErrors = (command: Command): Command =>
  command.exitOverride((error: CommanderError) => {
    // The user asked for the help text or the version.
    if (error.exitCode === 0) throw error
    throw new BenchError('usage', describeUsage(command, error), { cause: error })
  })

export const addGroup = (parent: Command, name: string, help: string, isHidden = false): Command =>
  withUsageErrors(parent.command(name, { hidden: isHidden })).description(help)

export const addCommand = <const A extends Arguments = [], S extends z.ZodObject = z.ZodObject>(
  parent: Command,
  sink: CommandSink,
  spec: CommandSpec<A, S>,
): void => {
  const command = withUsageErrors(parent.command(spec.name, { hidden: spec.replacedBy !== undefined }))
  command.description(spec.help)
  for (const schema of spec.arguments ?? []) command.addArgument(toArgument(schema))
  for (const [key, schema] of Object.entries(spec.options.shape))
    if (!spec.without?.includes(key)) addOption(command, key, schema as z.ZodType)
  command.action(async (...values: unknown[]) => {
    // Commander passes the arguments, the options and the command.
    const args = values.slice(0, -2).map((value, index) => parseArgument(command, spec.arguments![index]!, value))
    const options = parseOptions(command, spec.options)
    if (spec.replacedBy !== undefined && options.json !== true)
      sink.warn(`${getCommandPath(command)} is deprecated, use ${spec.replacedBy}`)
    for (const { long, replacedBy } of findDeprecated(command, spec.options))
      sink.warn(`${long} is deprecated, use ${replacedBy}`)
    sink.done(await spec.run(args as ArgumentValues<A>, options as z.output<S>))
  })
}

export const addOption = (command: Command, key: string, schema: z.ZodType): void => {
  const syntax = OPTIONS.get(schema)
  if (syntax === undefined) throw new TypeError(`the option ${key} has no syntax`)
  if (syntax.isGlobal && command.parent !== null) return
  const added = new Option(syntax.flags, syntax.help)
  if (added.attributeName() !== key) throw new TypeError(`the option ${syntax.flags} has the key ${key}`)
  const choices = getChoices(schema)
  if (choices) added.argChoices = choices
  if (schema instanceof z.ZodDefault && !added.negate) added.default(schema.def.defaultValue)
  if (syntax.conflicts) added.conflicts(syntax.conflicts)
  command.addOption(added.hideHelp(syntax.replacedBy !== undefined))
}

const toArgument = (schema: z.ZodType): Argument => {
  const syntax = ARGUMENTS.get(schema)
  if (syntax === undefined) throw new TypeError('an argument has no syntax')
  const added = new Argument(syntax.name, syntax.help)
  const choices = getChoices(schema)
  if (choices) added.argChoices = choices
  return added
}

/** The values of an enum, also of an optional one; undefined for other schemas. */
const getChoices = (schema: z.core.$ZodType): string[] | undefined => {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return getChoices(schema.unwrap())
  return schema instanceof z.ZodEnum ? schema.options.map(String) : undefined
}

const parseArgument = (command: Command, schema: z.ZodType, value: unknown): unknown => {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  const given = issue.path.length > 0 && Array.isArray(value) ? value[Number(issue.path[0])] : value
  const { name } = ARGUMENTS.get(schema)!
  throw new BenchError('usage', describeInvalidValue(name, given, issue.message, getChoices(schema)), {
    data: { command: getCommandPath(command) },
  })
}

const parseOptions = (command: Command, schema: z.ZodObject): Record<string, unknown> => {
  const given = Object.entries(command.optsWithGlobals()).filter(
    ([key]) => command.getOptionValueSourceWithGlobals(key) !== 'default',
  )
  const result = schema.safeParse(Object.fromEntries(given))
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  const key = String(issue.path[0])
  const value = schema.shape[key] as z.ZodType
  const name = new Option(OPTIONS.get(value)?.flags ?? `--${key}`).long ?? key
  throw new BenchError(
    'usage',
    describeInvalidValue(name, Object.fromEntries(given)[key], issue.message, getChoices(value)),
    { data: { command: getCommandPath(command) } },
  )
}

const findDeprecated = (command: Command, schema: z.ZodObject): { long: string; replacedBy: string }[] =>
  Object.entries(schema.shape).flatMap(([key, value]) => {
    const { flags, replacedBy } = OPTIONS.get(value as z.ZodType) ?? {}
    const isGiven = command.getOptionValueSource(key) === 'cli'
    return isGiven && flags && replacedBy ? [{ long: new Option(flags).long ?? flags, replacedBy }] : []
  })

/** The words that select a command, without the name of the program. */
const getCommandPath = (command: Command): string => {
  const names: string[] = []
  for (let each: Command | null = command; each?.parent; each = each.parent) names.unshift(each.name())
  return names.join(' ')
}
