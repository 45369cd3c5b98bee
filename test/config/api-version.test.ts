/** Which of two API versions is newer. */
import { expect, test } from 'vitest'
import { compareVersions } from '../../src/config/index.js'

test.each([
  ['1.9', '1.10', -1],
  ['1.10', '1.9', 1],
  ['1.41', '1.41', 0],
  ['1.41', '1.5', 1],
  ['1.99', '2.0', -1],
  ['2.0', '1.100', 1],
])('%s against %s is %d', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign)
})
