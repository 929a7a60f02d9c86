//! Randomness by the host's seed: `Math.random` gives the same numbers when a call is repeated.

#[cfg(target_family = "wasm")]
use std::cell::Cell;

#[cfg(target_family = "wasm")]
thread_local! {
    static STATE: Cell<u64> = const { Cell::new(0) };
}

/// All that is random from now on follows from this.
pub(crate) fn seed(seed: u64) {
    #[cfg(target_family = "wasm")]
    STATE.set(seed);
    #[cfg(not(target_family = "wasm"))]
    let _ = seed;
}

/// Where the crate `getrandom` asks (its backend "custom").
#[cfg(target_family = "wasm")]
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(to: *mut u8, len: usize) -> Result<(), getrandom::Error> {
    for at in 0..len {
        let byte = next().to_le_bytes()[0];
        // SAFETY: the caller hands over room for `len` bytes.
        unsafe { to.add(at).write(byte) };
    }
    Ok(())
}

/// `SplitMix64`.
#[cfg(target_family = "wasm")]
fn next() -> u64 {
    let state = STATE.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    STATE.set(state);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
