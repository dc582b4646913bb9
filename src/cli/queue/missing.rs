//! `melbot queue missing`: what policies want and nobody measures.

use std::collections::BTreeSet;

use anyhow::bail;
use clap::Args;

use crate::cli::{Ending, print};
use crate::coordinator::Desk;
use crate::coordinator::missing::{Missing, Overview, Why, fill, look};
use crate::queue::Queue;

#[derive(Debug, Args)]
pub struct MissingVerb {
    /// Only these kernels
    kernels: Vec<String>,
    /// Only on this machine
    #[arg(long, value_name = "NAME")]
    machine: Option<String>,
    /// Queue them; of kernels that are not named, not those that do not build, and not what is not due
    #[arg(long)]
    add: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "add")]
    json: bool,
}

impl MissingVerb {
    pub fn run(self, desk: &Desk, queue: &mut Queue) -> anyhow::Result<Ending> {
        let mut overview = look(desk, queue)?;
        let machines: BTreeSet<&String> =
            desk.settings.policies.iter().flat_map(|p| &p.machines).collect();
        if let Some(machine) = self.machine.as_ref().filter(|name| !machines.contains(name)) {
            bail!("no policy of coordinator.toml runs anything on {machine:?}");
        }
        let is_asked = |run: &Missing| {
            self.machine.as_ref().is_none_or(|machine| *machine == run.machine)
                && (self.kernels.is_empty() || self.kernels.contains(&run.kernel))
        };
        overview.missing.retain(is_asked);
        if self.json {
            print(&(serde_json::to_string_pretty(&overview)? + "\n"))?;
        } else if self.add {
            print(&self.added(desk, queue, &overview)?)?;
        } else {
            print(&listed(&overview))?;
        }
        Ok(Ending::Fine)
    }

    fn added(&self, desk: &Desk, queue: &mut Queue, overview: &Overview) -> anyhow::Result<String> {
        let named = !self.kernels.is_empty();
        let is_meant =
            |run: &&Missing| named || !matches!(run.why, Why::NotDue | Why::DoesNotBuild);
        let chosen: Vec<&Missing> = overview.missing.iter().filter(is_meant).collect();
        let mut text = String::new();
        for job in fill(desk, queue, &chosen)? {
            let machine = job.machine.unwrap_or_default();
            text += &format!("job {}: {} on {machine}\n", job.id, job.title);
        }
        if text.is_empty() {
            text += "nothing was queued\n";
        }
        Ok(text)
    }
}

fn listed(overview: &Overview) -> String {
    let runs = &overview.missing;
    let width =
        |of: fn(&Missing) -> &String| runs.iter().map(|run| of(run).len()).max().unwrap_or(0);
    let (machines, configs, kernels) =
        (width(|run| &run.machine), width(|run| &run.config), width(|run| &run.kernel));
    let mut text = String::new();
    for run in runs {
        let job = run.job.map_or(String::new(), |job| format!(" (job {job})"));
        text += &format!(
            "{:machines$}  {:configs$}  {:kernels$}  {}{job}\n",
            run.machine,
            run.config,
            run.kernel,
            run.sentence()
        );
    }
    for unknown in &overview.unknown {
        text += &format!("not known: {unknown}\n");
    }
    text += &match overview.sentence() {
        Some(sentence) => format!("{sentence}; queue them with --add\n"),
        None if overview.unknown.is_empty() => "nothing that is due is missing\n".to_owned(),
        None => String::new(),
    };
    text
}
