//! A column of numbers as it is stored: exactly, in little space, and without much work.
//!
//! Logs hold decimal fractions of a few digits. Such numbers are whole numbers divided by a power of
//! ten, and Parquet packs whole numbers that are near each other into a few bits each: smaller than
//! any general compressor makes them, in a fraction of its time (Afroozeh, Kuffó, Boncz 2023, "ALP:
//! Adaptive Lossless Floating-Point Compression", have the same idea).

use polars::prelude::{Column, DataType, PolarsError, PolarsResult};
use polars_parquet::write::Encoding;

/// Powers of ten by which numbers are multiplied, at most.
const POWERS: [f64; 10] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
/// Whole numbers below this are exact as floating-point numbers, and so is their sum with [`ROUNDER`].
const LARGEST: f64 = (1_i64 << 51) as f64;
/// Numbers as large as this one have no fractions: adding it rounds a smaller one.
const ROUNDER: f64 = (3_i64 << 51) as f64;

/// The numbers of a column.
#[derive(Debug)]
pub enum Numbers {
    /// Each multiplied by ten to the power of `scale`, which makes all of them whole.
    Whole { scale: usize, numbers: Vec<i64> },
    /// As they are.
    Fractions(Vec<f64>),
}

impl Numbers {
    /// The numbers of all parts, one after the other.
    pub fn new(parts: &[&[f64]]) -> Numbers {
        let total = parts.iter().map(|part| part.len()).sum();
        let mut numbers = Vec::with_capacity(total);
        let mut scale = 0;
        // Whenever a number needs more decimals than those before it, all is done again.
        loop {
            numbers.clear();
            let odd = parts.iter().find_map(|part| add_whole(part, scale, &mut numbers));
            let Some(odd) = odd else { return Numbers::Whole { scale, numbers } };
            match (scale + 1..POWERS.len()).find(|scale| whole(odd, POWERS[*scale]).is_some()) {
                Some(larger) => scale = larger,
                None => return Numbers::Fractions(parts.concat()),
            }
        }
    }

    /// The column for the store, and how it is encoded there.
    pub fn column(self, name: &str) -> (Column, Encoding) {
        match self {
            Numbers::Whole { scale, numbers } => (
                Column::new(format!("{name}_e{scale}").into(), numbers),
                Encoding::DeltaBinaryPacked,
            ),
            Numbers::Fractions(numbers) => (Column::new(name.into(), numbers), Encoding::Plain),
        }
    }
}

/// The numbers of a column of the store that [`Numbers::column`] made under this name.
pub fn read(column: &Column, name: &str) -> PolarsResult<Vec<f64>> {
    let scale = column.name().strip_prefix(name).map(|rest| rest.strip_prefix("_e"));
    match (scale, column.dtype()) {
        (Some(None), DataType::Float64) => Ok(column.f64()?.into_no_null_iter().collect()),
        (Some(Some(scale)), DataType::Int64) => {
            let power = scale.parse().ok().and_then(|scale: usize| POWERS.get(scale));
            let power = power.ok_or_else(|| strange(column))?;
            let numbers = column.i64()?.into_no_null_iter();
            Ok(numbers.map(|number| number as f64 / power).collect())
        }
        _ => Err(strange(column)),
    }
}

fn strange(column: &Column) -> PolarsError {
    PolarsError::SchemaMismatch(format!("column {:?}", column.name()).into())
}

/// Adds numbers, multiplied and whole; stops at the first that cannot be made so, and returns it.
fn add_whole(part: &[f64], scale: usize, numbers: &mut Vec<i64>) -> Option<f64> {
    let power = POWERS[scale];
    for value in part {
        match whole(*value, power) {
            Some(number) => numbers.push(number),
            None => return Some(*value),
        }
    }
    None
}

/// The number multiplied, if that and a division give it back bit by bit.
///
/// A decimal fraction that was read from text does so: both the whole number and the power are exact,
/// and their quotient is the number nearest to the fraction.
fn whole(value: f64, power: f64) -> Option<i64> {
    let number = (value * power + ROUNDER) - ROUNDER;
    let exact = number.abs() < LARGEST && (number / power).to_bits() == value.to_bits();
    exact.then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn back(values: &[f64]) -> (Vec<f64>, Encoding) {
        let (column, encoding) = Numbers::new(&[values, &[], values]).column("value");
        (read(&column, "value").expect("made just now"), encoding)
    }

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    proptest! {
        #[test]
        fn every_number_comes_back(values in prop::collection::vec(
            prop_oneof![any::<f64>(), (any::<i64>(), 0..12).prop_map(|(n, s)| n as f64 / 10_f64.powi(s))],
            0..20,
        )) {
            let twice = [values.clone(), values.clone()].concat();
            prop_assert_eq!(bits(&back(&values).0), bits(&twice));
        }

        #[test]
        fn what_logs_hold_becomes_whole(values in prop::collection::vec("[0-9]{1,5}[.][0-9]{1,8}", 1..20)) {
            let values: Vec<f64> = values.iter().map(|word| word.parse().expect("a number")).collect();
            let (read, encoding) = back(&values);
            prop_assert_eq!(encoding, Encoding::DeltaBinaryPacked);
            prop_assert_eq!(read, [values.clone(), values].concat());
        }
    }

    #[test]
    fn what_no_whole_number_tells_is_kept_as_it_is() {
        for odd in [-0.0, 1.0 / 3.0, 1e100, f64::MIN_POSITIVE] {
            let (read, encoding) = back(&[1.5, odd]);
            assert_eq!(encoding, Encoding::Plain);
            assert_eq!(bits(&read), bits(&[1.5, odd, 1.5, odd]));
        }
    }
}
