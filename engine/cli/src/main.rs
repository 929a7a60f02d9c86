//! The `yiwang` binary.

fn main() {}
