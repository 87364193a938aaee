//! The C interface of libspin as include/spin declares it; what each does, who owns what and which
//! thread may call it is said there. Left out is what only code written by spin-bindgen calls, and
//! what `spin-host` does not use: engines that contexts share, `redis.h`, `bindle.h`, `server.h`.
//! `spin-host/tests/layout.rs` compares structs and numbers with the headers.
#![allow(non_camel_case_types)]
#![no_std]

use core::ffi::{c_char, c_int, c_uint, c_void};

macro_rules! opaque {
    ($($name:ident)*) => {$(
        #[repr(C)]
        pub struct $name {
            _private: [u8; 0],
            _neither_send_nor_sync: core::marker::PhantomData<*mut ()>,
        }
    )*};
}
opaque! {
    spin_error_t spin_application_t spin_component_t spin_wit_t spin_type_t spin_function_t
    spin_engine_t spin_engine_builder_t spin_execution_context_t spin_instance_t
    spin_trigger_t spin_worker_t spin_settings_t spin_wasm_component_t spin_host_call_t
    uv_loop_t
}

/// Numbers of an enum in C, each under its name there.
macro_rules! numbers {
    ($type:ident: $($name:ident = $value:expr,)*) => {
        pub type $type = c_uint;
        $(pub const $name: $type = $value;)*
    };
}

numbers! { spin_error_kind_t:
    SPIN_ERROR_INVALID = 1,
    SPIN_ERROR_USAGE = 2,
    SPIN_ERROR_NOT_FOUND = 3,
    SPIN_ERROR_DENIED = 4,
    SPIN_ERROR_EXISTS = 5,
    SPIN_ERROR_UNSUPPORTED = 6,
    SPIN_ERROR_LIMIT = 7,
    SPIN_ERROR_TIMEOUT = 8,
    SPIN_ERROR_IO = 9,
    SPIN_ERROR_NO_MEMORY = 10,
    SPIN_ERROR_TRAP = 11,
    SPIN_ERROR_EXIT = 12,
    SPIN_ERROR_CANCELLED = 13,
    SPIN_ERROR_INTERNAL = 14,
}

numbers! { spin_log_level_t:
    SPIN_LOG_ERROR = 0,
    SPIN_LOG_WARN = 1,
    SPIN_LOG_INFO = 2,
    SPIN_LOG_DEBUG = 3,
    SPIN_LOG_TRACE = 4,
}

numbers! { spin_log_format_t:
    SPIN_LOG_TEXT = 0,
    SPIN_LOG_JSON = 1,
}

numbers! { spin_type_kind_t:
    SPIN_TYPE_BOOL = 1,
    SPIN_TYPE_S8 = 2,
    SPIN_TYPE_U8 = 3,
    SPIN_TYPE_S16 = 4,
    SPIN_TYPE_U16 = 5,
    SPIN_TYPE_S32 = 6,
    SPIN_TYPE_U32 = 7,
    SPIN_TYPE_S64 = 8,
    SPIN_TYPE_U64 = 9,
    SPIN_TYPE_F32 = 10,
    SPIN_TYPE_F64 = 11,
    SPIN_TYPE_CHAR = 12,
    SPIN_TYPE_STRING = 13,
    SPIN_TYPE_ERROR_CONTEXT = 14,
    SPIN_TYPE_LIST = 15,
    SPIN_TYPE_FIXED_LIST = 16,
    SPIN_TYPE_TUPLE = 17,
    SPIN_TYPE_RECORD = 18,
    SPIN_TYPE_VARIANT = 19,
    SPIN_TYPE_ENUM = 20,
    SPIN_TYPE_OPTION = 21,
    SPIN_TYPE_RESULT = 22,
    SPIN_TYPE_FLAGS = 23,
    SPIN_TYPE_OWN = 24,
    SPIN_TYPE_BORROW = 25,
    SPIN_TYPE_STREAM = 26,
    SPIN_TYPE_FUTURE = 27,
    SPIN_TYPE_MAP = 28,
    SPIN_TYPE_BYTES = 100,
}

