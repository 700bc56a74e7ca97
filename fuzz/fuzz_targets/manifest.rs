//! Manifests: any bytes as `sigyl.yaml` or `mcp.yaml`, then as both.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let file = |name: &str| (name.to_owned(), data.to_vec());
    for files in
        [vec![file("sigyl.yaml")], vec![file("mcp.yaml")], vec![file("sigyl.yaml"), file("mcp.yaml")]]
    {
        drop(sigyl_core::manifest::read(&std::collections::BTreeMap::from_iter(files)));
    }
});
