/**
 * What the reference of the Engine API (api/swagger.yaml of moby, 1.56) says about each operation: method, path, the names and types of
 * its query parameters (! where it must be given), and what its body is.
 */
export type Spec = { method: string; path: string; query: { [name: string]: string }; body: 'none' | 'json' | 'tar' }

export const SPEC: { [operation: string]: Spec } = {
  systemPing: { method: 'GET', path: '/_ping', query: {}, body: 'none' },
  systemPingHead: { method: 'HEAD', path: '/_ping', query: {}, body: 'none' },
  systemVersion: { method: 'GET', path: '/version', query: {}, body: 'none' },
  systemInfo: { method: 'GET', path: '/info', query: {}, body: 'none' },
  containerCreate: { method: 'POST', path: '/containers/create', query: { name: 'string', platform: 'string' }, body: 'json' },
  containerInspect: { method: 'GET', path: '/containers/{id}/json', query: { size: 'boolean' }, body: 'none' },
  containerList: { method: 'GET', path: '/containers/json', query: { all: 'boolean', limit: 'integer', size: 'boolean', filters: 'string' }, body: 'none' },
  containerStart: { method: 'POST', path: '/containers/{id}/start', query: { detachKeys: 'string' }, body: 'none' },
  containerStop: { method: 'POST', path: '/containers/{id}/stop', query: { signal: 'string', t: 'integer' }, body: 'none' },
  containerRestart: { method: 'POST', path: '/containers/{id}/restart', query: { signal: 'string', t: 'integer' }, body: 'none' },
  containerKill: { method: 'POST', path: '/containers/{id}/kill', query: { signal: 'string' }, body: 'none' },
  containerDelete: { method: 'DELETE', path: '/containers/{id}', query: { v: 'boolean', force: 'boolean', link: 'boolean' }, body: 'none' },
  containerWait: { method: 'POST', path: '/containers/{id}/wait', query: { condition: 'string' }, body: 'none' },
  containerLogs: { method: 'GET', path: '/containers/{id}/logs', query: { follow: 'boolean', stdout: 'boolean', stderr: 'boolean', since: 'integer', until: 'integer', timestamps: 'boolean', tail: 'string' }, body: 'none' },
  containerAttach: { method: 'POST', path: '/containers/{id}/attach', query: { detachKeys: 'string', logs: 'boolean', stream: 'boolean', stdin: 'boolean', stdout: 'boolean', stderr: 'boolean' }, body: 'none' },
  containerResize: { method: 'POST', path: '/containers/{id}/resize', query: { h: 'integer!', w: 'integer!' }, body: 'none' },
  containerArchive: { method: 'GET', path: '/containers/{id}/archive', query: { path: 'string!' }, body: 'none' },
  containerArchiveInfo: { method: 'HEAD', path: '/containers/{id}/archive', query: { path: 'string!' }, body: 'none' },
  putContainerArchive: { method: 'PUT', path: '/containers/{id}/archive', query: { path: 'string!', noOverwriteDirNonDir: 'string', copyUIDGID: 'string' }, body: 'tar' },
  containerExec: { method: 'POST', path: '/containers/{id}/exec', query: {}, body: 'json' },
  execStart: { method: 'POST', path: '/exec/{id}/start', query: {}, body: 'json' },
  execInspect: { method: 'GET', path: '/exec/{id}/json', query: {}, body: 'none' },
  execResize: { method: 'POST', path: '/exec/{id}/resize', query: { h: 'integer!', w: 'integer!' }, body: 'none' },
  imageList: { method: 'GET', path: '/images/json', query: { all: 'boolean', filters: 'string', 'shared-size': 'boolean', digests: 'boolean', manifests: 'boolean', identity: 'boolean' }, body: 'none' },
  imageInspect: { method: 'GET', path: '/images/{name}/json', query: { manifests: 'boolean', platform: 'string' }, body: 'none' },
  imageCreate: { method: 'POST', path: '/images/create', query: { fromImage: 'string', fromSrc: 'string', repo: 'string', tag: 'string', message: 'string', changes: 'array', platform: 'string' }, body: 'tar' },
  imageTag: { method: 'POST', path: '/images/{name}/tag', query: { repo: 'string', tag: 'string' }, body: 'none' },
  imageDelete: { method: 'DELETE', path: '/images/{name}', query: { force: 'boolean', noprune: 'boolean', platforms: 'array' }, body: 'none' },
}
