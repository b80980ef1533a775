import type { ErrorCode } from 'yaml'

/** Texts for the error codes of the YAML library: what is invalid, and how to correct it. YAML 1.2.2. */
const SENTENCES: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias (`*name`) cannot have an anchor or a tag; remove it',
  BAD_ALIAS: 'the alias names no anchor; write `&name` before the value that it repeats',
  BAD_COLLECTION_TYPE: 'the tag does not match its value; remove the tag',
  BAD_DIRECTIVE: 'the line that begins with `%` is not a YAML directive; remove it',
  BAD_DQ_ESCAPE: 'the text in double quotes contains an invalid `\\` sequence; write `\\\\`, or use single quotes',
  BAD_INDENT:
    'the indentation is invalid; begin the keys of one group in the same column, and close each bracket and quote',
  BAD_PROP_ORDER: 'an anchor or a tag is in the wrong place; put it before the value',
  BAD_SCALAR_START: 'a value cannot begin with this character; put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a line contains two keys; put each key on a line, or the value in quotes',
  BLOCK_IN_FLOW: 'a list or a group between brackets must use `,`; remove the `-` or put it on lines of its own',
  DUPLICATE_KEY: 'this key occurs twice in one group; remove one of them',
  IMPOSSIBLE: 'this part is not valid YAML; check the lines above it',
  KEY_OVER_1024_CHARS: 'the key is longer than 1024 characters; shorten it',
  MISSING_CHAR: 'a quote, bracket, `:` or blank is missing; close each quote and bracket, and put `: ` after each key',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line and have `:` behind it; check the quotes above it',
  MULTIPLE_ANCHORS: 'a value can have one anchor; remove the others',
  MULTIPLE_DOCS: 'the file contains several documents; remove the `---` between them',
  MULTIPLE_TAGS: 'a value can have one tag; remove the others',
  NON_STRING_KEY: 'a key must be text; put it in quotes',
  RESOURCE_EXHAUSTION: 'lists and groups are nested too deeply; remove levels',
  TAB_AS_INDENT: 'a tab is used for indentation; use blanks',
  TAG_RESOLVE_FAILED: 'the tag is unknown or its value is invalid; remove the tag',
  UNEXPECTED_TOKEN: 'this text is not expected here; check the quotes, brackets and indentation above it',
}

export const describeSyntaxError = (code: ErrorCode): string => SENTENCES[code] ?? SENTENCES.IMPOSSIBLE
