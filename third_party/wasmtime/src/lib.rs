//! Wasmtime's C API, plus what it lacks. Each function says why it is here; the
//! C declarations are in `include/spin_wasmtime.h`.

pub use wasmtime_c_api::*;

use wasmtime_c_api::wasmtime::{
    Config, Enabled, Engine, PoolingAllocationConfig, ResourceLimiter, Result, Store,
};

// The C API's types are `repr(C)` around one field each; should that ever
// change, the sizes part ways and the build stops here.
const _: () = {
    assert!(
        size_of::<wasmtime_pooling_allocation_config_t>() == size_of::<PoolingAllocationConfig>()
    );
    assert!(size_of::<wasm_config_t>() == size_of::<Config>());
    assert!(size_of::<wasm_engine_t>() == size_of::<Engine>());
    assert!(size_of::<wasmtime_store_t>() == size_of::<Store<WasmtimeStoreData>>());
};

/// `wasm_engine_new_with_config` panics where the pool can't be reserved, and a
/// library must not take its host process down.
///
/// # Safety
/// `config` comes from `wasm_config_new` and is taken; `out` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spin_wasmtime_engine_new(
    config: Box<wasm_config_t>,
    out: *mut *mut wasm_engine_t,
) -> Option<Box<wasmtime_error_t>> {
    // SAFETY: same layout, asserted above.
    let config = unsafe { &*(&raw const *config).cast::<Config>() };
    match Engine::new(config) {
        Ok(engine) => {
            // SAFETY: same layout, asserted above; `out` is writable.
            unsafe { *out = Box::into_raw(Box::new(engine)).cast() };
            None
        }
        Err(error) => Some(Box::new(error.into())),
    }
}

/// Whether the running kernel has the `PAGEMAP_SCAN` ioctl (Linux 6.7).
#[unsafe(no_mangle)]
pub extern "C" fn spin_wasmtime_pagemap_scan_available() -> bool {
    PoolingAllocationConfig::is_pagemap_scan_available()
}

/// The C API has no setter for `PoolingAllocationConfig::pagemap_scan`, which
/// resets only the dirty pages of a slot instead of remapping it.
///
/// # Safety
/// `config` comes from `wasmtime_pooling_allocation_config_new`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spin_wasmtime_pooling_pagemap_scan_set(
    config: *mut wasmtime_pooling_allocation_config_t,
    enable: bool,
) {
    let enabled = if enable { Enabled::Yes } else { Enabled::No };
    // SAFETY: same layout, asserted above; exclusive by this function's contract.
    unsafe { (*config.cast::<PoolingAllocationConfig>()).pagemap_scan(enabled) };
}

/// A budget of linear memory for a whole store, and the size of each table.
#[repr(C)]
pub struct spin_wasmtime_memory_budget_t {
    limit_bytes: u64,
    used_bytes: u64,
    last_growth_bytes: u64,
    table_elements_limit: u64,
    refused: bool,
}

impl ResourceLimiter for spin_wasmtime_memory_budget_t {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool> {
        let growth = desired.saturating_sub(current) as u64;
        let fits = growth <= self.limit_bytes.saturating_sub(self.used_bytes);
        if fits {
            self.used_bytes += growth;
            self.last_growth_bytes = growth;
        } else {
            self.refused = true;
        }
        Ok(fits)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime_c_api::wasmtime::Error) -> Result<()> {
        self.used_bytes -= std::mem::take(&mut self.last_growth_bytes);
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool> {
        Ok(desired as u64 <= self.table_elements_limit)
    }
}

struct BudgetPointer(*mut spin_wasmtime_memory_budget_t);
// SAFETY: a store and its budget are used by one thread at a time.
unsafe impl Send for BudgetPointer {}
unsafe impl Sync for BudgetPointer {}

impl BudgetPointer {
    fn get(&mut self) -> &mut spin_wasmtime_memory_budget_t {
        // SAFETY: alive as long as the store, by the contract below.
        unsafe { &mut *self.0 }
    }
}

/// `wasmtime_store_limiter` bounds each memory by itself; this bounds them all
/// together.
///
/// # Safety
/// `budget` outlives `store`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spin_wasmtime_store_budget_set(
    store: *mut wasmtime_store_t,
    budget: *mut spin_wasmtime_memory_budget_t,
) {
    let mut pointer = BudgetPointer(budget);
    // SAFETY: same layout, asserted above; exclusive by this function's contract.
    let store = unsafe { &mut *store.cast::<Store<WasmtimeStoreData>>() };
    // The closure owns the pointer; the reference it returns is as good as the
    // pointer itself, which outlives the store.
    store.limiter(move |_| {
        let budget: *mut spin_wasmtime_memory_budget_t = pointer.get();
        // SAFETY: see above.
        unsafe { &mut *budget }
    });
}
