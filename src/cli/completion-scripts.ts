import type { Command } from 'commander'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

interface CompletedOption {
  readonly long: string
  readonly help: string
  readonly takesValue: boolean
  readonly choices: readonly string[]
}
/** A visible command: the words that select it, and the words that may follow. */
interface CompletedCommand {
  /** Without the name of the program: `card download`. */
  readonly path: string
  readonly subcommands: readonly { readonly name: string; readonly help: string }[]
  /** Choices of the arguments, by position. */
  readonly choices: readonly (readonly string[])[]
  readonly options: readonly CompletedOption[]
}

/** Lists the program and all its visible commands. */
export const describeCommands = (command: Command, path: readonly string[] = []): CompletedCommand[] => {
  const help = command.createHelp()
  const subcommands = help.visibleCommands(command).filter(each => each.name() !== 'help')
  const options = [...help.visibleOptions(command), ...(command.parent ? help.visibleGlobalOptions(command) : [])]
  return [
    {
      path: path.join(' '),
      subcommands: subcommands.map(each => ({ name: each.name(), help: each.description() })),
      choices: command.registeredArguments.map(({ argChoices }) => argChoices ?? []),
      options: options.map(({ long, description, required, optional, argChoices }) => ({
        long: long ?? '',
        help: description,
        takesValue: required || optional,
        choices: argChoices ?? [],
      })),
    },
    ...subcommands.flatMap(each => describeCommands(each, [...path, each.name()])),
  ]
}

const quote = (text: string): string => `'${text.replace(/'/g, `'\\''`)}'`

/** The words that may follow: sub-commands, or the choices of all arguments. */
const listWords = ({ subcommands, choices }: CompletedCommand): string =>
  [...subcommands.map(({ name }) => name), ...choices.flat()].join(' ')
const listOptions = ({ options }: CompletedCommand): string => options.map(({ long }) => long).join(' ')

/** A command substitution of bash and zsh. */
const RIGS_OF_SHELL = `$("\${program[0]}" completion --rigs 2>/dev/null)`

/** Cases of a POSIX `case` statement on "path option", which set `values` for options with choices. */
const writeValueCases = (commands: readonly CompletedCommand[]): string[] =>
  commands.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(({ long, choices }) => {
        const words = long === '--rig' ? RIGS_OF_SHELL : choices.join(' ')
        return `    "${path} ${long}") is_value=1 values="${words}" ;;`
      }),
  )
const writePathCases = (commands: readonly CompletedCommand[]): string[] =>
  commands.filter(({ path }) => path !== '').map(({ path }) => `      "${path}") path="$next" ;;`)
const writeWordCases = (commands: readonly CompletedCommand[]): string[] =>
  commands.map(command => `    "${command.path}") words="${listWords(command)}" options="${listOptions(command)}" ;;`)

/** The part that bash and zsh share: finds the command, and the words that may follow. */
const writeShellBody = (commands: readonly CompletedCommand[], previousWords: string): string[] => [
  `  local path="" next word values="" words="" options="" is_value=""`,
  `  for word in ${previousWords}; do`,
  `    next="\${path:+$path }$word"`,
  '    case "$next" in',
  ...writePathCases(commands),
  '    esac',
  '  done',
  '  case "$path $previous" in',
  ...writeValueCases(commands),
  '  esac',
  '  case "$path" in',
  ...writeWordCases(commands),
  '  esac',
]

const writeBash = (commands: readonly CompletedCommand[]): string =>
  [
    '# bash completion for esim-bench: source <(esim-bench completion bash)',
    '_esim_bench() {',
    `  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"`,
    `  local program=("\${COMP_WORDS[0]}")`,
    '  # bash splits --option=value at the equals sign.',
    '  [[ $current == "=" ]] && current=""',
    `  [[ $previous == "=" ]] && previous="\${COMP_WORDS[COMP_CWORD-2]}"`,
    ...writeShellBody(commands, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`),
    '  if [[ -n $is_value ]]; then',
    '    COMPREPLY=($(compgen -W "$values" -- "$current"))',
    '  elif [[ $current == -* ]]; then',
    '    COMPREPLY=($(compgen -W "$options" -- "$current"))',
    '  else',
    '    COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '  fi',
    '}',
    'complete -o default -F _esim_bench esim-bench',
    '',
  ].join('\n')

const writeZsh = (commands: readonly CompletedCommand[]): string =>
  [
    '#compdef esim-bench',
    '# zsh completion for esim-bench: source <(esim-bench completion zsh)',
    '_esim_bench() {',
    '  emulate -L zsh -o ksh_arrays',
    '  local -a program line',
    `  program=("\${words[0]}") line=("\${words[@]:1:$((CURRENT - 2))}")`,
    `  local current="\${words[CURRENT-1]}" previous="\${words[CURRENT-2]}"`,
    ...writeShellBody(commands, `"\${line[@]}"`).map(text => text.replace(/\bwords=/g, 'candidates=')),
    '  if [[ -n $is_value ]]; then',
    `    if [[ -n $values ]]; then compadd -- \${=values}; else _files; fi`,
    '  elif [[ $current == -* ]]; then',
    `    compadd -- \${=options}`,
    '  elif [[ -n $candidates ]]; then',
    `    compadd -- \${=candidates}`,
    '  else',
    '    _files',
    '  fi',
    '}',
    'if [[ $funcstack[1] == _esim_bench ]]; then _esim_bench "$@"; else compdef _esim_bench esim-bench; fi',
    '',
  ].join('\n')

const writeFish = (commands: readonly CompletedCommand[]): string => {
  const lines = commands.flatMap(({ path, subcommands, choices, options }) => {
    const at = `complete -c esim-bench -n ${quote(`__esim_bench_is ${quote(path)}`)}`
    return [
      ...subcommands.map(({ name, help }) => `${at} -f -a ${name} -d ${quote(help)}`),
      ...choices.filter(({ length }) => length > 0).map(words => `${at} -f -a ${quote(words.join(' '))}`),
      ...options.map(({ long, help, takesValue, choices: values }) => {
        const words = long === '--rig' ? '(esim-bench completion --rigs)' : values.join(' ')
        const value = takesValue ? ` -r${words === '' ? '' : ` -f -a ${quote(words)}`}` : ''
        return `${at} -l ${long.replace(/^--/, '')}${value} -d ${quote(help)}`
      }),
    ]
  })
  const paths = commands.filter(({ path }) => path !== '').map(({ path }) => quote(path))
  return [
    '# fish completion for esim-bench: esim-bench completion fish | source',
    'function __esim_bench_is',
    '  set -l path ""',
    '  for word in (commandline -opc)[2..]',
    '    set -l next (string trim "$path $word")',
    `    contains -- "$next" ${paths.join(' ')}; and set path "$next"`,
    '  end',
    '  test "$path" = "$argv[1]"',
    'end',
    ...lines,
    '',
  ].join('\n')
}

const WRITERS = { bash: writeBash, zsh: writeZsh, fish: writeFish } as const

export const writeCompletion = (shell: Shell, commands: readonly CompletedCommand[]): string => WRITERS[shell](commands)
