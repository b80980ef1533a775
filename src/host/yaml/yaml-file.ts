import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { BenchError } from '../error.ts'
import { describeBinaryContent } from './binary-content.ts'
import { describeIssue } from './issue-sentence.ts'
import { nearestKey } from './near-key.ts'
import { describeSyntaxError } from './syntax-sentence.ts'

type Path = readonly PropertyKey[]

/** The keys a schema knows at a path, through unions and options. */
const keysAt = (schema: z.core.$ZodType, path: Path): string[] => {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return keysAt(schema.unwrap() as z.core.$ZodType, path)
  if (schema instanceof z.ZodPipe) return keysAt(schema.in, path)
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(option => keysAt(option as z.core.$ZodType, path))
  if (schema instanceof z.ZodArray) return keysAt(schema.element as z.core.$ZodType, path.slice(1))
  if (schema instanceof z.ZodRecord) return keysAt(schema.valueType as z.core.$ZodType, path.slice(1))
  if (!(schema instanceof z.ZodObject)) return []
  const [first, ...rest] = path
  if (first === undefined) return Object.keys(schema.shape)
  const inner = schema.shape[String(first)] as z.core.$ZodType | undefined
  return inner ? keysAt(inner, rest) : []
}

/** Each issue with its full path, also the issues of the alternatives of a union. */
const getLeaves = (issue: z.core.$ZodIssue, above: Path = []): z.core.$ZodIssue[] => {
  const here = { ...issue, path: [...above, ...issue.path] }
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [here]
  return issue.errors.flat().flatMap(inner => getLeaves(inner, here.path))
}

const getOffset = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined)

/** Checks a text before it is parsed: other kinds of files are often given by mistake. */
const assertText = (text: string, file: string): void => {
  const why = describeBinaryContent(text)
  if (why === undefined) return
  throw new BenchError('rig-file', `${file} is not a text file: ${why}. Give a YAML file.`, { data: { file } })
}

/** A count that no file of a bench reaches; it bounds the memory that a file with nested aliases needs. */
const MAX_ALIASES = 100

/**
 * Parses a YAML text and checks it by a schema. Throws BenchError `rig-file` with file, line and column, and for an
 * unknown key the nearest known key.
 */
export const parseYaml = <S extends z.ZodType>(schema: S, text: string, file: string): z.infer<S> => {
  assertText(text, file)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const refuse = (offset: number | undefined, sentence: string): never => {
    const { line, col } = lines.linePos(offset ?? 0)
    throw new BenchError('rig-file', `${file}, line ${line}, column ${col}: ${sentence}`, { data: { file, line } })
  }
  const broken = document.errors[0] ?? document.warnings[0]
  if (broken) refuse(broken.pos[0], describeSyntaxError(broken.code))
  const toValue = (): unknown => {
    try {
      return document.toJS({ maxAliasCount: MAX_ALIASES })
    } catch {
      return refuse(
        undefined,
        'an alias (`*name`) names no anchor, or the file repeats too much by aliases; remove them',
      )
    }
  }
  const result = schema.safeParse(toValue(), { error: describeIssue })
  if (result.success) return result.data
  /** The longest part of a path that the file contains: a missing key has no position, but its map has one. */
  const writtenPart = (path: Path): Path => {
    let part = path
    while (part.length > 0 && getOffset(document.getIn(part, true)) === undefined) part = part.slice(0, -1)
    return part
  }
  // The deepest issue belongs to the alternative that the author meant. An unknown key explains a missing one.
  const issue = result.error.issues
    .flatMap(each => getLeaves(each))
    .sort((a, b) => Number(b.code === 'unrecognized_keys') - Number(a.code === 'unrecognized_keys'))
    .sort((a, b) => writtenPart(b.path).length - writtenPart(a.path).length)[0]!
  const place = document.getIn(writtenPart(issue.path), true)
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!
    const pair = isMap(place) && place.items.find(item => isScalar(item.key) && item.key.value === key)
    const known = keysAt(schema, issue.path)
    const near = nearestKey(key, known)
    refuse(
      pair ? getOffset(pair.key) : getOffset(place),
      `there is no key \`${key}\` here; ${near ? `did you mean \`${near}\`?` : `known keys are ${known.join(', ')}`}`,
    )
  }
  const name = issue.path.map(String).join('.') || 'the file'
  return refuse(getOffset(place), `${name}: ${issue.message}`)
}
