//! libFuzzer's door to [`pagebell_fuzz::fields`].
#![no_main]
#![allow(unsafe_code, reason = "libFuzzer calls a C function")]

libfuzzer_sys::fuzz_target!(|input: &[u8]| pagebell_fuzz::fields(input));
