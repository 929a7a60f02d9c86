//! libFuzzer's door to [`yiwang_fuzz::check`].

#![no_main]
#![allow(unsafe_code, unused_qualifications, missing_docs, reason = "what the macro writes")]

libfuzzer_sys::fuzz_target!(|data: &[u8]| yiwang_fuzz::check(data));
