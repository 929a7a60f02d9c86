//! yiwang-host.
