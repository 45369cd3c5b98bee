/** hawser/config: which engine the user means, and in which version to speak to it. */
export { fromEnv, type Env, type FromEnvOptions } from './from-env.js'
export { negotiate, PING_MS, type Negotiated } from './negotiate.js'
export { API_VERSION_MAX, API_VERSION_MIN, compareVersions } from './api-version.js'
