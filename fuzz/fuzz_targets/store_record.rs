//! Store records: any bytes are a record or an error; what is read can be written and read again.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    sigyl_core::store::fuzz::record(data);
});
