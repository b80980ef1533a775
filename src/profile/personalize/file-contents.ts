import { equalBytes } from '../../asn1/bytes.ts'
import type { File, FileManagement } from '../elements/file.ts'
import type { ElementValue } from '../elements/profile-element.ts'
import type { ProfileElement } from '../package.ts'
import { changed } from './changed.ts'

/**
 * Elements that create files directly in the ADF of an application. Elements of `BY_DEFAULT` also create files that
 * they do not list.
 */
const FAMILY = {
  usim: 'usim',
  'opt-usim': 'usim',
  iot: 'usim',
  'opt-iot': 'usim',
  isim: 'isim',
  'opt-isim': 'isim',
} as const
const BY_DEFAULT: ReadonlySet<string> = new Set(['usim', 'iot', 'isim'])
const IDENTIFIERS = {
  usim: {
    'ef-imsi': '6f07',
    'ef-acc': '6f78',
    'ef-ad': '6fad',
    'ef-msisdn': '6f40',
    'ef-smsp': '6f42',
    'ef-ehplmn': '6fd9',
    'ef-hplmnwact': '6f62',
  },
  isim: { 'ef-impi': '6f02', 'ef-domain': '6f03', 'ef-impu': '6f04', 'ef-ad': '6fad', 'ef-smsp': '6f42' },
} as const

/** The new content of a file and its present content. */
export interface NewContent {
  readonly old: Uint8Array
  readonly next: Uint8Array
}
/** By the key of the file in the installed profile. */
export type NewContents = ReadonlyMap<string, NewContent>

/** A file command of either form (SAIP §8.3.2, §8.3.5); both fill files alike. */
type Command = File[number] | FileManagement[number]

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Returns the commands with the new content, or `commands` itself if they already write it. */
const fillWith = <C extends Command>(commands: readonly C[], { old, next }: NewContent): readonly C[] => {
  if (equalBytes(old, next)) return commands
  const isWritten = new Uint8Array(next.length)
  let position = 0
  const rewritten = commands.map(command => {
    if (command.fillFileOffset !== undefined) position += command.fillFileOffset
    if (command.fillFileContent === undefined) return command
    const start = position
    position += command.fillFileContent.length
    isWritten.fill(1, start, position)
    return { fillFileContent: next.slice(start, position) } as C
  })
  if (next.every((octet, at) => isWritten[at] === 1 || octet === old[at])) return rewritten
  return [
    ...commands.filter(command => command.fillFileContent === undefined && command.fillFileOffset === undefined),
    { fillFileContent: next } as C,
  ]
}

/** The ADF for further files of each application: the one created last (SAIP §8.3.4). */
type LastAdf = Map<'usim' | 'isim', string>

const rewriteTemplateFiles = (element: ProfileElement, contents: NewContents, lastAdf: LastAdf): unknown => {
  const family = FAMILY[element.kind as keyof typeof FAMILY] as keyof typeof IDENTIFIERS | undefined
  const files = element.value as Record<string, File | undefined>
  const changes: Record<string, File> = {}
  const rewrite = (name: string, key: string): void => {
    const content = contents.get(key)
    const file = files[name] ?? []
    if (content === undefined) return
    const next = fillWith(file, content)
    if (next !== file) changes[name] = next
  }
  if (element.kind === 'mf' || element.kind === 'iot') rewrite('ef-iccid', '3f00/2fe2')
  if (family !== undefined) {
    const adf = files[`adf-${family}`]?.find(command => command.fileDescriptor?.fileID)
    if (adf) lastAdf.set(family, `3f00/${hexOf(adf.fileDescriptor!.fileID!)}`)
    for (const [name, fid] of Object.entries(IDENTIFIERS[family]))
      if (files[name] !== undefined || BY_DEFAULT.has(element.kind)) rewrite(name, `${lastAdf.get(family)}/${fid}`)
  }
  return Object.keys(changes).length === 0 ? element.value : changed(files, changes)
}

const pathOf = (path: Uint8Array): string =>
  ['3f00', ...(hexOf(path).match(/..../g) ?? []).filter(fid => fid !== '3f00')].join('/')

const rewriteWalk = (walk: FileManagement, contents: NewContents): FileManagement => {
  const out: FileManagement[number][] = []
  let directory = '3f00'
  let key: string | undefined
  let isNew = false
  let fills: FileManagement[number][] = []
  const flush = (): void => {
    const content = key === undefined ? undefined : contents.get(key)
    // A file that is only selected here is filled elsewhere.
    out.push(...(content && (isNew || fills.length > 0) ? fillWith(fills, content) : fills))
    fills = []
  }
  for (const command of walk) {
    if (command.fillFileContent !== undefined || command.fillFileOffset !== undefined) {
      fills.push(command)
      continue
    }
    flush()
    out.push(command)
    isNew = command.createFCP !== undefined
    if (command.filePath !== undefined) {
      key = pathOf(command.filePath)
      directory = key
    } else if (command.createFCP !== undefined)
      key = `${directory}/${hexOf(command.createFCP.fileID ?? new Uint8Array(0))}`
  }
  flush()
  return out.every((command, at) => command === walk[at]) && out.length === walk.length ? walk : out
}

/** Returns the value of each element with the new file contents, or the same value if none applies. */
export const createFileRewriter = (contents: NewContents): ((element: ProfileElement) => unknown) => {
  const lastAdf: LastAdf = new Map()
  return element => {
    if (element.kind === 'mf' || element.kind in FAMILY) return rewriteTemplateFiles(element, contents, lastAdf)
    if (element.kind !== 'genericFileManagement') return element.value
    const value: ElementValue<'genericFileManagement'> = element.value
    const walks = value.fileManagementCMD.map(walk => rewriteWalk(walk, contents))
    if (walks.every((walk, at) => walk === value.fileManagementCMD[at])) return value
    return changed(value, { fileManagementCMD: walks })
  }
}
