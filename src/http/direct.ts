/** A client that opens a connection for each exchange and closes it behind. */
import type { Dial } from '../io/connection.js'
import { converse, type Client, type Limits } from './exchange.js'

/** Makes a client of a Dial; for one request, or where connections must not be shared. `limits` are the defaults of each exchange. */
export const direct = (dial: Dial, limits: Limits = {}): Client => ({
  async exchange(request, options) {
    const settings = { ...limits, ...options }
    const connection = await dial(settings)
    return converse(connection, request, settings, () => connection.destroy())
  },
})
