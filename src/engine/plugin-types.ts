/** Plugins that the engine itself installs and runs. */

export type PluginMount = { Name: string; Description: string; Settable: string[] | null; Source: string | null; Destination: string; Type: string; Options: string[] | null }

export type PluginDevice = { Name: string; Description: string; Settable: string[] | null; Path: string | null }

export type PluginEnv = { Name: string; Description: string; Settable: string[] | null; Value: string | null }

/** What a plugin wants to be allowed: network, mount, device, capabilities, … */
export type PluginPrivilege = { Name: string; Description: string; Value: string[] | null }

export type Plugin = {
  Id?: string
  /** With its tag. */
  Name: string
  Enabled: boolean
  /** What pluginSet changes. */
  Settings: { Mounts: PluginMount[] | null; Env: string[] | null; Args: string[] | null; Devices: PluginDevice[] | null }
  /** Where it was pulled from. */
  PluginReference?: string
  Config: PluginConfig
}

/** The config.json that a plugin brings along. */
export type PluginConfig = {
  /** Until 1.51. */
  DockerVersion?: string
  Description: string
  Documentation: string
  Interface: {
    /** `docker.volumedriver/1.0` each. */
    Types: string[] | null
    /** Under /run/docker/plugins. */
    Socket: string
    ProtocolScheme?: string
  }
  Entrypoint: string[] | null
  WorkDir: string
  User?: { UID?: number; GID?: number }
  /** none, host or bridge. */
  Network: { Type: string }
  Linux: { Capabilities: string[] | null; AllowAllDevices: boolean; Devices: PluginDevice[] | null }
  PropagatedMount: string
  IpcHost: boolean
  PidHost: boolean
  Mounts: PluginMount[] | null
  Env: PluginEnv[] | null
  Args: { Name: string; Description: string; Settable: string[] | null; Value: string[] | null }
  rootfs?: { type?: string; diff_ids?: string[] | null } | null
}
