import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { BenchError } from '../host/error.ts'
import { replaceFile } from '../host/state/replace-file.ts'
import { parseYaml } from '../host/yaml/yaml-file.ts'
import { readYamlFolder } from '../host/yaml/yaml-folder.ts'
import type { Proposal } from './discover.ts'
import { Rig } from './rig.ts'

/** The file in a folder that contains the rig with this name. */
const fileOf = (folder: string, name: string): string | undefined =>
  readYamlFolder(Rig, folder).find(({ content }) => content.name === name)?.file

/** The text of the rig file. For a moved rig only the link changes; other keys and comments stay. */
export const renderRig = ({ rig, kind }: Proposal, before: string | undefined): string => {
  if (kind === 'new' || before === undefined) {
    const document = parseDocument('')
    document.contents = document.createNode(rig) as never
    // Digits alone would be read as a number, and a card's identity has 32 of them.
    return document.toString({ lineWidth: 0 })
  }
  const document = parseDocument(before)
  document.setIn(['link'], document.createNode(rig.link))
  return document.toString({ lineWidth: 0 })
}

/** Writes a proposal into `folder`, or changes the file that has it. Returns the file's path. */
export const writeRig = (folder: string, proposal: Proposal): string => {
  const { rig, kind } = proposal
  const known = fileOf(folder, rig.name)
  const path = known ?? join(folder, `${rig.name}.yaml`)
  if (kind === 'new' && existsSync(path))
    throw new BenchError(
      'rig-file',
      `Cannot create ${path}: the file exists and contains another rig. Rename that file first.`,
    )
  const text = renderRig(proposal, known === undefined ? undefined : readFileSync(known, 'utf8'))
  // Validates the text before it is written.
  parseYaml(Rig, text, path)
  replaceFile(path, text, { file: 0o644, folder: 0o755 })
  return path
}
