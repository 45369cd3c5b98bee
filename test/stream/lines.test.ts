/** lines and ndjson: text and JSON values from bytes that are split anywhere. */
import { describe, expect, test } from 'vitest'
import { lines, ndjson } from '../../src/stream/index.js'
import { chunks, drain, everyCut, utf8Bytes } from '../support/source.js'

const MINE = new Error('mine')

describe('lines', () => {
  const ROWS: [name: string, text: string, wanted: string[]][] = [
    ['none', '', []],
    ['LF, CRLF and no end behind the last', 'a\nb\r\n\nc', ['a', 'b', '', 'c']],
    ['characters of two, three and four octets, cut anywhere', 'é\n€\n😀\nÄ😀', ['é', '€', '😀', 'Ä😀']],
    ['line ends of Unicode are text', 'a\u2028b\u0085c\vd\n', ['a\u2028b\u0085c\vd']],
    ['a byte order mark is kept', '\ufeffa\n', ['\ufeffa']],
  ]
  test.each(ROWS)('%s', async (_name, text, wanted) => {
    for (const pieces of everyCut(utf8Bytes(text))) expect(await drain(lines(chunks(pieces)))).toEqual({ items: wanted, error: undefined })
  })

  test('what is no UTF-8 becomes U+FFFD', async () => {
    const bytes = Uint8Array.of(0x61, 0xff, 0x0a, 0xe2, 0x82)
    for (const pieces of everyCut(bytes)) expect((await drain(lines(chunks(pieces)))).items).toEqual(['a\ufffd', '\ufffd'])
  })

  test('a limit', async () => {
    expect(await drain(lines(chunks([utf8Bytes('abcd\nabcde\n')]), { limit: 4 }))).toEqual({ items: ['abcd'], error: expect.objectContaining({ code: 'line-too-long', limit: 4 }) })
  })

  test('a line without an end that is too long is refused before it ends', async () => {
    const source = chunks([utf8Bytes('abc'), utf8Bytes('de'), utf8Bytes('f')])
    expect((await drain(lines(source, { limit: 4 }))).error).toMatchObject({ code: 'line-too-long' })
    expect(source).toMatchObject({ asked: 2, cancelled: true })
  })

  test('the error of the source comes behind the lines before it; a line that it cut is no line', async () => {
    expect(await drain(lines(chunks([utf8Bytes('a\nb')], { error: MINE })))).toEqual({ items: ['a'], error: MINE })
  })

  test('leaving the loop cancels the source', async () => {
    const source = chunks([utf8Bytes('a\nb\n'), utf8Bytes('c\n')])
    for await (const line of lines(source)) if (line === 'a') break
    expect(source).toMatchObject({ asked: 1, cancelled: true })
  })

  test('several next() at once keep their order', async () => {
    const iterator = lines(chunks([utf8Bytes('a\nb\nc\n'), utf8Bytes('d')]))[Symbol.asyncIterator]()
    const results = await Promise.all(Array.from({ length: 5 }, () => iterator.next()))
    expect(results.map(({ value }) => value as unknown)).toEqual(['a', 'b', 'c', 'd', undefined])
  })
})

