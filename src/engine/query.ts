/**
 * Options of an operation as the query that the daemon reads (daemon/server/httputils: form.go).
 *
 * An options bag holds the API's parameters by their own names, beside the signal and the limits of the exchange. Each operation
 * has a table of its parameters' kinds, which the compiler holds against the type of its options. What is undefined stays away;
 * an unknown name and a value of the wrong kind are refused, for the daemon would ignore the one and guess at the other.
 */
import { fail } from '../errors.js'
import type { ExchangeOptions } from '../http/exchange.js'
import { escape } from './path.js'

/** How one option is written. */
export type Kind<T> = {
  /** What it takes, for the error of who gives something else. */
  readonly takes: string
  /** Its text; several repeat the parameter; undefined refuses the value. */
  encode(value: T): string | readonly string[] | undefined
  /** Whether the API wants it always. */
  readonly required?: true
  /** The parameter's name where it is not the option's. */
  readonly as?: string
}

/** The kinds of all options but those of the exchange. */
export type Kinds<O> = {
  readonly [K in Exclude<keyof O, keyof ExchangeOptions>]-?: Kind<NonNullable<O[K]>> & (undefined extends O[K] ? unknown : { required: true })
}

/** Everything but "", 0, no, false and none is true to the daemon, "undefined" and "off" too; podman takes what strconv.ParseBool does. */
export const flag: Kind<boolean> = { takes: 'true or false', encode: value => (value === true ? '1' : value === false ? '0' : undefined) }

export const whole: Kind<number> = { takes: 'a whole number', encode: value => (Number.isSafeInteger(value) ? String(value) : undefined) }

export const count: Kind<number> = { takes: 'a whole number from 0 on', encode: value => (value >= 0 ? whole.encode(value) : undefined) }

export const text: Kind<string> = { takes: 'a string', encode: value => (typeof value === 'string' ? value : undefined) }

/** A parameter that is repeated for each item. */
export const list: Kind<readonly string[]> = { takes: 'an array of strings', encode: value => (Array.isArray(value) && value.every(item => typeof item === 'string') ? value : undefined) }

/** A moment: seconds since 1970, with up to nine decimals; as a string where nanoseconds matter, for a number holds microseconds. */
export const seconds: Kind<string | number> = { takes: 'seconds since 1970, as a number or as digits with up to nine decimals', encode: value => ((typeof value === 'string' || typeof value === 'number') && /^\d{1,15}(\.\d{1,9})?$/.test(String(value)) ? String(value) : undefined) }

/** What a list is narrowed by: alternatives of one key are ored, keys are anded. */
export type Filters = { readonly [key: string]: string | number | boolean | readonly (string | number | boolean)[] | undefined }

const isScalar = (value: unknown): boolean => typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)

/** A JSON object of arrays of strings: the daemon refuses booleans and numbers in it. */
export const filters: Kind<Filters> = {
  takes: 'an object whose values are strings, numbers, booleans or arrays of them',
  encode(value) {
    if (typeof value !== 'object' || value === null || Symbol.iterator in value) return undefined
    const lists: [string, string[]][] = []
    for (const [key, given] of Object.entries(value)) {
      if (given === undefined) continue
      const all: readonly unknown[] = Array.isArray(given) ? given : [given]
      if (!all.every(isScalar)) return undefined
      lists.push([key, all.map(String)])
    }
    return JSON.stringify(Object.fromEntries(lists))
  },
}

/** One of a few words. */
export const oneOf = <W extends string>(...words: readonly W[]): Kind<W> => ({ takes: words.join(', '), encode: value => (words.includes(value) ? value : undefined) })

/** Of an option that must be given. */
export const must = <T>(kind: Kind<T>): Kind<T> & { required: true } => ({ ...kind, required: true })

const limit: Kind<number> = { takes: 'milliseconds', encode: value => (typeof value === 'number' && value >= 0 ? '' : undefined) }

const EXCHANGE: { readonly [K in keyof ExchangeOptions]-?: Kind<NonNullable<ExchangeOptions[K]>> } = {
  signal: { takes: 'an AbortSignal (the signal for a process is sendSignal)', encode: value => (typeof value?.throwIfAborted === 'function' ? '' : undefined) },
  dialMs: limit,
  headMs: limit,
  silenceMs: limit,
}

/** The options as a query with its question mark, or nothing; in the order of `kinds`. Errors: request-invalid, which names the option. */
export const query = <O extends ExchangeOptions>(options: O, kinds: Kinds<O>): string => encodeQuery(options, kinds)

const encodeQuery = (options: { readonly [name: string]: unknown }, kinds: { readonly [name: string]: Kind<unknown> }): string => {
  if (typeof options !== 'object' || options === null) throw fail('request-invalid', `options are an object, not ${show(options)}`)
  const known = { ...kinds, ...EXCHANGE }
  for (const name in options) if (!Object.hasOwn(known, name)) throw fail('request-invalid', `there is no option ${JSON.stringify(name)} here, only ${Object.keys(known).join(', ')}`)
  let query = ''
  for (const [name, { takes, encode, required, as = name }] of Object.entries<Kind<unknown>>(known)) {
    const value = options[name]
    if (value === undefined && !required) continue
    const encoded = encode(value)
    if (encoded === undefined) throw fail('request-invalid', `the option ${name} takes ${takes}, not ${show(value)}`)
    if (!(name in EXCHANGE)) for (const item of [encoded].flat()) query += `${query ? '&' : '?'}${as}=${escape(item)}`
  }
  return query
}

const show = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value)
  return Array.isArray(value) ? 'this array' : typeof value === 'object' && value !== null ? 'this object' : String(value)
}

/**
 * Options for what is slow or silent by its nature: the limits that the client has for all requests do not apply to it, only
 * those that are given with it.
 */
export const patient = <O extends ExchangeOptions>(options: O): O => ({ headMs: 0, silenceMs: 0, ...options })
