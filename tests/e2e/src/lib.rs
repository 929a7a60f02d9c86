//! yiwang-e2e.
