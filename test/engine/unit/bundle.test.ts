/** What comes along with an operation that is imported alone, by words that only the other code has. */
import { expect, test } from 'vitest'
import { bundle } from '../../support/bundle.js'

test('a ping needs no options and no ids', async () => {
  const { code } = await bundle("export { systemPing } from 'hawser'")
  expect(code).toContain('/_ping')
  for (const word of ['encodeURIComponent', 'sendSignal', 'is longer than']) expect(code).not.toContain(word)
})

test('logs need no JSON, no hijack and no bodies to send', async () => {
  const { code } = await bundle("export { containerLogs } from 'hawser'")
  expect(code).toContain('/logs')
  for (const word of ['errorDetail', 'upgrade-refused', 'Path-Stat', 'x-tar']) expect(code).not.toContain(word)
})

test('a list of networks needs no credentials, no archives and no streams of records', async () => {
  const { code } = await bundle("export { networkList } from 'hawser'")
  expect(code).toContain('/networks')
  for (const word of ['X-Registry', 'x-tar', 'errorDetail', 'cachefrom', 'build-cache', 'upgrade-refused']) expect(code).not.toContain(word)
})

test('neither a service nor an attach needs the WebSocket, and the WebSocket no JSON', async () => {
  const { code } = await bundle("export { serviceCreate, containerAttach } from 'hawser'")
  for (const word of ['Sec-WebSocket-Key', 'atob', '/plugins']) expect(code).not.toContain(word)
  const { code: webSocket } = await bundle("export { containerAttachWebsocket } from 'hawser'")
  expect(webSocket).toContain('Sec-WebSocket-Key')
  for (const word of ['errorDetail', '/swarm', 'x-tar']) expect(webSocket).not.toContain(word)
})
