//! The simulated world on a real file.
