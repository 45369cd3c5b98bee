/**
 * What a container uses, as of one moment. Counters only grow, and may exceed 2^53, beyond which JSON.parse rounds them. Members that
 * only Linux or only Windows has are optional.
 */

export type ContainerStatsResponse = {
  /** Since 1.52: linux or windows. */
  os_type?: string
  id?: string
  /** With a slash in front. */
  name?: string
  /** RFC 3339. */
  read: string
  /** When precpu_stats was read; Go's zero time in a first sample. */
  preread: string
  cpu_stats: ContainerCpuStats
  /** The sample before; empty in a first one, and with `one-shot`. */
  precpu_stats: ContainerCpuStats
  memory_stats: ContainerMemoryStats
  /** By interface; absent where a container has none, or does not run. */
  networks?: Record<string, ContainerNetworkStats> | null
  pids_stats: { current?: number; /** 2^64 - 1, rounded, for none. */ limit?: number }
  /** Linux. */
  blkio_stats: ContainerBlkioStats
  /** Windows. */
  num_procs: number
  /** Windows. */
  storage_stats: { read_count_normalized?: number; read_size_bytes?: number; write_count_normalized?: number; write_size_bytes?: number }
}

/** Times are nanoseconds, of Windows 100 nanoseconds. */
export type ContainerCpuStats = {
  cpu_usage: { total_usage: number; percpu_usage?: number[] | null; usage_in_kernelmode: number; usage_in_usermode: number }
  /** Of the whole host, all processors together. */
  system_cpu_usage?: number
  online_cpus?: number
  throttling_data: { periods: number; throttled_periods: number; throttled_time: number }
}

/** Bytes. */
export type ContainerMemoryStats = {
  usage?: number
  /** Cgroup v1. */
  max_usage?: number
  /** The kernel's own names: cgroup v1 and v2 have different ones. */
  stats?: Record<string, number> | null
  /** Cgroup v1. */
  failcnt?: number
  limit?: number
  /** Windows, as the two below. */
  commitbytes?: number
  commitpeakbytes?: number
  privateworkingset?: number
}

export type ContainerNetworkStats = {
  rx_bytes: number
  rx_packets: number
  rx_errors: number
  rx_dropped: number
  tx_bytes: number
  tx_packets: number
  tx_errors: number
  tx_dropped: number
  /** Windows, as the one below. */
  endpoint_id?: string
  instance_id?: string
}

/** By device. Cgroup v2 has the first only. */
export type ContainerBlkioStats = {
  io_service_bytes_recursive: BlkioEntry[] | null
  io_serviced_recursive: BlkioEntry[] | null
  io_queue_recursive: BlkioEntry[] | null
  io_service_time_recursive: BlkioEntry[] | null
  io_wait_time_recursive: BlkioEntry[] | null
  io_merged_recursive: BlkioEntry[] | null
  io_time_recursive: BlkioEntry[] | null
  sectors_recursive: BlkioEntry[] | null
}

export type BlkioEntry = { major: number; minor: number; op: string; value: number }
