//! yiwang-house.
