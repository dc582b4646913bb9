//! The templates, and what every page has around its content.

use serde::Serialize;
use tera::{Context, Tera};

use super::{Output, Site, SiteError, stamp};

/// Templates by name.
const TEMPLATES: &[(&str, &str)] = &[
    ("base.html", include_str!("../../templates/base.html")),
    ("parts.html", include_str!("../../templates/parts.html")),
    ("home.html", include_str!("../../templates/home.html")),
    ("comparison.html", include_str!("../../templates/comparison.html")),
    ("operations.html", include_str!("../../templates/operations.html")),
    ("monitors.html", include_str!("../../templates/monitors.html")),
    ("run.html", include_str!("../../templates/run.html")),
    ("kernel.html", include_str!("../../templates/kernel.html")),
    ("kernels.html", include_str!("../../templates/kernels.html")),
    ("machine.html", include_str!("../../templates/machine.html")),
    ("machines.html", include_str!("../../templates/machines.html")),
    ("benchmark.html", include_str!("../../templates/benchmark.html")),
    ("benchmarks.html", include_str!("../../templates/benchmarks.html")),
    ("problems.html", include_str!("../../templates/problems.html")),
    ("alerts.html", include_str!("../../templates/alerts.html")),
    ("failing.html", include_str!("../../templates/failing.html")),
    ("alert.html", include_str!("../../templates/alert.html")),
    ("bisect.html", include_str!("../../templates/bisect.html")),
    ("unseen.html", include_str!("../../templates/unseen.html")),
    ("alerts.xml", include_str!("../../templates/alerts.xml")),
    ("badge.svg", include_str!("../../templates/badge.svg")),
    ("help.html", include_str!("../../templates/help.html")),
];

/// All templates, parsed once.
pub struct Templates(Tera);

impl Templates {
    /// Parses them.
    pub fn new() -> Result<Templates, SiteError> {
        let mut tera = Tera::default();
        tera.add_raw_templates(TEMPLATES.iter().copied()).map_err(SiteError::template("(all)"))?;
        Ok(Templates(tera))
    }
}

/// A link inside the site; `href` is relative to the site's root.
#[derive(Clone, Debug, Serialize)]
pub struct Link {
    /// What to click on.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

impl Link {
    /// A link.
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Link {
        Link { label: label.into(), href: href.into() }
    }
}

/// Where a page is, and what it is called.
pub struct Place {
    /// Path of its file.
    pub path: String,
    /// Title.
    pub title: String,
    /// The pages above it, the nearest last.
    pub crumbs: Vec<Link>,
}

/// What `base.html` shows.
#[derive(Serialize)]
struct Frame<'a> {
    site: &'a str,
    title: &'a str,
    root: &'a str,
    crumbs: &'a [Link],
    path: &'a str,
    front: Option<Front<'a>>,
    generator: &'a str,
}

/// What every new run changes: it stands on the front page alone, lest every page change with it.
#[derive(Serialize)]
struct Front<'a> {
    problems: usize,
    /// Regressions that are still there and that nobody has said anything about.
    alerts: usize,
    measured: &'a str,
}

/// The way from a page up to the root of the site: `../` for every folder it is in.
pub fn root_of(path: &str) -> String {
    "../".repeat(path.matches('/').count())
}

impl Site<'_> {
    /// Renders a page and hands it out.
    pub fn write<T: Serialize>(
        &self,
        template: &str,
        place: &Place,
        page: &T,
        out: &dyn Output,
    ) -> Result<(), SiteError> {
        let front = (place.path == "index.html").then(|| Front {
            problems: self.catalogue.problems.len(),
            alerts: self.catalogue.report.news(),
            measured: &self.catalogue.measured,
        });
        let frame = Frame {
            site: &self.catalogue.options.title,
            title: &place.title,
            root: &root_of(&place.path),
            crumbs: &place.crumbs,
            path: &place.path,
            front,
            generator: &self.catalogue.options.generator,
        };
        if out.keep(&place.path, &stamp::page_key(template, &frame, page)?) {
            return Ok(());
        }
        let mut context = Context::new();
        context.insert("frame", &frame);
        context.insert("page", page);
        let html =
            self.templates.0.render(template, &context).map_err(SiteError::template(template))?;
        out.write(&place.path, html.as_bytes())
    }
}
