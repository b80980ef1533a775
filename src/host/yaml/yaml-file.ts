import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { BenchError } from '../error.ts'
import { nearestKey } from './near-key.ts'

type Path = readonly PropertyKey[]

/** The keys a schema knows at a path, through unions and options. */
const keysAt = (schema: z.core.$ZodType, path: Path): string[] => {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return keysAt(schema.unwrap() as z.core.$ZodType, path)
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(option => keysAt(option as z.core.$ZodType, path))
  if (schema instanceof z.ZodArray) return keysAt(schema.element as z.core.$ZodType, path.slice(1))
  if (schema instanceof z.ZodRecord) return keysAt(schema.valueType as z.core.$ZodType, path.slice(1))
  if (!(schema instanceof z.ZodObject)) return []
  const [first, ...rest] = path
  if (first === undefined) return Object.keys(schema.shape)
  const inner = schema.shape[String(first)] as z.core.$ZodType | undefined
  return inner ? keysAt(inner, rest) : []
}

/** Every complaint at its own place, those of a union's alternatives too. */
const leavesOf = (issue: z.core.$ZodIssue, above: Path = []): z.core.$ZodIssue[] => {
  const here = { ...issue, path: [...above, ...issue.path] }
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [here]
  return issue.errors.flat().flatMap(inner => leavesOf(inner, here.path))
}

const positionOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined)

/** Reads a YAML text by a schema. Every refusal names file, line and column, and for a wrong key the nearest right one. */
export const parseYaml = <S extends z.ZodType>(schema: S, text: string, file: string): z.infer<S> => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const refuse = (offset: number | undefined, sentence: string): never => {
    const { line, col } = lines.linePos(offset ?? 0)
    throw new BenchError('rig-file', `${file}, line ${line}, column ${col}: ${sentence}`, { data: { file, line } })
  }
  const broken = document.errors[0] ?? document.warnings[0]
  if (broken) refuse(broken.pos[0], broken.message.split('\n')[0]!)
  const result = schema.safeParse(document.toJS({ maxAliasCount: 100 }))
  if (result.success) return result.data
  /** How much of a path is written down: a missing key has no place of its own, only the map it is missing from. */
  const writtenPart = (path: Path): Path => {
    let part = path
    while (part.length > 0 && positionOf(document.getIn(part, true)) === undefined) part = part.slice(0, -1)
    return part
  }
  // The deepest complaint is about what was meant; a wrong key explains a missing one beside it.
  const issue = result.error.issues
    .flatMap(each => leavesOf(each))
    .sort((a, b) => Number(b.code === 'unrecognized_keys') - Number(a.code === 'unrecognized_keys'))
    .sort((a, b) => writtenPart(b.path).length - writtenPart(a.path).length)[0]!
  const place = document.getIn(writtenPart(issue.path), true)
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!
    const pair = isMap(place) && place.items.find(item => isScalar(item.key) && item.key.value === key)
    const known = keysAt(schema, issue.path)
    const near = nearestKey(key, known)
    refuse(
      pair ? positionOf(pair.key) : positionOf(place),
      `there is no key \`${key}\` here; ${near ? `did you mean \`${near}\`?` : `known keys are ${known.join(', ')}`}`,
    )
  }
  const name = issue.path.map(String).join('.') || 'the file'
  return refuse(positionOf(place), `${name}: ${issue.message}`)
}
