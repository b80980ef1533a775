import { fromBase64, fromHex, toBase64, toHex } from '../asn1/bytes.ts'
import { Asn1Error } from '../asn1/error.ts'
import { decode, type Schema } from '../asn1/schema.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export type JsonErrorCode =
  | 'missing' // a mandatory member is absent
  | 'malformed' // present, but not in the form of the binding

/** A JSON message that does not match its schema. `member` is the path of the invalid member. */
export class JsonError extends Error {
  readonly code: JsonErrorCode
  readonly member: string
  readonly detail: string

  constructor(code: JsonErrorCode, member: string, detail: string, cause?: unknown) {
    super(`${member}: ${detail}`, { cause })
    this.name = 'JsonError'
    this.code = code
    this.member = member
    this.detail = detail
  }
}

/** The JSON form and the value of one member. `mandatory` is false if it may be absent. */
export interface JsonMember<T, Mandatory extends boolean = true> {
  readonly mandatory: Mandatory
  toJson(value: T): Json
  fromJson(json: Json, member: string): T
}
type Members = Record<string, JsonMember<unknown, boolean>>
type MemberValue<M> = M extends JsonMember<infer T, boolean> ? T : never
type AbsentNames<M> = { [K in keyof M]: M[K] extends JsonMember<unknown, false> ? K : never }[keyof M]
/** The members as an object type. */
export type MessageValue<M> = { readonly [K in Exclude<keyof M, AbsentNames<M>>]: MemberValue<M[K]> } & {
  readonly [K in AbsentNames<M>]?: MemberValue<M[K]> | undefined
}

const string = (json: Json, member: string): string => {
  if (typeof json !== 'string') throw new JsonError('malformed', member, 'a string is expected')
  return json
}

/** Text that matches `pattern`. */
export const text = (pattern = /^[\s\S]*$/, expected = 'text'): JsonMember<string> => ({
  mandatory: true,
  toJson: value => value,
  fromJson: (json, member) => {
    const value = string(json, member)
    if (!pattern.test(value)) throw new JsonError('malformed', member, `${expected} is expected`)
    return value
  },
})

export const flag = (): JsonMember<boolean> => ({
  mandatory: true,
  toJson: value => value,
  fromJson: (json, member) => {
    if (typeof json !== 'boolean') throw new JsonError('malformed', member, 'true or false is expected')
    return json
  },
})

export const number = (): JsonMember<number> => ({
  mandatory: true,
  toJson: value => value,
  fromJson: (json, member) => {
    if (typeof json !== 'number' || !Number.isSafeInteger(json))
      throw new JsonError('malformed', member, 'an integer is expected')
    return json
  },
})

/** A transaction id in hexadecimal: upper case when written, either case when read, because servers differ. */
export const transactionId = (): JsonMember<Uint8Array> => ({
  mandatory: true,
  toJson: value => toHex(value).toUpperCase(),
  fromJson: (json, member) => {
    const digits = string(json, member)
    if (!/^([0-9a-fA-F]{2}){1,16}$/.test(digits))
      throw new JsonError('malformed', member, '2 to 32 hexadecimal digits are expected')
    return fromHex(digits)
  },
})

const fromBase64Member = (json: Json, member: string): Uint8Array => {
  try {
    return fromBase64(string(json, member))
  } catch (cause) {
    if (cause instanceof RangeError) throw new JsonError('malformed', member, 'base64 is expected', cause)
    throw cause
  }
}

/** Bytes in base64. */
export const base64Bytes = (length?: number): JsonMember<Uint8Array> => ({
  mandatory: true,
  toJson: toBase64,
  fromJson: (json, member) => {
    const bytes = fromBase64Member(json, member)
    if (length !== undefined && bytes.length !== length)
      throw new JsonError('malformed', member, `${bytes.length} bytes where ${length} are expected`)
    return bytes
  },
})

/** A base64-encoded DER message. */
export const base64Message = <T>(schema: Schema<T>): JsonMember<T> => ({
  mandatory: true,
  toJson: value => toBase64(schema.encode(value)),
  fromJson: (json, member) => {
    try {
      return decode(schema, fromBase64Member(json, member))
    } catch (cause) {
      if (cause instanceof Asn1Error) throw new JsonError('malformed', member, cause.message, cause)
      throw cause
    }
  },
})

/** A member that may be absent or null, as some servers send it. */
export const maybe = <T>(member: JsonMember<T>): JsonMember<T, false> => ({ ...member, mandatory: false })

/** A JSON object with these members. Unknown members are ignored, as the bindings require. */
export interface JsonMessage<T> {
  toJson(value: T): { readonly [key: string]: Json }
  fromJson(json: Json): T
}

export const message = <const M extends Members>(members: M): JsonMessage<MessageValue<M>> => {
  const entries = Object.entries(members)
  return {
    toJson: value => {
      const json: Record<string, Json> = {}
      for (const [name, member] of entries) {
        const content = (value as Record<string, unknown>)[name]
        if (content !== undefined) json[name] = member.toJson(content)
        else if (member.mandatory) throw new JsonError('missing', name, 'the mandatory member is absent')
      }
      return json
    },
    fromJson: json => {
      if (json === null || typeof json !== 'object' || Array.isArray(json))
        throw new JsonError('malformed', '(body)', 'an object is expected')
      const object = json as { readonly [key: string]: Json | undefined }
      const value: Record<string, unknown> = {}
      for (const [name, member] of entries) {
        const content = Object.hasOwn(object, name) ? object[name] : undefined
        if (content !== undefined && content !== null) value[name] = member.fromJson(content, name)
        else if (member.mandatory) throw new JsonError('missing', name, 'the mandatory member is absent')
      }
      return value as MessageValue<M>
    },
  }
}

/** A member that is an object. */
export const object = <T>(schema: JsonMessage<T>): JsonMember<T> => ({
  mandatory: true,
  toJson: value => schema.toJson(value),
  fromJson: (json, member) => {
    try {
      return schema.fromJson(json)
    } catch (error) {
      if (error instanceof JsonError) throw new JsonError(error.code, `${member}.${error.member}`, error.detail, error)
      throw error
    }
  },
})

/** A list of objects. */
export const list = <T>(schema: JsonMessage<T>): JsonMember<readonly T[]> => {
  const item = object(schema)
  return {
    mandatory: true,
    toJson: values => values.map(item.toJson),
    fromJson: (json, member) => {
      if (!Array.isArray(json)) throw new JsonError('malformed', member, 'a list is expected')
      return json.map((each: Json, index) => item.fromJson(each, `${member}[${index}]`))
    },
  }
}
