//! yiwang-bench.
