//! What is queued for a kernel: build → run → analyse. No I/O.

use std::collections::BTreeMap;

use super::settings::Policy;
use super::tasks::{AnalyseTask, BuildTask, RunTask};
use crate::client::{JobFile, KernelSource};
use crate::kernel::Point;
use crate::queue::{Earlier, Kind, NewJob};

/// The name of a build of this kernel, which another one does not have.
#[derive(Clone, Debug)]
pub struct Target<'a> {
    /// Name of the tree.
    pub tree: &'a str,
    /// The kernel.
    pub point: &'a Point,
    /// Identity of its build.
    pub build: &'a str,
    /// Keys of runs that are ordered in place of those that these jobs were.
    pub again: &'a BTreeMap<String, i64>,
}

/// The key of the job that builds a kernel.
pub fn build_job_key(build: &str) -> String {
    format!("build {build}")
}

/// The key of the job that runs a config with a kernel on a machine.
pub fn run_key(machine: &str, config: &str, build: &str) -> String {
    format!("run {machine} {config} {build}")
}

/// The jobs, each with those before it that it needs. What was ordered before has the same key.
pub fn orders(policy: &Policy, target: &Target) -> Vec<(NewJob, Vec<Earlier>)> {
    let kernel = target.point.run_name();
    let lane = target.point.track.clone().unwrap_or_else(|| target.tree.to_owned());
    let job = |kind, key: String, title: String, machine: Option<&String>, task: String| NewJob {
        key,
        kind,
        title,
        machine: machine.cloned(),
        lane: lane.clone(),
        priority: policy.priority,
        task,
        attempts: policy.attempts,
        needs: Vec::new(),
    };
    let build = BuildTask {
        tree: target.tree.to_owned(),
        commit: target.point.commit.clone(),
        kconfig: policy.kconfig.clone(),
        kernel: kernel.clone(),
        silent: false,
        relaid: false,
    };
    let mut orders = vec![(
        job(
            Kind::Build,
            build_job_key(target.build),
            format!("{kernel} with {}", policy.kconfig),
            None,
            json(&build),
        ),
        Vec::new(),
    )];
    for machine in &policy.machines {
        let mut runs = Vec::new();
        for config in &policy.configs {
            let run =
                RunTask { job: job_file(policy, machine, config, target, &kernel), into: None };
            let mut key = run_key(machine, config, target.build);
            if let Some(before) = target.again.get(&key) {
                key += &format!(" after {before}");
            }
            let title = format!("{config} of {kernel}");
            runs.push((orders.len(), key.clone()));
            orders.push((
                job(Kind::Run, key.clone(), title, Some(machine), json(&run)),
                vec![Earlier { place: 0, success: true }],
            ));
            let task =
                AnalyseTask { machine: machine.clone(), kernel: kernel.clone(), tell: false };
            orders.push((
                job(
                    Kind::Analyse,
                    format!("publish {key}"),
                    format!("{config} of {kernel} on {machine}"),
                    None,
                    json(&task),
                ),
                vec![Earlier { place: orders.len() - 1, success: true }],
            ));
        }
        let task = AnalyseTask { machine: machine.clone(), kernel: kernel.clone(), tell: true };
        // Of other configs people are told anew.
        let keys: Vec<&str> = runs.iter().map(|(_, key)| key.as_str()).collect();
        let of = &blake3::hash(keys.join("\n").as_bytes()).to_hex()[..8];
        let mut needs = vec![Earlier { place: 0, success: true }];
        needs.extend(runs.iter().map(|(place, _)| Earlier { place: *place, success: false }));
        orders.push((
            job(
                Kind::Analyse,
                format!("tell {machine} {} {of}", target.build),
                format!("summary of {kernel} on {machine}"),
                None,
                json(&task),
            ),
            needs,
        ));
    }
    orders
}

fn job_file(policy: &Policy, machine: &str, config: &str, target: &Target, run: &str) -> JobFile {
    JobFile {
        machines: vec![machine.to_owned()],
        config: config.to_owned(),
        run: Some(run.to_owned()),
        iterations: policy.iterations,
        more: false,
        fresh_boots: true,
        monitors: policy.monitors,
        minutes: policy.minutes,
        attempts: 2,
        kernel: KernelSource {
            package: String::new().into(),
            release: None,
            commit: Some(target.point.commit.clone()),
        },
        mmtests: policy.mmtests.clone(),
    }
}

/// These are made of texts and numbers, which JSON can hold.
pub fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_is_built_once_run_everywhere_published_each_time_and_told_once_a_machine() {
        let policy: Policy = toml::from_str(
            r#"name = "p"
            trees = ["stable"]
            kconfig = "x86"
            machines = ["ivor", "ivy"]
            configs = ["one", "two"]
            mmtests = { source = "mmtests" }"#,
        )
        .expect("valid");
        let point = Point {
            name: "v6.12.5".to_owned(),
            commit: "0123456789abcdef".to_owned(),
            time: 0,
            track: Some("6.12.y".to_owned()),
            branch: false,
            signed: true,
        };
        let target = Target {
            tree: "stable",
            point: &point,
            build: "0123456789ab-x86-00000000",
            again: &BTreeMap::new(),
        };
        let orders = orders(&policy, &target);
        let kinds: Vec<&str> = orders.iter().map(|(job, _)| job.kind.word()).collect();
        let machine = ["run", "analyse", "run", "analyse", "analyse"];
        assert_eq!(kinds, [&["build"][..], &machine, &machine].concat());
        let needs: Vec<Vec<(usize, bool)>> = orders
            .iter()
            .map(|(_, needs)| needs.iter().map(|need| (need.place, need.success)).collect())
            .collect();
        assert_eq!(needs[1], [(0, true)]);
        assert_eq!(needs[2], [(1, true)]);
        assert_eq!(needs[5], [(0, true), (1, false), (3, false)]);
        assert_eq!(needs[7], [(6, true)]);
        let keys: std::collections::BTreeSet<&str> =
            orders.iter().map(|(job, _)| job.key.as_str()).collect();
        assert_eq!(keys.len(), orders.len());
        assert!(orders.iter().all(|(job, _)| job.lane == "6.12.y"));
        let task: RunTask = serde_json::from_str(&orders[1].0.task).expect("ours");
        assert_eq!(task.job.run.as_deref(), Some("6.12.5"));
    }
}
