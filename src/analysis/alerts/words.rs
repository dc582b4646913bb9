//! Figures as sentences have them.

/// A probability with as many digits as tell it from 0 and 1.
pub fn probability(p: f64) -> String {
    match p {
        p if p > 0.9999 => "> 0.9999".to_owned(),
        p if p < 0.0001 => "< 0.0001".to_owned(),
        p if !(0.001..=0.999).contains(&p) => format!("{p:.4}"),
        p => format!("{p:.3}"),
    }
}

/// A measured value: five digits.
pub fn figure(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if !value.is_finite() => "?".to_owned(),
        s if s >= 1e7 || (s > 0.0 && s < 1e-3) => format!("{value:.4e}"),
        s if s >= 10_000.0 => format!("{value:.0}"),
        s if s >= 1000.0 => format!("{value:.1}"),
        s if s >= 100.0 => format!("{value:.2}"),
        s if s >= 10.0 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}

/// `1 sample`, `2 samples`.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// `a`, `a and b`, `a, b and c`.
pub fn and(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// At most four of them by name: `ivor, ivy and 3 others`.
pub fn and_others(names: &[&str]) -> String {
    match names {
        [first, second, others @ ..] if others.len() > 2 => {
            format!("{first}, {second} and {} others", others.len())
        }
        few => and(few),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_digits_that_matter() {
        let shown: Vec<String> =
            [0.0, 0.000_123, 0.5, 12.345_67, 4615.23, 123_456.7, f64::NAN].map(figure).to_vec();
        assert_eq!(shown, ["0.0000", "1.2300e-4", "0.5000", "12.346", "4615.2", "123457", "?"]);
        let shown: Vec<String> = [1.0, 0.9995, 0.5, 0.0004, 0.0].map(probability).to_vec();
        assert_eq!(shown, ["> 0.9999", "0.9995", "0.500", "0.0004", "< 0.0001"]);
        assert_eq!(and(&["a", "b", "c"]), "a, b and c");
        assert_eq!(and_others(&["a", "b", "c", "d"]), "a, b, c and d");
        assert_eq!(and_others(&["a", "b", "c", "d", "e"]), "a, b and 3 others");
        assert_eq!(counted(1, "boot"), "1 boot");
    }
}
