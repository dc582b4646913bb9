//! Lists of options that may change a result: of the kernel's config, of sysctl, of MMTests' config file.

use crate::mmtests::logs::Text;
use crate::mmtests::printable::quote;
use crate::model::facts;

/// Options of one list that are kept.
const MOST: usize = 400;
/// Characters of an option.
const LONGEST: usize = 200;

/// How options of the kernel's config begin that may change a result, the most telling first. The others
/// are hardware and file systems by the thousand.
const KERNEL_CONFIG: &[&str] = &[
    "PREEMPT",
    "HZ",
    "NO_HZ",
    "KASAN",
    "KCSAN",
    "KMSAN",
    "UBSAN",
    "KFENCE",
    "PROVE_",
    "LOCKDEP",
    "LOCK_STAT",
    "DEBUG_",
    "MITIGATION",
    "SPECULATION_MITIGATIONS",
    "PAGE_TABLE_ISOLATION",
    "RETPOLINE",
    "RETHUNK",
    "SLS",
    "CPU_UNRET",
    "CPU_IBPB",
    "CPU_IBRS",
    "CPU_SRSO",
    "CALL_DEPTH",
    "SCHED_",
    "FAIR_GROUP",
    "RT_GROUP",
    "CFS_BANDWIDTH",
    "UCLAMP",
    "NUMA",
    "TRANSPARENT_HUGEPAGE",
    "THP_",
    "READ_ONLY_THP",
    "LRU_GEN",
    "PER_VMA_LOCK",
    "COMPACTION",
    "KSM",
    "SLUB",
    "SLAB",
    "MEMCG",
    "CGROUP",
    "PSI",
    "SCHEDSTATS",
    "LATENCYTOP",
    "INIT_ON_",
    "INIT_STACK",
    "HARDENED_USERCOPY",
    "FORTIFY",
    "STACKPROTECTOR",
    "VMAP_STACK",
    "RANDOMIZE",
    "SHUFFLE_PAGE",
    "LIST_HARDENED",
    "BUG_ON_DATA",
    "REFCOUNT",
    "CFI",
    "LTO_",
    "X86_KERNEL_IBT",
    "X86_USER_SHADOW",
    "GCC_PLUGIN",
    "CC_OPTIMIZE",
    "GENERIC_CPU",
    "MNATIVE",
    "JUMP_LABEL",
    "FUNCTION_TRACER",
    "FTRACE",
    "DYNAMIC_FTRACE",
    "KPROBES",
    "BPF_JIT",
    "RCU_",
    "TASKS_",
    "TREE_RCU",
    "IRQ_TIME",
    "VIRT_CPU_ACCOUNTING",
    "TICK_CPU",
    "PARAVIRT",
    "CPU_FREQ_DEFAULT",
    "CPU_FREQ_GOV",
    "CPU_IDLE",
    "X86_INTEL_PSTATE",
    "X86_AMD_PSTATE",
    "INTEL_IDLE",
    "ENERGY_MODEL",
    "SECURITY",
    "LSM",
    "AUDIT",
    "DEFAULT_SECURITY",
    "IOSCHED",
    "MQ_IOSCHED",
    "BFQ",
    "BLK_CGROUP",
    "BLK_WBT",
    "ZSWAP",
    "SWAP",
    "HUGETLB",
    "DEFAULT_TCP_CONG",
    "DEFAULT_NET_SCH",
    "DEFAULT_FQ",
    "NR_CPUS",
    "MAXSMP",
    "CPUMASK_OFFSTACK",
    "X86_5LEVEL",
    "LOCALVERSION",
];

/// Options that begin like a telling one, and change nothing while the kernel runs.
const NO_DIFFERENCE: &[&str] =
    &["DEBUG_INFO", "DEBUG_FS", "KFENCE_", "SECURITY_SELINUX_", "DEBUG_KERNEL="];

/// How settings of sysctl begin that may change a result. Other settings count, or name the machine.
const SYSCTL: &[&str] = &[
    "vm.",
    "kernel.sched_",
    "kernel.numa_balancing",
    "kernel.nmi_watchdog",
    "kernel.watchdog",
    "kernel.perf_event_paranoid",
    "kernel.perf_cpu_time_max",
    "kernel.randomize_va_space",
    "kernel.timer_migration",
    "kernel.io_uring_disabled",
    "kernel.threads-max",
    "net.core.busy_",
    "net.core.default_qdisc",
    "net.core.netdev_budget",
    "net.core.rmem",
    "net.core.somaxconn",
    "net.core.wmem",
    "net.ipv4.tcp_congestion_control",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
    "net.ipv4.tcp_mem",
    "fs.aio-max-nr",
];

