//! yiwang-store.
