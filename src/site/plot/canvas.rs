//! A surface of plotters' whose colours are names of classes.
//!
//! plotters writes colours into every element. Each ink has a colour of its own that nobody uses,
//! which is replaced by a class afterwards: the style sheet then says what it looks like, by day,
//! by night and on paper.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::joined::joined;
use crate::site::SiteError;

/// Units of the drawing for one pixel: plotters places things on whole units only.
pub const UNITS: i32 = 2;

/// Attributes that the style sheet decides, or that say what goes without saying.
const NOISE: &[&str] = &[
    " opacity=\"1\"",
    " stroke=\"none\"",
    " fill=\"none\"",
    " stroke-width=\"1\"",
    " stroke-width=\"0\"",
    " font-family=\"sans-serif\"",
    " font-size=\"17.741935483870968\"",
];

/// What something is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Grid,
    Text,
    Band,
    Point,
    Worse,
    Better,
    Box,
    Median,
    Whisker,
    Window,
    Level,
    WorseLevel,
    BetterLevel,
    First,
    Second,
    Third,
    Fourth,
    Fifth,
    Sixth,
}

impl Ink {
    /// Of kernels that are drawn over each other.
    pub const KERNELS: [Ink; 6] =
        [Ink::First, Ink::Second, Ink::Third, Ink::Fourth, Ink::Fifth, Ink::Sixth];

    const ALL: [Ink; 19] = [
        Ink::Grid,
        Ink::Text,
        Ink::Band,
        Ink::Point,
        Ink::Worse,
        Ink::Better,
        Ink::Box,
        Ink::Median,
        Ink::Whisker,
        Ink::Window,
        Ink::Level,
        Ink::WorseLevel,
        Ink::BetterLevel,
        Ink::First,
        Ink::Second,
        Ink::Third,
        Ink::Fourth,
        Ink::Fifth,
        Ink::Sixth,
    ];

    /// Class of the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Ink::Grid => "ax",
            Ink::Text => "tx",
            Ink::Band => "band",
            Ink::Point => "pt",
            Ink::Worse => "wo",
            Ink::Better => "be",
            Ink::Box => "bx",
            Ink::Median => "md",
            Ink::Whisker => "wh",
            Ink::Window => "wi",
            Ink::Level => "lv",
            Ink::WorseLevel => "lw",
            Ink::BetterLevel => "lb",
            Ink::First => "k1",
            Ink::Second => "k2",
            Ink::Third => "k3",
            Ink::Fourth => "k4",
            Ink::Fifth => "k5",
            Ink::Sixth => "k6",
        }
    }

    fn colour(self) -> RGBColor {
        RGBColor(1, 0, self as u8)
    }
}

/// Where text is put in relation to its point.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    /// To the left, at the same height.
    Left,
    /// Below, centred.
    Below,
    /// Below, written upwards.
    Upwards,
}

/// A surface to draw on.
pub struct Canvas<'s> {
    area: DrawingArea<SVGBackend<'s>, Shift>,
}

/// Draws, and gives back the elements of the SVG.
pub fn draw(
    (width, height): (u32, u32),
    with: impl FnOnce(&Canvas) -> Result<(), SiteError>,
) -> Result<String, SiteError> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        let canvas = Canvas { area };
        with(&canvas)?;
        canvas.area.present().map_err(failed)?;
    }
    Ok(joined(&themed(&svg)))
}

fn failed(error: impl std::fmt::Display) -> SiteError {
    SiteError::Plot(error.to_string())
}

impl Canvas<'_> {
    /// A line through points.
    pub fn line(&self, ink: Ink, points: Vec<(i32, i32)>) -> Result<(), SiteError> {
        self.area.draw(&PathElement::new(points, ink.colour())).map_err(failed)
    }

    /// A filled area.
    pub fn area(&self, ink: Ink, points: Vec<(i32, i32)>) -> Result<(), SiteError> {
        self.area.draw(&Polygon::new(points, ink.colour().filled())).map_err(failed)
    }

    /// A filled rectangle.
    pub fn rectangle(&self, ink: Ink, from: (i32, i32), to: (i32, i32)) -> Result<(), SiteError> {
        self.area.draw(&Rectangle::new([from, to], ink.colour().filled())).map_err(failed)
    }

    /// A dot.
    pub fn dot(&self, ink: Ink, at: (i32, i32), radius: i32) -> Result<(), SiteError> {
        self.area.draw(&Circle::new(at, radius, ink.colour().filled())).map_err(failed)
    }

    /// Text.
    pub fn text(&self, text: &str, at: (i32, i32), anchor: Anchor) -> Result<(), SiteError> {
        let (horizontal, vertical) = match anchor {
            Anchor::Left | Anchor::Upwards => (HPos::Right, VPos::Center),
            Anchor::Below => (HPos::Center, VPos::Top),
        };
        let font = ("sans-serif", 11 * UNITS).into_font();
        let font = match anchor {
            Anchor::Upwards => font.transform(FontTransform::Rotate270),
            Anchor::Left | Anchor::Below => font,
        };
        let colour = Ink::Text.colour();
        let style = TextStyle::from(font).color(&colour);
        let style = style.pos(Pos::new(horizontal, vertical));
        self.area.draw(&Text::new(text, at, style)).map_err(failed)
    }
}

/// The elements of an SVG with classes for colours, without what the style sheet says.
///
/// Before each attribute stands a space, and in text there are no quotation marks that could make it
/// look like an attribute.
fn themed(svg: &str) -> String {
    let start = svg.find('>').map_or(0, |at| at + 1);
    let end = svg.rfind("</svg>").unwrap_or(svg.len());
    let mut rest = svg.get(start..end).unwrap_or_default().trim();
    let mut body = String::with_capacity(rest.len());
    while let Some(space) = memchr::memchr(b' ', rest.as_bytes()) {
        let (before, after) = rest.split_at(space);
        body.push_str(before);
        if let Some(noise) = NOISE.iter().find(|noise| after.starts_with(**noise)) {
            rest = &after[noise.len()..];
        } else if let Some((ink, behind)) = inked(after) {
            body.push_str(" class=\"");
            body.push_str(ink.class());
            body.push('"');
            rest = behind;
        } else {
            body.push(' ');
            rest = &after[1..];
        }
    }
    body + rest
}

/// The ink that an attribute names as a colour, and what stands behind the attribute.
fn inked(text: &str) -> Option<(Ink, &str)> {
    let colour = text.strip_prefix(" fill=\"#0100").or(text.strip_prefix(" stroke=\"#0100"))?;
    let (number, behind) = colour.split_at_checked(2)?;
    let number = u8::from_str_radix(number, 16).ok()?;
    Some((*Ink::ALL.get(usize::from(number))?, behind.strip_prefix('"')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_classes_and_text_is_escaped() {
        let body = draw((100, 100), |canvas| {
            canvas.dot(Ink::Worse, (5, 5), 3)?;
            canvas.line(Ink::Level, vec![(0, 0), (9, 9)])?;
            canvas.text("<script>\"&", (1, 1), Anchor::Below)
        });
        let body = body.unwrap_or_default();
        assert!(body.contains("class=\"dot wo\"") && body.contains("class=\"lv\""), "{body}");
        assert!(!body.contains("#0100") && !body.contains("<script>"), "{body}");
        assert!(!body.contains("font-size") && !body.contains("style="), "{body}");
    }
}