/// What stands below these is no setting but what the kernel makes of the memory it finds.
const NO_SETTINGS: &[&str] = &["vm.stat_refresh", "vm.drop_caches", "vm.compact_memory"];

/// All lists that there are files for, each with its name.
pub(super) fn read(mut text: impl FnMut(&str) -> Option<Text>) -> Vec<(String, Vec<String>)> {
    let mut lists = Vec::new();
    let mut add = |name: &str, list: Vec<String>| {
        if !list.is_empty() {
            lists.push((name.to_owned(), list));
        }
    };
    add(facts::CONFIG_FILE, text("config").map_or(Vec::new(), |text| config_file(&text)));
    add(facts::KERNEL_CONFIG, text("kconfig").map_or(Vec::new(), |text| kernel_config(&text)));
    add(facts::SYSCTL, text("sysctl-tuning").map_or(Vec::new(), |text| sysctl(&text)));
    lists
}

/// The lines of MMTests' config file without comments.
pub(super) fn config_lines(text: &Text) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(|(_, line)| line.trim());
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn config_file(text: &Text) -> Vec<String> {
    let setting = |line: &str| quote(line.strip_prefix("export ").unwrap_or(line), LONGEST);
    config_lines(text).map(setting).take(MOST).collect()
}

/// Ranked by how telling they are, then in the order of the file.
fn kernel_config(text: &Text) -> Vec<String> {
    let rank = |option: &str| {
        let is_none = NO_DIFFERENCE.iter().any(|start| option.starts_with(start));
        KERNEL_CONFIG.iter().position(|start| option.starts_with(start)).filter(|_| !is_none)
    };
    let options = text.lines().filter_map(|(_, line)| line.strip_prefix("CONFIG_"));
    ranked(options, rank)
}

fn sysctl(text: &Text) -> Vec<String> {
    let rank = |setting: &str| {
        let is_none = NO_SETTINGS.iter().any(|name| setting.starts_with(name));
        SYSCTL.iter().position(|start| setting.starts_with(start)).filter(|_| !is_none)
    };
    ranked(text.lines().map(|(_, line)| line), rank)
}

fn ranked<'t>(
    lines: impl Iterator<Item = &'t str>,
    rank: impl Fn(&str) -> Option<usize>,
) -> Vec<String> {
    let mut found: Vec<(usize, String)> = lines
        .filter_map(|line| {
            let rank = rank(line)?;
            let (name, value) = line.split_once('=')?;
            Some((rank, quote(&format!("{}={}", name.trim(), value.trim()), LONGEST)))
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, option)| option).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(files: &[(&str, &str)]) -> Vec<(String, Vec<String>)> {
        read(|name| {
            let (_, content) = files.iter().find(|(known, _)| *known == name)?;
            Some(Text::new(name, content.as_bytes().to_vec()))
        })
    }

    #[test]
    fn options_that_may_matter_are_kept_the_most_telling_first() {
        let config = "# Automatically generated\nCONFIG_NUMA=y\n# CONFIG_KASAN is not set\n\
            CONFIG_HZ=250\nCONFIG_USB_SERIAL=m\nCONFIG_DEBUG_INFO_BTF=y\n";
        let sysctl = "abi.vsyscall32 = 1\nvm.swappiness = 60\nkernel.numa_balancing = 1\nvm.stat_refresh =\n";
        let mmtests = "# a comment\nexport MMTESTS=\"kernbench\"\n\n";
        let files = [("kconfig", config), ("sysctl-tuning", sysctl), ("config", mmtests)];
        let expected = [
            ("Config file", vec!["MMTESTS=\"kernbench\""]),
            ("Kernel config", vec!["HZ=250", "NUMA=y"]),
            ("sysctl", vec!["vm.swappiness=60", "kernel.numa_balancing=1"]),
        ];
        let lists = lists(&files);
        let told: Vec<(&str, Vec<&str>)> = lists
            .iter()
            .map(|(name, list)| (name.as_str(), list.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(told, expected);
    }
}
