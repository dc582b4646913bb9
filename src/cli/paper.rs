//! Text for a terminal: colours where they are seen, lines as long as it is wide.

use std::io::{self, IsTerminal as _};

use super::results::stdout_has_colour;

/// What a colour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// For the worse.
    Worse,
    /// For the better.
    Better,
    /// Not decided.
    Open,
    /// Of less interest.
    Faint,
    /// A heading.
    Strong,
}

/// Lines of text in the making.
pub struct Paper {
    text: String,
    colour: bool,
    /// Columns, on a terminal.
    width: Option<usize>,
}

/// No line is broken shorter than this, however narrow the terminal.
const NARROWEST: usize = 40;
/// Lines longer than this are hard to read.
const WIDEST: usize = 120;

impl Paper {
    /// For standard output.
    pub fn new() -> Paper {
        let terminal = io::stdout().is_terminal();
        let size = terminal.then(|| rustix::termios::tcgetwinsize(io::stdout()).ok()).flatten();
        let width = size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0);
        Paper {
            text: String::new(),
            colour: stdout_has_colour(),
            width: width.map(|columns| columns.clamp(NARROWEST, WIDEST)),
        }
    }

    /// The text in a colour, if colours are seen.
    pub fn ink(&self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Worse => "33",
            Ink::Better => "34",
            Ink::Open => "35",
            Ink::Faint => "2",
            Ink::Strong => "1",
        };
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// A line as it is.
    pub fn line(&mut self, line: &str) {
        self.text += line.trim_end();
        self.text.push('\n');
    }

    /// A paragraph, the first line after `lead`, the others as far in, broken at blanks where it
    /// would not fit. Whole where the output is no terminal.
    pub fn paragraph(&mut self, lead: &str, text: &str) {
        let indent = " ".repeat(columns(lead));
        let Some(width) = self.width else {
            self.line(&format!("{lead}{text}"));
            return;
        };
        let mut line = lead.to_owned();
        let mut fresh = true;
        for word in text.split(' ') {
            if !fresh && columns(&line) + 1 + columns(word) > width {
                self.line(&line);
                line.clone_from(&indent);
                fresh = true;
            }
            if !fresh {
                line.push(' ');
            }
            line += word;
            fresh = false;
        }
        self.line(&line);
    }

    /// Rows of cells in columns as wide as their widest cell; of the columns marked, the cells are
    /// set to the right.
    pub fn table(&mut self, indent: &str, right: &[bool], rows: &[Vec<String>]) {
        let count = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |at: usize| rows.iter().filter_map(|r| r.get(at)).map(|c| columns(c)).max();
        let widths: Vec<usize> = (0..count).map(|at| width(at).unwrap_or(0)).collect();
        for row in rows {
            let mut line = indent.to_owned();
            for (at, cell) in row.iter().enumerate() {
                let pad = " ".repeat(widths[at].saturating_sub(columns(cell)));
                if right.get(at) == Some(&true) {
                    line += &format!("{pad}{cell}  ");
                } else {
                    line += &format!("{cell}{pad}  ");
                }
            }
            self.line(&line);
        }
    }

    /// The finished text.
    pub fn finish(self) -> String {
        self.text
    }
}

/// Columns that a text takes: its characters, without the codes of colours.
fn columns(text: &str) -> usize {
    let mut inside = false;
    text.chars()
        .filter(|c| {
            let code = inside || *c == '\u{1b}';
            inside = code && *c != 'm';
            !code
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(width: usize) -> Paper {
        Paper { text: String::new(), colour: true, width: Some(width) }
    }

    #[test]
    fn lines_are_broken_at_blanks() {
        let mut paper = paper(20);
        paper.paragraph("  ▼ ", "one two three four averyveryverylongword end");
        let expected = "  ▼ one two three\n    four\n    averyveryverylongword\n    end\n";
        assert_eq!(paper.finish(), expected);
    }

    #[test]
    fn colours_take_no_room() {
        let mut paper = paper(80);
        let cell = paper.ink(Ink::Worse, "▼");
        paper.table("", &[false, true], &[vec![cell, "1".into()], vec!["xx".into(), "10".into()]]);
        assert_eq!(paper.finish(), "\u{1b}[33m▼\u{1b}[0m    1\nxx  10\n");
    }
}