describe('ndjson', () => {
  const ROWS: [name: string, text: string, wanted: unknown[]][] = [
    ['none', '', []],
    ['one a line', '{"a":1}\n{"b":2}\n', [{ a: 1 }, { b: 2 }]],
    ['CRLF, as the daemon ends its records', '{"a":1}\r\n{"b":2}\r\n', [{ a: 1 }, { b: 2 }]],
    ['no end behind the last', '{"a":1}\n{"b":2}', [{ a: 1 }, { b: 2 }]],
    ['empty lines and JSON white space', '\n \t\r\n  {"a":1}\t\n\n', [{ a: 1 }]],
    ['any kind of value', '1\n-2.5e3\n"x"\ntrue\nfalse\nnull\n[1,[2]]\n', [1, -2500, 'x', true, false, null, [1, [2]]]],
    ['multi-byte characters', '{"é":"€😀"}\n', [{ é: '€😀' }]],
    ['line ends that are escaped, and those of Unicode', '{"a":"x\\ny\u2028"}\n', [{ a: 'x\ny\u2028' }]],
    ['values without anything between them', '{"x":1}{"y":2}  {"z":3}\n', [{ x: 1 }, { y: 2 }, { z: 3 }]],
    ['values with all kinds of white space between them', '{"x":1}\t\r{"y":2} [] \n', [{ x: 1 }, { y: 2 }, []]],
    ['the same without a line end', '{"x":1}{"y":2}', [{ x: 1 }, { y: 2 }]],
    ['quotes, braces and escapes within them', '{"a":"}{\\"]["}{"b":["\\\\"]}{"c":"\\\\\\""}\n', [{ a: '}{"][' }, { b: ['\\'] }, { c: '\\"' }]],
    ['scalars on one line', '1 -2 "a""b" true null[1]"c"2{"d":3}4"e"\n', [1, -2, 'a', 'b', true, null, [1], 'c', 2, { d: 3 }, 4, 'e']],
    ['nested ones', '[[1],[2,{"a":[]}]][{}]\n', [[[1], [2, { a: [] }]], [{}]]],
    ['record separators in front (RFC 7464)', '\x1e{"a":1}\n\x1e\x1e{"b":2}\n', [{ a: 1 }, { b: 2 }]],
    ['record separators between values of one line', '\x1e{"a":1}\x1e{"b":2}\x1e\n', [{ a: 1 }, { b: 2 }]],
    ['a record separator alone', '\x1e\n\x1e', []],
    ['a number that ends a sequence, with white space behind it', '\x1e12\n\x1e34 ', [12, 34]],
    ['a number that ends a stream of lines', '12\n34', [12, 34]],
    ['a string or list that ends a sequence', '\x1e"a"\n\x1e[1]', ['a', [1]]],
  ]
  test.each(ROWS)('%s', async (_name, text, wanted) => {
    for (const pieces of everyCut(utf8Bytes(text))) expect(await drain(ndjson(chunks(pieces)))).toEqual({ items: wanted, error: undefined })
  })

  const MALFORMED: [name: string, text: string, before: unknown[]][] = [
    ['text', 'not json\n{"b":2}\n', []],
    ['HTML of a proxy', '<html>502 Bad Gateway</html>\n', []],
    ['a value cut short', '{"a":1}\n{"b":', [{ a: 1 }]],
    ['a string cut short', '{"a":1}\n{"b":"x', [{ a: 1 }]],
    ['a cut character', '{"a":1}\n{"b":"\u20ac'.slice(0, -1), [{ a: 1 }]],
    ['a list of values', '{"a":1},{"b":2}\n', [{ a: 1 }]],
    ['garbage behind a value', '{"a":1}x\n', [{ a: 1 }]],
    ['garbage between values', '{"a":1} x {"b":2}\n', [{ a: 1 }]],
    ['a closing brace too many', '{"a":1}}\n{"b":2}\n', [{ a: 1 }]],
    ['the other closing bracket', '{"a":1]\n', []],
    ['words run together', 'truefalse\n', []],
    ['numbers run together', '1-2\n', []],
    ['a leading zero', '01\n', []],
    ['NaN', 'NaN\n', []],
    ['single quotes', "{'a':1}\n", []],
    ['a trailing comma', '{"a":1,}\n', []],
    ['a comment', '{"a":1} // x\n', [{ a: 1 }]],
    ['a line end within a string', '{"a":"x\ny"}\n', []],
    ['a value over several lines', '{\n"a":1\n}\n', []],
    ['NUL', '{"a":1}\n\0\n', [{ a: 1 }]],
    ['a vertical tab, which is no white space of JSON', '{"a":1}\v{"b":2}\n', [{ a: 1 }]],
    ['white space of Unicode alone', '\v\n', []],
    ['a no-break space', '\u00a0\n', []],
    ['a byte order mark', '\ufeff{"a":1}\n', []],
    ['a record separator within a string', '\x1e{"a":"\x1e"}\n', []],
    ['a number that ends a sequence, and may go on', '\x1e12\n\x1e34', [12]],
    ['a word that ends a sequence', '\x1etrue', []],
    ['a value cut short in a sequence', '\x1e{"a":1}\n\x1e{"b"', [{ a: 1 }]],
  ]
  test.each(MALFORMED)('%s is refused behind the values before it', async (_name, text, before) => {
    for (const pieces of everyCut(utf8Bytes(text))) {
      const source = chunks(pieces)
      expect(await drain(ndjson(source))).toEqual({ items: before, error: expect.objectContaining({ code: 'json-malformed' }) })
      expect(source.cancelled || source.ended).toBe(true)
    }
  })

  test('an error shows the beginning of the record', async () => {
    const { error } = await drain(ndjson(chunks([utf8Bytes(`{"a":1} bad${'x'.repeat(100_000)}\n`)])))
    expect(error).toMatchObject({ message: expect.stringContaining('badxxx') })
    expect((error as Error).message.length).toBeLessThan(400)
  })

  test('depth costs no stack', async () => {
    const deep = '['.repeat(100_000)
    expect((await drain(ndjson(chunks([utf8Bytes(`${deep}\n`)])))).error).toMatchObject({ code: 'json-malformed' })
    const good = `${'['.repeat(5000)}${']'.repeat(5000)}`
    expect((await drain(ndjson(chunks([utf8Bytes(`${good}${good}\n`)])))).items.length).toBe(2)
  })

  test('a prototype is not polluted', async () => {
    const { items } = await drain(ndjson(chunks([utf8Bytes('{"__proto__":{"polluted":1}}{"b":1}\n')])))
    expect(Object.keys(items[0] as object)).toEqual(['__proto__'])
    expect('polluted' in {}).toBe(false)
  })

  test('many values on one line take time in proportion', async () => {
    const count = 50_000
    const { items } = await drain(ndjson(chunks([utf8Bytes(`${'{"i":1}'.repeat(count)}\n`)])))
    expect(items.length).toBe(count)
  })

  test('a limit, and the error of the source', async () => {
    expect(await drain(ndjson(chunks([utf8Bytes('{}\n{"a":1}\n')]), { limit: 4 }))).toEqual({ items: [{}], error: expect.objectContaining({ code: 'line-too-long' }) })
    expect(await drain(ndjson(chunks([utf8Bytes('{}\n{"a":1}')], { error: MINE })))).toEqual({ items: [{}], error: MINE })
  })

  test('leaving the loop cancels the source', async () => {
    const source = chunks([utf8Bytes('1\n2\n'), utf8Bytes('3\n')])
    for await (const value of ndjson(source)) if (value === 1) break
    expect(source).toMatchObject({ asked: 1, cancelled: true })
  })
})
