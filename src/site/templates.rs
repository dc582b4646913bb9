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
        out.write(&place.path, close_up(&html).as_bytes())
    }
}

/// Drops the ends of lines between the parts of a table, which nobody sees and for each of which a
/// browser makes a node: a page may have thousands.
fn close_up(html: &str) -> String {
    const PARTS: [&str; 8] =
        ["<td", "<tr", "<th", "<tbody", "</tr", "</thead", "</tbody", "</table"];
    let mut closed = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(end) = memchr::memmem::find(rest.as_bytes(), b">\n<") {
        let (line, next) = rest.split_at(end + 1);
        closed.push_str(line);
        rest = if PARTS.iter().any(|part| next[1..].starts_with(part)) { &next[1..] } else { next };
        // What was looked at begins with neither end nor tag of it.
        let (seen, unseen) = rest.split_at(1);
        closed.push_str(seen);
        rest = unseen;
    }
    closed.push_str(rest);
    closed
}

#[cfg(test)]
mod tests {
    use super::close_up;

    #[test]
    fn only_what_stands_between_parts_of_a_table_goes() {
        let html =
            "<table>\n<tr><th>a</th>\n<td>b\n<b>c</b>\n<i>d</i></td></tr>\n</table>\n<p>e</p>\n";
        assert_eq!(
            close_up(html),
            "<table><tr><th>a</th><td>b\n<b>c</b>\n<i>d</i></td></tr></table>\n<p>e</p>\n"
        );
        assert_eq!(close_up("</textarea>"), "</textarea>");
        assert_eq!(close_up("<textarea>a>\n</textarea>"), "<textarea>a>\n</textarea>");
    }
}
