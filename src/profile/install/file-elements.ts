import type { Fcp, File } from '../elements/file.ts'
import type { FileSystemElement, FileSystemKind } from '../elements/file-system.ts'
import type { ElementValue } from '../elements/profile-element.ts'
import type { TemplateFile } from '../templates/template-file.ts'
import { getTemplate } from '../templates.ts'
import { createDirectory, createEf, fillIn, moveOn, type OpenFile } from './create-file.ts'
import { PeFailure } from './failure.ts'
import { findPath, type Installation, type OpenDirectory, requireMf } from './installation.ts'

const APPLICATION_OF: Partial<Record<FileSystemKind, 'usim' | 'isim' | 'csim'>> = {
  usim: 'usim',
  'opt-usim': 'usim',
  phonebook: 'usim',
  'gsm-access': 'usim',
  eap: 'usim',
  'df-5gs': 'usim',
  'df-saip': 'usim',
  'df-snpn': 'usim',
  'df-5gprose': 'usim',
  iot: 'usim',
  'opt-iot': 'usim',
  isim: 'isim',
  'opt-isim': 'isim',
  csim: 'csim',
  'opt-csim': 'csim',
}

const descriptorOf = (file: File | undefined): Fcp | undefined =>
  file?.find(command => command.fileDescriptor !== undefined)?.fileDescriptor
const contentLengthOf = (file: File): number => {
  let end = 0
  for (const command of file) end += command.fillFileOffset ?? command.fillFileContent?.length ?? 0
  return end
}

/** The parent of the first directory or of the files of a PE. */
const baseOf = (installation: Installation, kind: FileSystemKind): OpenDirectory | undefined => {
  if (kind === 'mf' || kind === 'iot') return undefined
  const application = APPLICATION_OF[kind]
  if (application === undefined || kind === 'usim' || kind === 'isim' || kind === 'csim') return requireMf(installation)
  const adf = installation.lastAdf.get(application)
  if (adf === undefined) throw new PeFailure('bad-values', `${kind} before any ${application}`)
  return adf
}

/** Interprets a PE that creates files from a template (SAIP §8.3.2 to §8.3.4). */
export const installFileSystem = (installation: Installation, kind: FileSystemKind, value: FileSystemElement): void => {
  const template = getTemplate(value.templateID)
  if (template === undefined) throw new PeFailure('template-not-supported', value.templateID)
  if (template.kind !== kind)
    throw new PeFailure('bad-values', `${value.templateID} is a template of ${template.kind}, not of ${kind}`)
  const base = baseOf(installation, kind)
  let top: OpenDirectory | undefined
  // undefined while the rows belong to a directory that this profile does not have
  let directory = base
  for (const row of template.files) {
    const file = value[row.name] as File | undefined
    const wanted = file === undefined ? template.createdByDefault : !refusesCreation(file, kind)
    const isDirectory = row.type === 'MF' || row.type === 'ADF' || row.type === 'DF'
    if (!isDirectory) {
      if (!wanted) continue
      if (directory === undefined) throw new PeFailure('bad-values', `${row.name} without its directory`)
      installTemplateFile(installation, directory, row, file ?? [])
      continue
    }
    if (!wanted) {
      directory = undefined
      continue
    }
    directory = createDirectory(
      installation,
      row.type,
      parentFor(row, installation, base, top),
      descriptorOf(file),
      row,
    )
    if (row.type === 'MF') installation.mf = directory
    if (row.type === 'ADF') installation.lastAdf.set(APPLICATION_OF[kind]!, directory)
    if (top === undefined || row.type === 'ADF') top = directory
  }
  if (top !== undefined) installation.current = top
}

const refusesCreation = (file: File, kind: FileSystemKind): boolean =>
  kind !== 'mf' && file.some(command => command.doNotCreate !== undefined)

/** The first directory of a template goes into the base, the others into the first one; an ADF is always at the top. */
const parentFor = (
  row: TemplateFile,
  installation: Installation,
  base: OpenDirectory | undefined,
  top: OpenDirectory | undefined,
): OpenDirectory | undefined => {
  if (row.type === 'MF') {
    if (installation.mf !== undefined) throw new PeFailure('bad-values', 'a second MF')
    return undefined
  }
  return row.type === 'ADF' ? requireMf(installation) : (top ?? base)
}

const installTemplateFile = (
  installation: Installation,
  directory: OpenDirectory,
  row: TemplateFile,
  file: File,
): void => {
  const open = createEf(installation, directory, descriptorOf(file), row, contentLengthOf(file))
  for (const command of file) {
    if (command.fillFileOffset !== undefined) moveOn(open, command.fillFileOffset)
    else if (command.fillFileContent !== undefined) fillIn(installation, open, command.fillFileContent)
  }
}

/** Interprets PE-GenericFileManagement (SAIP §8.3.5): selects directories, creates files in them, and fills files. */
export const installGenericFiles = (installation: Installation, value: ElementValue<'genericFileManagement'>): void => {
  for (const commands of value.fileManagementCMD) {
    let directory = requireMf(installation)
    let open: OpenFile | undefined
    for (const [index, command] of commands.entries()) {
      if (command.filePath !== undefined) {
        const node = findPath(installation, command.filePath)
        open = node.kind === 'EF' ? { file: node, position: 0 } : undefined
        directory = (node.kind === 'EF' ? node.parent : node) as OpenDirectory
      } else if (command.createFCP !== undefined) {
        const fcp = command.createFCP
        if (((fcp.fileDescriptor?.[0] ?? 0) & 0x3f) === 0x38) {
          const isAdf = fcp.dfName !== undefined
          directory = createDirectory(
            installation,
            isAdf ? 'ADF' : 'DF',
            isAdf ? requireMf(installation) : directory,
            fcp,
            undefined,
          )
          open = undefined
        } else open = createEf(installation, directory, fcp, undefined, upcomingContent(commands.slice(index + 1)))
      } else if (open === undefined) {
        throw new PeFailure('bad-values', 'content without a file')
      } else if (command.fillFileOffset !== undefined) moveOn(open, command.fillFileOffset)
      else if (command.fillFileContent !== undefined) fillIn(installation, open, command.fillFileContent)
    }
  }
}

type Command = ElementValue<'genericFileManagement'>['fileManagementCMD'][number][number]
const upcomingContent = (commands: readonly Command[]): number => {
  let end = 0
  for (const command of commands) {
    if (command.filePath !== undefined || command.createFCP !== undefined) break
    end += command.fillFileOffset ?? command.fillFileContent?.length ?? 0
  }
  return end
}
