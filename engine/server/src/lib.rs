//! yiwang-server.
