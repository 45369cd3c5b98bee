/** hawser: everything, by name. The subpaths hold the same functions, a layer each. */
export * from './errors.js'
export * from './wire/index.js'
export * from './stream/index.js'
export * from './io/index.js'
export * from './http/index.js'
export * from './engine/index.js'
export * from './config/index.js'
