/** What happens in an engine. */

export type EventMessage = {
  Type: 'builder' | 'config' | 'container' | 'daemon' | 'image' | 'network' | 'node' | 'plugin' | 'secret' | 'service' | 'volume'
  /** create, start, die, exec_start: sh -c …, health_status: healthy, …; the part behind a colon is the event's own. */
  Action: string
  /** What it happened to. An image's ID is the reference that was used. */
  Actor: { ID: string; /** Labels, and what the event has to tell: name, image, exitCode, signal, … */ Attributes: Record<string, string> | null }
  /** Since swarm: where the event comes from. */
  scope?: 'local' | 'swarm'
  /** Seconds since 1970. */
  time: number
  /** Nanoseconds, rounded to 256 of them: the lines of the stream have them all. */
  timeNano: number
  /** Until 1.51: Action, of containers and images; Type and Actor are there, too. */
  status?: string
  /** Until 1.51: Actor.ID. */
  id?: string
  /** Until 1.51: the image. */
  from?: string
}
