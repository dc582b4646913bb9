//! What series of the monitors are: levels or counters, their units, and which of them are kept.

use crate::model::Reading;

/// What a monitor's series are.
#[derive(Debug)]
pub struct Meaning {
    /// How a series is to be read.
    pub reading: fn(&str) -> Reading,
    /// Its unit.
    pub unit: fn(&str) -> &'static str,
    /// `true` if the record of a run has it.
    pub is_kept: fn(&str) -> bool,
    /// `true` if it is worth a plot.
    pub is_drawn: fn(&str) -> bool,
}

fn level(_: &str) -> Reading {
    Reading::Level
}

fn counter(_: &str) -> Reading {
    Reading::Counter
}

fn all(_: &str) -> bool {
    true
}

pub(super) const IOSTAT: Meaning = Meaning {
    reading: level,
    unit: |name| match name.rsplit('-').next().unwrap_or(name) {
        end if end.contains('%') => "%",
        end if end.contains("await") || end == "svctm" => "ms",
        end if end.contains("kB/s") => "kB/s",
        end if end.contains("MB/s") => "MB/s",
        end if end.ends_with("areq-sz") => "kB",
        end if end.ends_with("/s") => "/s",
        _ => "",
    },
    is_kept: all,
    // Those of the CPUs are told by mpstat.
    is_drawn: |name| {
        let ends =
            ["-r/s", "-w/s", "-rkB/s", "-wkB/s", "-%util", "-aqu-sz", "-r_await", "-w_await"];
        ends.iter().any(|end| name.ends_with(end))
    },
};

pub(super) const MPSTAT: Meaning = Meaning {
    reading: level,
    unit: |_| "%",
    // Each CPU for itself would be hundreds of series on a large machine; `melbot monitors` has them.
    is_kept: |name| name.starts_with("all-"),
    is_drawn: |name| {
        let drawn = ["all-%usr", "all-%sys", "all-%iowait", "all-%irq", "all-%soft", "all-%idle"];
        drawn.contains(&name)
    },
};

pub(super) const INTERRUPTS: Meaning = Meaning {
    reading: counter,
    unit: |_| "interrupts",
    is_kept: all,
    is_drawn: |name| {
        let drawn = ["timer", "Rescheduling", "Function-call", "TLB-shootdowns"];
        drawn.iter().any(|start| name.contains(start))
    },
};

/// Names that start with `nr_` are what there is at the time, but for these.
const COUNTED: [&str; 8] = [
    "nr_dirtied",
    "nr_written",
    "nr_throttled_written",
    "nr_vmscan_write",
    "nr_vmscan_immediate_reclaim",
    "nr_foll_pin_acquired",
    "nr_foll_pin_released",
    "nr_tlb_remote_flush",
];

/// Levels that do not start with `nr_`.
const LEVELS: [&str; 1] = ["workingset_nodes"];

/// Counters of memory management that tell most.
const TELLING: [&str; 30] = [
    "pgfault",
    "pgmajfault",
    "pgpgin",
    "pgpgout",
    "pswpin",
    "pswpout",
    "pgalloc_normal",
    "pgalloc_dma32",
    "pgscan_kswapd",
    "pgscan_direct",
    "pgsteal_kswapd",
    "pgsteal_direct",
    "compact_stall",
    "compact_success",
    "thp_fault_alloc",
    "thp_collapse_alloc",
    "thp_split_page",
    "numa_hint_faults",
    "numa_pte_updates",
    "numa_pages_migrated",
    "numa_miss",
    "pgmigrate_success",
    "workingset_refault_file",
    "workingset_refault_anon",
    "nr_free_pages",
    "nr_dirty",
    "nr_writeback",
    "nr_anon_pages",
    "nr_file_pages",
    "nr_slab_unreclaimable",
];

pub(super) const PROC_VMSTAT: Meaning = Meaning {
    reading: |name| {
        let is_level = name.starts_with("nr_") && !COUNTED.contains(&name);
        if is_level || LEVELS.contains(&name) { Reading::Level } else { Reading::Counter }
    },
    unit: |name| match name {
        _ if name.starts_with("nr_") => "pages",
        // These two count in KiB.
        "pgpgin" | "pgpgout" => "KiB",
        _ => "",
    },
    is_kept: all,
    is_drawn: |name| TELLING.contains(&name),
};

pub(super) const TURBOSTAT: Meaning = Meaning {
    reading: level,
    unit: |name| match name {
        _ if name.ends_with("MHz") => "MHz",
        _ if name.contains('%') => "%",
        _ if name.ends_with("Watt") => "W",
        _ if name.ends_with("Tmp") => "°C",
        _ => "",
    },
    is_kept: all,
    is_drawn: |name| ["Avg_MHz", "Busy%", "Bzy_MHz", "PkgWatt", "PkgTmp"].contains(&name),
};

pub(super) const VMSTAT: Meaning = Meaning {
    reading: level,
    unit: |name| match name {
        "r" | "b" => "tasks",
        "swpd" | "free" | "buff" | "cache" => "KiB",
        "si" | "so" => "KiB/s",
        "bi" | "bo" => "blocks/s",
        "in" | "cs" => "/s",
        _ => "%",
    },
    is_kept: all,
    is_drawn: |name| {
        ["r", "b", "free", "cache", "si", "so", "bi", "bo", "in", "cs"].contains(&name)
    },
};

