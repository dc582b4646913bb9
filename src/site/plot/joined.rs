//! Elements of an SVG that follow each other and look alike, as one: a browser sets up each element
//! apart, and a plot of sixty kernels has hundreds of dots.

/// Joins dots of one class and size, and lines of one class, into paths; and drops what stands between
/// elements. A dot is a line of no length with round ends. Anything else stays as it is.
pub fn joined(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    // What is open: all that an element of it begins with.
    let mut open = String::new();
    for line in body.lines() {
        match part(line) {
            Some(part) if part.start == open => out.push_str(&part.path),
            Some(part) => {
                close(&mut out, &mut open);
                out.push_str(&part.start);
                out.push_str(&part.path);
                open = part.start;
            }
            None => {
                close(&mut out, &mut open);
                out.push_str(line);
            }
        }
    }
    close(&mut out, &mut open);
    out
}

fn close(out: &mut String, open: &mut String) {
    if !open.is_empty() {
        out.push_str("\"/>");
        open.clear();
    }
}

/// A dot or a line as a part of a path.
struct Part {
    /// The path up to what it draws.
    start: String,
    path: String,
}

fn part(line: &str) -> Option<Part> {
    let class = attribute(line, "class")?;
    if line.starts_with("<circle ") {
        let (x, y) = (attribute(line, "cx")?, attribute(line, "cy")?);
        let width = 2 * attribute(line, "r")?.parse::<u32>().ok()?;
        let start = format!("<path class=\"dot {class}\" stroke-width=\"{width}\" d=\"");
        Some(Part { start, path: format!("M{x} {y}h0") })
    } else if line.starts_with("<polyline ") {
        let points = attribute(line, "points")?.trim().replace(',', " ");
        // After a point that is moved to, further points are lines.
        Some(Part { start: format!("<path class=\"{class}\" d=\""), path: format!("M{points}") })
    } else {
        None
    }
}

fn attribute<'l>(element: &'l str, name: &str) -> Option<&'l str> {
    let rest = element.split_once(&format!(" {name}=\""))?.1;
    Some(rest.split_once('"')?.0)
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn what_looks_alike_and_follows_is_one_path() {
        let svg = "<circle cx=\"1\" cy=\"2\" r=\"3\" class=\"pt\"/>\n\
                   <circle cx=\"4\" cy=\"5\" r=\"3\" class=\"pt\"/>\n\
                   <circle cx=\"4\" cy=\"5\" r=\"2\" class=\"pt\"/>\n\
                   <polyline class=\"lv\" points=\"1,2 3,4 \"/>\n\
                   <polyline class=\"lv\" points=\"5,6 7,8 \"/>\n\
                   <text x=\"1\">\n&lt;a\n</text>\n\
                   <polyline class=\"lv\" points=\"5,6 7,8 \"/>";
        assert_eq!(
            joined(svg),
            "<path class=\"dot pt\" stroke-width=\"6\" d=\"M1 2h0M4 5h0\"/>\
             <path class=\"dot pt\" stroke-width=\"4\" d=\"M4 5h0\"/>\
             <path class=\"lv\" d=\"M1 2 3 4M5 6 7 8\"/>\
             <text x=\"1\">&lt;a</text><path class=\"lv\" d=\"M5 6 7 8\"/>"
        );
    }
}
