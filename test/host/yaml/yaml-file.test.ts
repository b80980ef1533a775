import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { BenchError } from '../../../src/host/error.ts'
import { parseYaml } from '../../../src/host/yaml/yaml-file.ts'

const Desk = z.strictObject({
  name: z.string().min(2).optional(),
  stock: z.array(z.strictObject({ profile: z.string(), count: z.int().min(1).max(9).optional() })).optional(),
  state: z.enum(['ready', 'released']).optional(),
  callback: z.url().optional(),
  isOpen: z.boolean().optional(),
  link: z.union([z.strictObject({ reader: z.string() }), z.strictObject({ modem: z.number() })]).optional(),
})

const parse = (text: string): string => {
  try {
    parseYaml(Desk, text, 'desk.yaml')
  } catch (error) {
    expect(error).toBeInstanceOf(BenchError)
    return (error as BenchError).message
  }
  throw new Error('accepted')
}

describe('parseYaml', () => {
  it.each([
    ['a number for a list', 'stock: 5\n', 'line 1, column 8: stock: this must be a list, but it is a number'],
    ['a list for text', 'name: [a]\n', 'line 1, column 7: name: this must be text, but it is a list'],
    ['a key without a value', 'name:\n', 'line 1, column 6: name: this must be text, but it has no value'],
    ['text for a boolean', 'isOpen: yes\n', 'isOpen: this must be `true` or `false`, but it is text'],
    [
      'a missing key',
      'stock:\n- count: 1\n',
      'line 2, column 3: stock.0.profile: this key is missing; it must be text',
    ],
    ['a list for the file', '- a\n', 'line 1, column 1: the file: this must be a group of keys, but it is a list'],
    ['text that is too short', 'name: a\n', 'name: this must have at least 2 characters'],
    ['a number that is too large', 'stock: [{profile: x, count: 10}]\n', 'stock.0.count: this must be at most 9'],
    ['a misspelled value', 'state: raedy\n', 'state: this must be one of `ready`, `released`; did you mean `ready`?'],
    ['an invalid URL', 'callback: x\n', 'callback: this is not a valid url'],
    ['an invalid value in a union', 'link: {modem: x}\n', 'link.modem: this must be a number, but it is text'],
  ])('reports %s in a sentence of the bench', (_name, text, expected) => {
    expect(parse(text)).toContain(expected)
  })

  it.each([
    [
      'a key that occurs twice',
      'name: aa\nname: bb\n',
      'line 2, column 1: this key occurs twice in one group; remove one',
    ],
    ['a quote that is not closed', 'name: "aa\n', 'a quote, bracket, `:` or blank is missing'],
    ['a tab in the indentation', 'stock:\n\t- profile: x\n', 'a tab is used for indentation; use blanks'],
    ['an alias without an anchor', 'name: *x\n', 'names no anchor, or the file repeats too much by aliases'],
    ['a nested key on one line', 'name: a: b\n', 'a line contains two keys'],
    ['several documents', 'name: aa\n---\nname: bb\n', 'the file contains several documents'],
    ['an unknown tag', 'name: !x aa\n', 'the tag is unknown'],
  ])('reports %s with the correction', (_name, text, expected) => {
    expect(parse(text)).toMatch(/^desk\.yaml, line \d+, column \d+: /)
    expect(parse(text)).toContain(expected)
  })

  it.each([
    ['a PNG image', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), 'it begins like a PNG image'],
    ['a JPEG image', Buffer.from('ffd8ffe000104a46494600', 'hex'), 'it begins like a JPEG image'],
    ['a ZIP archive', Buffer.from('504b030414000000', 'hex'), 'it begins like a ZIP archive'],
    ['a gzip archive', Buffer.from('1f8b0800', 'hex'), 'it begins like a gzip archive'],
    ['a certificate in DER', Buffer.from('3082017f', 'hex'), 'it begins like a DER file, such as a certificate'],
    ['text in UTF-16', Buffer.from('\uFEFFname: aa', 'utf16le'), 'its encoding is UTF-16, not UTF-8'],
    ['other binary data', Buffer.from('a00000', 'hex'), 'it contains binary data'],
  ])('refuses %s as not a text file', (_name, bytes, expected) => {
    expect(parse(new TextDecoder().decode(bytes))).toBe(`desk.yaml is not a text file: ${expected}. Give a YAML file.`)
  })
})
