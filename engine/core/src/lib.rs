//! yiwang-core.