/// Figures that are all levels of one unit, and worth a plot.
const fn levels(unit: fn(&str) -> &'static str) -> Meaning {
    Meaning { reading: level, unit, is_kept: all, is_drawn: all }
}

pub(super) const SECONDS: Meaning = levels(|_| "s");
pub(super) const MILLISECONDS: Meaning = levels(|_| "ms");
pub(super) const MICROSECONDS: Meaning = levels(|_| "µs");
pub(super) const RATES: Meaning = levels(|_| "/s");
pub(super) const SHARE: Meaning = levels(|_| "");
pub(super) const PERF_TIMES: Meaning = levels(milliseconds_of_clocks);
pub(super) const TOP: Meaning =
    levels(|name| if name.starts_with("load-") { "tasks" } else { "%" });

pub(super) const SPACE: Meaning = levels(|_| "KiB");
pub(super) const PROGRAMS: Meaning =
    levels(|name| if name.ends_with("-%CPU") { "%" } else { "KiB/s" });
pub(super) const SLABS: Meaning = Meaning { is_drawn: |name| name == "all", ..levels(|_| "KiB") };

/// perf counts the time of CPUs and of tasks in milliseconds.
fn milliseconds_of_clocks(name: &str) -> &'static str {
    if name.starts_with("task-clock") || name.starts_with("cpu-clock") { "ms" } else { "" }
}

/// Events of the tracer, and what [`super::stalls`] makes of them.
pub(super) const EVENTS: Meaning = Meaning {
    reading: |name| if name.ends_with("-stall") { Reading::Level } else { Reading::Counter },
    unit: |name| match name {
        _ if ["-stall", "-stalled", "-awake"].iter().any(|end| name.ends_with(end)) => "ms",
        _ if name.contains("lru_") && name.contains('-') => "pages",
        _ if name.starts_with("misplaced_pages-") => "pages",
        _ if name.ends_with("slab_reclaimed") => "objects",
        _ => "events",
    },
    is_kept: all,
    is_drawn: all,
};

/// One figure each is no plot.
pub(super) const PERF_EVENTS: Meaning =
    Meaning { reading: counter, unit: milliseconds_of_clocks, is_kept: all, is_drawn: |_| false };

pub(super) const MEMINFO: Meaning = Meaning {
    reading: level,
    unit: |name| if name.contains("HugePages_") { "pages" } else { "KiB" },
    is_kept: all,
    is_drawn: |name| {
        let drawn =
            ["MemFree", "MemUsed", "Dirty", "Writeback", "AnonPages", "FilePages", "Cached"];
        drawn.contains(&name.rsplit('-').next().unwrap_or(name))
    },
};

pub(super) const NUMASTAT: Meaning =
    Meaning { reading: counter, unit: |_| "pages", is_kept: all, is_drawn: all };

pub(super) const NET_DEV: Meaning = Meaning {
    reading: counter,
    unit: |name| if name.ends_with("bytes") { "bytes" } else { "packets" },
    is_kept: all,
    is_drawn: |name| {
        ["-rbytes", "-tbytes", "-rpackets", "-tpackets"].iter().any(|end| name.ends_with(end))
    },
};

pub(super) const SCHEDSTAT: Meaning = Meaning {
    reading: counter,
    unit: |name| if ["rq_cpu_time", "run_delay"].contains(&name) { "ns" } else { "" },
    is_kept: all,
    is_drawn: all,
};

pub(super) const BDI: Meaning = Meaning {
    reading: |name| match name {
        "BdiDirtied" | "BdiWritten" => Reading::Counter,
        _ => Reading::Level,
    },
    unit: |name| match name {
        "BdiWriteBandwidth" => "KiB/s",
        _ if name.starts_with("Bdi") || name.ends_with("Thresh") => "KiB",
        _ => "",
    },
    is_kept: all,
    is_drawn: |name| name.starts_with("Bdi"),
};

pub(super) const THREADS: Meaning = levels(|_| "threads");

pub(super) const BUDDYINFO: Meaning = Meaning {
    // The smallest blocks, and the largest, which huge pages are made of.
    is_drawn: |name| ["-order0", "-order9", "-order10"].iter().any(|end| name.ends_with(end)),
    ..levels(|_| "blocks")
};

pub(super) const PAGETYPEINFO: Meaning = Meaning {
    is_drawn: |name| name.ends_with("-free"),
    ..levels(|name| if name.ends_with("-free") { "pages" } else { "blocks" })
};

/// Names end as those of `/proc/vmstat`, but for the watermarks.
pub(super) const ZONEINFO: Meaning = Meaning {
    reading: |name| match name.rsplit('-').next().unwrap_or(name) {
        end if end.contains('_') => (PROC_VMSTAT.reading)(end),
        _ => Reading::Level,
    },
    unit: |_| "pages",
    is_kept: all,
    is_drawn: |name| {
        let drawn = ["free", "nr_dirty", "nr_anon_pages", "nr_file_pages", "nr_slab_unreclaimable"];
        drawn.contains(&name.rsplit('-').next().unwrap_or(name))
    },
};

/// Counted anew for each look.
pub(super) const SYSCALLS: Meaning =
    levels(|name| if name.ends_with("-time") { "ms" } else { "calls" });

pub(super) const WAITS: Meaning = Meaning {
    reading: counter,
    unit: |name| if name.ends_with("-time") { "ms" } else { "waits" },
    is_kept: all,
    is_drawn: |name| name.ends_with("-time"),
};
