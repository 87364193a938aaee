//! wasmtime_component COMPONENT [TURNS] [ROUNDS]: instantiate, call and drop of a component, and
//! 1 MiB of list<u8> into it and out again, through Wasmtime's own API: pooling, copy-on-write
//! memories, a pre-instance. What the component imports are functions that trap: no call here
//! reaches one. Medians, as one JSON object:
//!
//! "same": the settings that libspin has, "defaults": what the pool does when it is told nothing but
//! its sizes; "async": the same through the asynchronous calls, which is how libspin runs a guest.
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use wasmtime::component::{Component, Instance, InstancePre, Linker, TypedFunc, Val};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result, Store,
};

const INTERFACE: &str = "bench:component/calls@1.0.0";
const MEBIBYTE: usize = 1 << 20;

/// As src/engine/settings.c has it for 1,000 instances.
fn engine(same: bool) -> Result<Engine> {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(1000)
        .total_core_instances(4000)
        .total_memories(1000)
        .total_tables(4000)
        .total_stacks(1000)
        .max_memory_size(256 << 20);
    if same {
        pool.max_unused_warm_slots(1024)
            .linear_memory_keep_resident(256 << 10)
            .table_keep_resident(16 << 10)
            .async_stack_keep_resident(32 << 10)
            .decommit_batch_size(32);
        if PoolingAllocationConfig::is_pagemap_scan_available() {
            pool.pagemap_scan(Enabled::Yes);
        }
    }
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .memory_init_cow(true)
        .epoch_interruption(true);
    Engine::new(&config)
}

fn store(engine: &Engine) -> Store<()> {
    let mut store = Store::new(engine, ());
    store.set_epoch_deadline(u64::MAX >> 1);
    store
}

/// Nothing here ever waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a call that waits"),
    }
}

fn export<P, R>(store: &mut Store<()>, instance: &Instance, name: &str) -> Result<TypedFunc<P, R>>
where
    P: wasmtime::component::ComponentNamedList + wasmtime::component::Lower,
    R: wasmtime::component::ComponentNamedList + wasmtime::component::Lift,
{
    let interface = instance.get_export_index(&mut *store, None, INTERFACE).unwrap();
    let index = instance.get_export_index(&mut *store, Some(&interface), name).unwrap();
    instance.get_typed_func(&mut *store, index)
}

fn one_round(engine: &Engine, pre: &InstancePre<()>, call: bool) -> Result<()> {
    let mut store = store(engine);
    let instance = pre.instantiate(&mut store)?;
    if call {
        let greet = export::<(&str,), (String,)>(&mut store, &instance, "greet")?;
        assert_eq!(greet.call(&mut store, ("bench",))?.0, "Hello, bench!");
    }
    Ok(())
}

async fn one_round_async(engine: &Engine, pre: &InstancePre<()>) -> Result<()> {
    let mut store = store(engine);
    let instance = pre.instantiate_async(&mut store).await?;
    let greet = export::<(&str,), (String,)>(&mut store, &instance, "greet")?;
    assert_eq!(greet.call_async(&mut store, ("bench",)).await?.0, "Hello, bench!");
    Ok(())
}

/// Microseconds of one `each`, the median of `turns` turns of `rounds` rounds.
fn measure(turns: usize, rounds: u32, mut each: impl FnMut() -> Result<()>) -> Result<f64> {
    for _ in 0..rounds / 4 + 1 {
        each()?;
    }
    let mut times = Vec::new();
    for _ in 0..turns {
        let begin = Instant::now();
        for _ in 0..rounds {
            each()?;
        }
        times.push(begin.elapsed() / rounds);
    }
    times.sort();
    let median: Duration = times[times.len() / 2];
    Ok(median.as_secs_f64() * 1e6)
}

fn pre_instance(engine: &Engine, path: &str) -> Result<InstancePre<()>> {
    let component = Component::from_file(engine, path)?;
    let mut linker = Linker::new(engine);
    linker.define_unknown_imports_as_traps(&component)?;
    linker.instantiate_pre(&component)
}

/// Instantiate alone, with a call, and with an asynchronous call.
fn instances(path: &str, same: bool, turns: usize, rounds: u32) -> Result<String> {
    let engine = engine(same)?;
    let pre = pre_instance(&engine, path)?;
    let instantiate = measure(turns, rounds, || one_round(&engine, &pre, false))?;
    let call = measure(turns, rounds, || one_round(&engine, &pre, true))?;
    let call_async = measure(turns, rounds, || ready(one_round_async(&engine, &pre)))?;
    Ok(format!(
        "{{\"instantiate_us\": {instantiate:.2}, \"call_us\": {call:.2}, \
         \"call_async_us\": {call_async:.2}}}"
    ))
}

/// A list of bytes, typed; and untyped as Wasmtime's C API has it, a value for each byte (which that
/// API then copies once more).
fn lists(path: &str, turns: usize) -> Result<String> {
    let engine = engine(true)?;
    let mut store = store(&engine);
    let instance = pre_instance(&engine, path)?.instantiate(&mut store)?;
    let bytes = vec![7u8; MEBIBYTE];
    let take = export::<(&[u8],), (u32,)>(&mut store, &instance, "take")?;
    let echo = export::<(&[u8],), (Vec<u8>,)>(&mut store, &instance, "echo")?;
    let into = measure(turns, 200, || {
        assert_eq!(take.call(&mut store, (&bytes,))?.0, MEBIBYTE as u32);
        Ok(())
    })?;
    let both = measure(turns, 200, || {
        assert_eq!(echo.call(&mut store, (&bytes,))?.0.len(), MEBIBYTE);
        Ok(())
    })?;
    let args = [Val::List(bytes.iter().map(|byte| Val::U8(*byte)).collect())];
    let (take, echo) = (*take.func(), *echo.func());
    let mut results = [Val::Bool(false)];
    let untyped_in = measure(turns, 3, || take.call(&mut store, &args, &mut results))?;
    let untyped = measure(turns, 3, || echo.call(&mut store, &args, &mut results))?;
    Ok(format!(
        "{{\"in_us\": {into:.1}, \"in_and_out_us\": {both:.1}, \
         \"untyped_in_us\": {untyped_in:.0}, \"untyped_in_and_out_us\": {untyped:.0}}}"
    ))
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let path = args.next().expect("usage: wasmtime_component COMPONENT [TURNS] [ROUNDS]");
    let turns = args.next().map_or(15, |text| text.parse().unwrap());
    let rounds = args.next().map_or(4000, |text| text.parse().unwrap());
    println!(
        "{{\"same\": {}, \"defaults\": {}, \"lists\": {}}}",
        instances(&path, true, turns, rounds)?,
        instances(&path, false, turns, rounds)?,
        lists(&path, turns)?
    );
    Ok(())
}
