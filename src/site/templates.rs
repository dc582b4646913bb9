//! The templates, and what every page has around its content.

use serde::Serialize;
use tera::{Context, Tera};

use super::theme::Theme;
use super::{Output, Site, SiteError, stamp};

/// All templates, parsed once.
pub struct Templates {
    tera: Tera,
    /// Names the theme.
    pub fingerprint: String,
}

impl Templates {
    /// Parses them.
    pub fn new(theme: &Theme) -> Result<Templates, SiteError> {
        let mut tera = Tera::default();
        tera.add_raw_templates(&theme.templates).map_err(SiteError::template("(all)"))?;
        Ok(Templates { tera, fingerprint: theme.fingerprint() })
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
    /// Path of what it shows, as JSON.
    pub data: Option<String>,
}

/// What `base.html` shows.
#[derive(Serialize)]
struct Frame<'a> {
    site: &'a str,
    title: &'a str,
    root: &'a str,
    crumbs: &'a [Link],
    path: &'a str,
    /// Address of the page, where it is known.
    url: Option<String>,
    data: Option<&'a str>,
    front: Option<Front<'a>>,
    /// What people say on this page, as HTML.
    words: Option<&'a str>,
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
            url: self.catalogue.options.base_url.as_ref().map(|base| base.of(&place.path)),
            data: place.data.as_deref(),
            front,
            words: self.words.get(&place.path).map(String::as_str),
            generator: &self.catalogue.options.generator,
        };
        if out.keep(
            &place.path,
            &stamp::page_key(&self.templates.fingerprint, template, &frame, page)?,
        ) {
            return Ok(());
        }
        let mut context = Context::new();
        context.insert("frame", &frame);
        context.insert("page", page);
        let html = self
            .templates
            .tera
            .render(template, &context)
            .map_err(SiteError::template(template))?;
        out.write(&place.path, html.as_bytes())
    }
}
