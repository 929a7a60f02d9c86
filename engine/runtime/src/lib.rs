//! yiwang-runtime.
