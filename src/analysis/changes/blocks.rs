//! Rows of numbers in blocks of eight, which the compiler keeps in vector registers.
//!
//! Almost all time goes into sums and products over levels. Blocks of a fixed size need no code for
//! remainders and no bounds checks, and a table is one piece of memory for all kernels.

/// Numbers in a block.
pub const LANES: usize = 8;
/// Eight neighbouring numbers.
pub type Block = [f64; LANES];

/// Rows of the same number of blocks.
#[derive(Clone, Debug, Default)]
pub struct Table {
    width: usize,
    blocks: Vec<Block>,
}

impl Table {
    /// A table of zeros.
    pub fn new(rows: usize, width: usize) -> Table {
        Table { width, blocks: vec![[0.0; LANES]; rows * width] }
    }

    /// Takes another shape and keeps the memory; what is in it is left over from before.
    pub fn reshape(&mut self, rows: usize, width: usize) {
        self.width = width;
        self.blocks.resize(rows * width, [0.0; LANES]);
    }

    /// A row.
    pub fn row(&self, at: usize) -> &[Block] {
        &self.blocks[at * self.width..(at + 1) * self.width]
    }

    /// A row to be changed.
    pub fn row_mut(&mut self, at: usize) -> &mut [Block] {
        &mut self.blocks[at * self.width..(at + 1) * self.width]
    }
}

/// `out` = a · b, number by number.
pub fn times(out: &mut [Block], a: &[Block], b: &[Block]) {
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        *out = product(a, b);
    }
}

/// `a` = a · b, number by number.
pub fn multiply(a: &mut [Block], b: &[Block]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a = product(a, b);
    }
}

/// Products of the numbers of two blocks.
#[inline]
pub fn product(a: &Block, b: &Block) -> Block {
    std::array::from_fn(|lane| a[lane] * b[lane])
}

/// Sum of a block.
#[inline]
pub fn sum(b: &Block) -> f64 {
    ((b[0] + b[4]) + (b[2] + b[6])) + ((b[1] + b[5]) + (b[3] + b[7]))
}

/// Sum of a row.
pub fn total(row: &[Block]) -> f64 {
    let mut sums = [0.0; LANES];
    for block in row {
        (0..LANES).for_each(|lane| sums[lane] += block[lane]);
    }
    sum(&sums)
}

/// Scalar product.
pub fn dot(a: &[Block], b: &[Block]) -> f64 {
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        (0..LANES).for_each(|lane| sums[lane] += a[lane] * b[lane]);
    }
    sum(&sums)
}

/// Largest number of a row, at least 0.
pub fn largest(row: &[Block]) -> f64 {
    let mut tops = [0.0_f64; LANES];
    for block in row {
        (0..LANES).for_each(|lane| tops[lane] = larger(tops[lane], block[lane]));
    }
    tops.into_iter().fold(0.0, larger)
}

/// Scales to a largest value of 1 and returns the logarithm of what was taken out. Values too
/// small to matter, but which would make later products slow or 0 everywhere, are lifted.
pub fn normalise(row: &mut [Block]) -> f64 {
    const LEAST: f64 = 1e-200;
    let top = largest(row);
    if top < f64::MIN_POSITIVE || !top.is_finite() {
        row.fill([1.0; LANES]);
        return f64::MIN_POSITIVE.ln();
    }
    let factor = 1.0 / top;
    for block in row {
        block.iter_mut().for_each(|value| *value = larger(*value * factor, LEAST));
    }
    top.ln()
}

/// The larger of two numbers of which none is NaN: one instruction, unlike [`f64::max`].
#[inline]
pub fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}
