/** Errors: plain, with a code, made in one place. */
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { fail, isError } from '../src/errors.js'

describe('fail', () => {
  test('makes a plain Error with a code and details', () => {
    const error = fail('not-found', 'no such container', { method: 'GET', path: '/x', status: 404 })
    expect(Object.getPrototypeOf(error)).toBe(Error.prototype)
    expect(error).toMatchObject({ name: 'Error', message: 'no such container', code: 'not-found', method: 'GET', path: '/x', status: 404 })
    expect(String(error)).toBe('Error: no such container')
  })

  test('has a cause where there is one, told apart from none', () => {
    const cause = new Error('why')
    const error = fail('dial-failed', 'no', { cause, reason: 'EIO' })
    expect(error.cause).toBe(cause)
    expect(Object.keys(error)).not.toContain('cause')
    expect(inspect(error)).toContain('why')
    expect('cause' in fail('dial-failed', 'no', { reason: 'EIO' })).toBe(false)
    expect('cause' in fail('dial-failed', 'no')).toBe(false)
  })

  test('details do not take the place of the code', () => {
    expect(fail('conflict', 'x', JSON.parse('{"code":"mine"}') as object).code).toBe('conflict')
  })
})

describe('isError', () => {
  test('knows its own', () => {
    expect(isError(fail('conflict', 'x'))).toBe(true)
    expect(isError(fail('conflict', 'x'), 'conflict')).toBe(true)
    expect(isError(fail('conflict', 'x'), 'not-found')).toBe(false)
  })

  test.each([undefined, null, 'conflict', 5, {}, { code: 'conflict' }, new Error('x'), Object.assign(new Error('x'), { code: 5 }), Object.assign(new Error('x'), { code: 'ENOENT' }), Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG_TYPE' }), new DOMException('x', 'AbortError')])('%o is none', value => {
    expect(isError(value)).toBe(false)
    expect(isError(value, 'conflict')).toBe(false)
  })
})
