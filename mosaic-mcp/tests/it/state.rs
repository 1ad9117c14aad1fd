//! The behaviour suite of stores, on each of them.

mod memory {
    use mosaic_mcp::state::suite::MemoryStores;

    mosaic_mcp::state_suite!(async { MemoryStores::default() });
}
