/** API versions: two numbers, of which 1.9 is older than 1.10. */

/** The newest version that hawser's types and operations know. */
export const API_VERSION_MAX = '1.56'
/** The oldest that it speaks: below, errors and streams have other forms. */
export const API_VERSION_MIN = '1.24'

/** Negative if `a` is older than `b`, positive if it is newer, 0 if they are the same. */
export const compareVersions = (a: string, b: string): number => {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number)
  const [majorB = 0, minorB = 0] = b.split('.').map(Number)
  return majorA - majorB || minorA - minorB
}