// ── structs ────────────────────────────────────────────────────────────────────────────────────

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct spin_slice_t {
    pub ptr: *const u8,
    pub len: usize,
}
pub type spin_string_t = spin_slice_t;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct spin_position_t {
    pub line: u32,
    pub column: u32,
    pub offset: u64,
    pub has_offset: bool,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct spin_value_t {
    pub kind: spin_type_kind_t,
    pub of: spin_value_of,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union spin_value_of {
    pub boolean: bool,
    pub integer: i64,
    pub natural: u64,
    pub f32: f32,
    pub f64: f64,
    pub text: spin_slice_t,
    pub list: spin_value_list,
    pub variant: spin_value_variant,
    pub flags: spin_value_flags,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct spin_value_list {
    pub items: *mut spin_value_t,
    pub len: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct spin_value_variant {
    pub index: u32,
    pub payload: *mut spin_value_t,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct spin_value_flags {
    pub words: *mut u32,
    pub len: usize,
}

#[repr(C)]
pub struct spin_allocator_t {
    pub alloc: Option<unsafe extern "C" fn(usize, *mut c_void) -> *mut c_void>,
    pub resize: Option<unsafe extern "C" fn(*mut c_void, usize, *mut c_void) -> *mut c_void>,
    pub release: Option<unsafe extern "C" fn(*mut c_void, *mut c_void)>,
    pub user: *mut c_void,
}

#[repr(C)]
pub struct spin_engine_options_t {
    pub size: usize,
    pub r#loop: *mut uv_loop_t,
    pub max_instances: u32,
    pub max_memory_bytes: u64,
    pub timeout_ms: u64,
    pub cache_dir: *const c_char,
    pub disable_cache: bool,
    pub environment: *const *const c_char,
    pub environment_len: usize,
    pub variables: *const *const c_char,
    pub variables_len: usize,
    pub engine: *mut spin_engine_t,
}

#[repr(C)]
pub struct spin_loader_options_t {
    pub size: usize,
    pub temp_dir: *const c_char,
    pub direct_mounts: bool,
    pub locked: bool,
    pub bindle: *const c_void, // of <spin/bindle.h>, which is not mirrored here
}

#[repr(C)]
pub struct spin_wit_options_t {
    pub size: usize,
    pub features: *const *const c_char,
    pub features_len: usize,
    pub all_features: bool,
}

pub type spin_sink_fn = Option<unsafe extern "C" fn(spin_slice_t, *mut c_void) -> bool>;

#[repr(C)]
pub struct spin_redirect_t {
    pub kind: c_uint,
    pub bytes: spin_slice_t,
    pub sink: spin_sink_fn,
    pub user: *mut c_void,
    pub fd: c_int,
}

#[repr(C)]
pub struct spin_pair_t {
    pub key: spin_slice_t,
    pub value: spin_slice_t,
}

#[repr(C)]
pub struct spin_prepare_options_t {
    pub size: usize,
    pub args: *const spin_slice_t,
    pub args_len: usize,
    pub environment: *const spin_pair_t,
    pub environment_len: usize,
    pub r#in: spin_redirect_t,
    pub out: spin_redirect_t,
    pub err: spin_redirect_t,
    pub timeout_ms: u64,
    pub user: *mut c_void,
}

numbers! { spin_component_item_kind_t:
    SPIN_COMPONENT_FUNCTION = 1,
    SPIN_COMPONENT_INSTANCE = 2,
    SPIN_COMPONENT_TYPE = 3,
    SPIN_COMPONENT_RESOURCE = 4,
    SPIN_COMPONENT_MODULE = 5,
    SPIN_COMPONENT_COMPONENT = 6,
}

#[repr(C)]
pub struct spin_component_module_t {
    pub name: spin_slice_t,
    pub bytes: spin_slice_t,
}

#[repr(C)]
pub struct spin_wasm_component_options_t {
    pub size: usize,
    pub modules: *const spin_component_module_t,
    pub modules_len: usize,
    pub definition_only: bool,
}

#[repr(C)]
pub struct spin_component_item_t {
    pub size: usize,
    pub kind: spin_component_item_kind_t,
    pub name: spin_slice_t,
    pub function: *const spin_function_t,
    pub r#type: *const spin_type_t,
}

pub type spin_component_function_fn = Option<
    unsafe extern "C" fn(
        *mut spin_host_call_t,
        *const spin_function_t,
        *const spin_value_t,
        usize,
        *mut spin_value_t,
        *mut c_void,
    ) -> *mut spin_error_t,
>;
pub type spin_component_drop_fn =
    Option<unsafe extern "C" fn(*mut spin_instance_t, u64, *mut c_void)>;
pub type spin_configure_fn =
    Option<unsafe extern "C" fn(*mut spin_engine_builder_t, *mut c_void) -> *mut spin_error_t>;
pub type spin_worker_fn = Option<unsafe extern "C" fn(*mut spin_worker_t, *mut c_void)>;
pub type spin_worker_called_fn = Option<
    unsafe extern "C" fn(*mut spin_worker_t, *mut spin_error_t, *const spin_value_t, *mut c_void),
>;
pub type spin_log_sink_fn =
    Option<unsafe extern "C" fn(spin_log_level_t, spin_slice_t, *mut c_void)>;

#[repr(C)]
pub struct spin_trigger_type_t {
    pub size: usize,
    pub name: *const c_char,
    pub open: Option<
        unsafe extern "C" fn(
            *mut spin_trigger_t,
            *mut c_void,
            *mut *mut c_void,
        ) -> *mut spin_error_t,
    >,
    pub close: Option<unsafe extern "C" fn(*mut c_void)>,
    pub configure: spin_configure_fn,
    pub start: Option<unsafe extern "C" fn(*mut spin_worker_t, *mut c_void) -> *mut spin_error_t>,
    pub stop: spin_worker_fn,
    pub drain: spin_worker_fn,
    pub end: spin_worker_fn,
    pub withdraw: Option<unsafe extern "C" fn(*mut c_void)>,
}

#[repr(C)]
pub struct spin_trigger_options_t {
    pub size: usize,
    pub workers: c_uint,
    pub ignore_signals: bool,
    pub shutdown_timeout_ms: u64,
    pub engine: *const spin_engine_options_t,
    pub configure: spin_configure_fn,
    pub ready: Option<unsafe extern "C" fn(*mut spin_trigger_t, *mut c_void)>,
    pub user: *mut c_void,
}

#[repr(C)]
pub struct spin_http_options_t {
    pub size: usize,
    pub listen: *const c_char,
    pub workers: c_uint,
    pub log_dir: *const c_char,
    pub follow: *const *const c_char,
    pub follow_len: usize,
    pub follow_all: bool,
    pub quiet: bool,
    pub ignore_signals: bool,
    pub max_header_bytes: usize,
    pub max_headers: usize,
    pub max_body_bytes: usize,
    pub max_connections: usize,
    pub request_timeout_ms: u64,
    pub idle_timeout_ms: u64,
    pub write_timeout_ms: u64,
    pub shutdown_timeout_ms: u64,
    pub engine: *const spin_engine_options_t,
    pub configure: spin_configure_fn,
    pub ready: Option<unsafe extern "C" fn(*const c_char, *mut c_void)>,
    pub user: *mut c_void,
}

// ── functions ──────────────────────────────────────────────────────────────────────────────────

extern "C" {
    pub fn spin_version() -> *const c_char;
    pub fn spin_engine_version() -> *const c_char;
    pub fn spin_allocator_set(allocator: *const spin_allocator_t);
    pub fn spin_string_clear(string: *mut spin_string_t);
    pub fn spin_string_free(string: *mut c_char);

    pub fn spin_error_new(kind: spin_error_kind_t, format: *const c_char, ...)
        -> *mut spin_error_t;
    pub fn spin_error_kind(error: *const spin_error_t) -> spin_error_kind_t;
    pub fn spin_error_kind_name(kind: spin_error_kind_t) -> *const c_char;
    pub fn spin_error_message(error: *const spin_error_t) -> *const c_char;
    pub fn spin_error_file(error: *const spin_error_t) -> *const c_char;
    pub fn spin_error_position(error: *const spin_error_t) -> spin_position_t;
    pub fn spin_error_cause(error: *const spin_error_t) -> *const spin_error_t;
    pub fn spin_error_format(error: *const spin_error_t, buffer: *mut c_char, size: usize)
        -> usize;
    pub fn spin_error_exit_code(kind: spin_error_kind_t) -> c_int;
    pub fn spin_error_http_status(kind: spin_error_kind_t) -> c_int;
    pub fn spin_error_free(error: *mut spin_error_t);

    pub fn spin_log_configure(
        sink: spin_log_sink_fn,
        user: *mut c_void,
        level: spin_log_level_t,
        format: spin_log_format_t,
    );

    pub fn spin_loader_load_file(
        path: *const c_char,
        options: *const spin_loader_options_t,
        out: *mut *mut spin_application_t,
    ) -> *mut spin_error_t;
    pub fn spin_loader_load_locked(
        path: *const c_char,
        out: *mut *mut spin_application_t,
    ) -> *mut spin_error_t;
    pub fn spin_application_ref(application: *mut spin_application_t) -> *mut spin_application_t;
    pub fn spin_application_unref(application: *mut spin_application_t);
    pub fn spin_application_name(application: *const spin_application_t) -> spin_slice_t;
    pub fn spin_application_version(application: *const spin_application_t) -> spin_slice_t;
    pub fn spin_application_description(application: *const spin_application_t) -> spin_slice_t;
    pub fn spin_application_origin(application: *const spin_application_t) -> spin_slice_t;
    pub fn spin_application_trigger_type(application: *const spin_application_t) -> spin_slice_t;
    pub fn spin_application_trigger_json(
        application: *const spin_application_t,
        out: *mut *mut c_char,
    ) -> *mut spin_error_t;
    pub fn spin_application_to_json(
        application: *const spin_application_t,
        out: *mut *mut c_char,
    ) -> *mut spin_error_t;
    pub fn spin_application_to_locked(
        application: *const spin_application_t,
        out: *mut *mut c_char,
    ) -> *mut spin_error_t;
    pub fn spin_application_component_count(application: *const spin_application_t) -> usize;
    pub fn spin_application_component(
        application: *const spin_application_t,
        index: usize,
    ) -> *const spin_component_t;
    pub fn spin_application_component_by_id(
        application: *const spin_application_t,
        id: spin_slice_t,
    ) -> *const spin_component_t;
    pub fn spin_component_id(component: *const spin_component_t) -> spin_slice_t;
    pub fn spin_component_trigger_json(
        component: *const spin_component_t,
        out: *mut *mut c_char,
    ) -> *mut spin_error_t;

    pub fn spin_wit_load(
        path: *const c_char,
        options: *const spin_wit_options_t,
        out: *mut *mut spin_wit_t,
    ) -> *mut spin_error_t;
    pub fn spin_wit_parse(
        text: spin_slice_t,
        file: *const c_char,
        options: *const spin_wit_options_t,
        out: *mut *mut spin_wit_t,
    ) -> *mut spin_error_t;
    pub fn spin_wit_free(wit: *mut spin_wit_t);
    pub fn spin_wit_function(
        wit: *const spin_wit_t,
        name: spin_slice_t,
        out: *mut *const spin_function_t,
    ) -> *mut spin_error_t;
    pub fn spin_type_kind(r#type: *const spin_type_t) -> spin_type_kind_t;
    pub fn spin_type_text(r#type: *const spin_type_t) -> spin_slice_t;
    pub fn spin_type_count(r#type: *const spin_type_t) -> usize;
    pub fn spin_type_name(r#type: *const spin_type_t, index: usize) -> spin_slice_t;
    pub fn spin_type_part(r#type: *const spin_type_t, index: usize) -> *const spin_type_t;
    pub fn spin_type_length(r#type: *const spin_type_t) -> usize;
    pub fn spin_function_name(function: *const spin_function_t) -> spin_slice_t;
    pub fn spin_function_param_count(function: *const spin_function_t) -> usize;
    pub fn spin_function_param_name(function: *const spin_function_t, index: usize)
        -> spin_slice_t;
    pub fn spin_function_param_type(
        function: *const spin_function_t,
        index: usize,
    ) -> *const spin_type_t;
    pub fn spin_function_result_type(function: *const spin_function_t) -> *const spin_type_t;

    pub fn spin_value_copy(value: *const spin_value_t, out: *mut spin_value_t)
        -> *mut spin_error_t;
    pub fn spin_value_clear(value: *mut spin_value_t);
    pub fn spin_value_equal(left: *const spin_value_t, right: *const spin_value_t) -> bool;
    pub fn spin_value_check(
        value: *const spin_value_t,
        r#type: *const spin_type_t,
    ) -> *mut spin_error_t;
    pub fn spin_value_format(
        value: *const spin_value_t,
        r#type: *const spin_type_t,
        out: *mut spin_string_t,
    ) -> *mut spin_error_t;
    pub fn spin_value_call(
        instance: *mut spin_instance_t,
        function: *const spin_function_t,
        args: *const spin_value_t,
        args_len: usize,
        result: *mut spin_value_t,
    ) -> *mut spin_error_t;

    pub fn spin_engine_builder_new(
        application: *mut spin_application_t,
        options: *const spin_engine_options_t,
        out: *mut *mut spin_engine_builder_t,
    ) -> *mut spin_error_t;
    pub fn spin_engine_builder_build(
        builder: *mut spin_engine_builder_t,
        out: *mut *mut spin_execution_context_t,
    ) -> *mut spin_error_t;
    pub fn spin_engine_builder_free(builder: *mut spin_engine_builder_t);
    pub fn spin_execution_context_free(context: *mut spin_execution_context_t);
    pub fn spin_execution_context_prepare_component(
        context: *mut spin_execution_context_t,
        id: spin_slice_t,
        options: *const spin_prepare_options_t,
        out: *mut *mut spin_instance_t,
    ) -> *mut spin_error_t;
    pub fn spin_instance_free(instance: *mut spin_instance_t);

    pub fn spin_wasm_component_load(
        path: *const c_char,
        options: *const spin_wasm_component_options_t,
        out: *mut *mut spin_wasm_component_t,
    ) -> *mut spin_error_t;
    pub fn spin_wasm_component_parse(
        bytes: spin_slice_t,
        options: *const spin_wasm_component_options_t,
        out: *mut *mut spin_wasm_component_t,
    ) -> *mut spin_error_t;
    pub fn spin_wasm_component_unref(component: *mut spin_wasm_component_t);
    pub fn spin_wasm_component_import(
        component: *const spin_wasm_component_t,
        index: usize,
        out: *mut spin_component_item_t,
    ) -> bool;
    pub fn spin_wasm_component_export(
        component: *const spin_wasm_component_t,
        index: usize,
        out: *mut spin_component_item_t,
    ) -> bool;
    pub fn spin_wasm_component_module(
        component: *const spin_wasm_component_t,
        name: spin_slice_t,
        out: *mut spin_slice_t,
    ) -> *mut spin_error_t;
    pub fn spin_wasm_component_wit(
        component: *const spin_wasm_component_t,
        out: *mut spin_string_t,
    ) -> *mut spin_error_t;
    pub fn spin_wasm_component_print(
        component: *const spin_wasm_component_t,
        out: *mut spin_string_t,
    ) -> *mut spin_error_t;
    pub fn spin_engine_builder_add_component(
        builder: *mut spin_engine_builder_t,
        id: spin_slice_t,
        component: *mut spin_wasm_component_t,
    ) -> *mut spin_error_t;
    pub fn spin_component_define_on_loop(builder: *mut spin_engine_builder_t);
    pub fn spin_component_define_function(
        builder: *mut spin_engine_builder_t,
        interface: spin_slice_t,
        name: spin_slice_t,
        function: spin_component_function_fn,
        user: *mut c_void,
    ) -> *mut spin_error_t;
    pub fn spin_component_define_resource(
        builder: *mut spin_engine_builder_t,
        interface: spin_slice_t,
        name: spin_slice_t,
        identity: *const c_void,
        drop: spin_component_drop_fn,
        user: *mut c_void,
    ) -> *mut spin_error_t;
    pub fn spin_component_function(
        instance: *mut spin_instance_t,
        name: spin_slice_t,
        out: *mut *const spin_function_t,
    ) -> *mut spin_error_t;
    pub fn spin_component_call(
        instance: *mut spin_instance_t,
        name: spin_slice_t,
        args: *const spin_value_t,
        args_len: usize,
        result: *mut spin_value_t,
    ) -> *mut spin_error_t;
    pub fn spin_component_drop(instance: *mut spin_instance_t, handle: u64) -> *mut spin_error_t;
    pub fn spin_host_call_alloc(call: *mut spin_host_call_t, size: usize) -> *mut c_void;

    pub fn spin_trigger_new(
        r#type: *const spin_trigger_type_t,
        user: *mut c_void,
        application: *mut spin_application_t,
        options: *const spin_trigger_options_t,
        out: *mut *mut spin_trigger_t,
    ) -> *mut spin_error_t;
    pub fn spin_trigger_run(trigger: *mut spin_trigger_t) -> *mut spin_error_t;
    pub fn spin_trigger_stop(trigger: *mut spin_trigger_t);
    pub fn spin_trigger_free(trigger: *mut spin_trigger_t);
    pub fn spin_trigger_application(trigger: *mut spin_trigger_t) -> *mut spin_application_t;
    pub fn spin_trigger_state(trigger: *mut spin_trigger_t) -> *mut c_void;
    pub fn spin_trigger_settings(trigger: *mut spin_trigger_t) -> *mut spin_settings_t;
    pub fn spin_trigger_component_settings(
        trigger: *mut spin_trigger_t,
        component: *const spin_component_t,
    ) -> *mut spin_settings_t;
    pub fn spin_settings_text(
        settings: *mut spin_settings_t,
        key: *const c_char,
        required: bool,
        out: *mut spin_slice_t,
    ) -> *mut spin_error_t;
    pub fn spin_settings_boolean(
        settings: *mut spin_settings_t,
        key: *const c_char,
        required: bool,
        out: *mut bool,
    ) -> *mut spin_error_t;
    pub fn spin_settings_integer(
        settings: *mut spin_settings_t,
        key: *const c_char,
        required: bool,
        min: i64,
        max: i64,
        out: *mut i64,
    ) -> *mut spin_error_t;
    pub fn spin_settings_duration_ms(
        settings: *mut spin_settings_t,
        key: *const c_char,
        required: bool,
        out: *mut u64,
    ) -> *mut spin_error_t;
    pub fn spin_settings_json(
        settings: *mut spin_settings_t,
        key: *const c_char,
        out: *mut *mut c_char,
    ) -> *mut spin_error_t;
    pub fn spin_settings_error(
        settings: *const spin_settings_t,
        key: *const c_char,
        format: *const c_char,
        ...
    ) -> *mut spin_error_t;

    pub fn spin_worker_trigger(worker: *mut spin_worker_t) -> *mut spin_trigger_t;
    pub fn spin_worker_index(worker: *const spin_worker_t) -> c_uint;
    pub fn spin_worker_every(
        worker: *mut spin_worker_t,
        interval_ms: u64,
        r#fn: spin_worker_fn,
        user: *mut c_void,
    ) -> *mut spin_error_t;
    pub fn spin_worker_post(
        worker: *mut spin_worker_t,
        r#fn: spin_worker_fn,
        user: *mut c_void,
    ) -> *mut spin_error_t;
    pub fn spin_worker_hold(worker: *mut spin_worker_t);
    pub fn spin_worker_release(worker: *mut spin_worker_t);
    pub fn spin_worker_call(
        worker: *mut spin_worker_t,
        id: spin_slice_t,
        options: *const spin_prepare_options_t,
        function: *const spin_function_t,
        args: *const spin_value_t,
        args_len: usize,
        done: spin_worker_called_fn,
        user: *mut c_void,
    ) -> *mut spin_error_t;

    pub fn spin_http_trigger_new(
        application: *mut spin_application_t,
        options: *const spin_http_options_t,
        out: *mut *mut spin_trigger_t,
    ) -> *mut spin_error_t;
    pub fn spin_http_trigger_address(trigger: *const spin_trigger_t) -> *const c_char;
}
