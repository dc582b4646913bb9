//! `melbot alerts show`.

use clap::Args;

use super::detail;
use crate::analysis::Moved;
use crate::analysis::alerts::{Ends, Explanation, explain};
use crate::cli::judgement::JudgedArgs;
use crate::cli::paper::Paper;
use crate::cli::results::Filter;
use crate::cli::{Ending, print};
use crate::report::alerts as json;

/// Show everything about one alert
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot alerts show w1m8p0nt work/log\n  \
    melbot alerts show w1m8 work/log --explain")]
pub struct Show {
    /// Name of the alert, or a start of it, of three letters or more, that no other has
    id: String,
    #[command(flatten)]
    source: JudgedArgs,
    /// Also show the whole calculation of the verdict on its worst operation
    #[arg(long)]
    explain: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Show {
    pub fn run(self) -> anyhow::Result<Ending> {
        let (judgement, loaded) = self.source.judge_and_keep(&Filter::default(), false)?;
        judgement.complain();
        let id = judgement.resolve(&self.id)?;
        let mut paper = Paper::new();
        if let Some(failing) = judgement.report.failing.iter().find(|failing| failing.id == id) {
            if self.json {
                print(&(serde_json::to_string_pretty(&json::failing(failing)?)? + "\n"))?;
                return Ok(Ending::Fine);
            }
            detail::failing(&mut paper, failing);
            detail::failed_tests(&mut paper, failing);
            failing.notes.iter().for_each(|entry| detail::note(&mut paper, entry));
            print(&paper.finish())?;
            return Ok(Ending::Fine);
        }
        let Some(alert) = judgement.report.alert(&id) else {
            // `resolve` knows the alerts and the notes that no alert bears.
            if let Some(notes) = judgement.notes.of(&id) {
                if self.json {
                    print(&(serde_json::to_string_pretty(notes)? + "\n"))?;
                    return Ok(Ending::Fine);
                }
                paper.line("Noted, and no longer seen in the data:");
                detail::unseen(&mut paper, notes);
                notes.entries.iter().for_each(|entry| detail::note(&mut paper, entry));
            }
            print(&paper.finish())?;
            return Ok(Ending::Fine);
        };
        let explanation: Option<Explanation> =
            judgement.judged.series.get(alert.headline().series).filter(|_| self.explain).and_then(
                |series| {
                    explain(&judgement.judged, series, alert.headline().kernel, &judgement.settings)
                },
            );
        let ends = Ends::of(alert, loaded.runs.iter().map(|stored| &stored.run));
        let moved = ends.map_or(Moved::default(), |ends| ends.moved(&alert.of.benchmark));
        if self.json {
            let mut value = json::with_moved(alert, &moved)?;
            if let (Some(explanation), Some(fields)) = (explanation, value.as_object_mut()) {
                fields.insert("explanation".to_owned(), serde_json::to_value(explanation)?);
            }
            print(&(serde_json::to_string_pretty(&value)? + "\n"))?;
            return Ok(Ending::Fine);
        }
        detail::full(&mut paper, alert, &judgement.folder.display().to_string());
        paper.line("");
        detail::moved_beside(&mut paper, &moved);
        if let Some(explanation) = explanation {
            paper.line("");
            detail::explanation(&mut paper, &explanation);
        }
        print(&paper.finish())?;
        Ok(Ending::Fine)
    }
}
