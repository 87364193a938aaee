//! Hello as Rust's guests of 2022 were: std, its allocator, a request taken apart into owned
//! strings, 1.1 MiB of linear memory. The entry point is written out by hand, docs/abi-2022.md.

use std::alloc::{alloc, dealloc, realloc, Layout};

struct Request {
    #[allow(dead_code)]
    method: u32,
    uri: String,
    headers: Vec<(String, String)>,
    params: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

struct Response {
    status: u16,
    headers: Option<Vec<(String, String)>>,
    body: Option<Vec<u8>>,
}

fn handle(request: Request) -> Response {
    // Looks at all of the request, as a real handler may.
    let seen = request.uri.len()
        + request.headers.iter().map(|(k, v)| k.len() + v.len()).sum::<usize>()
        + request.params.len()
        + request.body.map_or(0, |b| b.len());
    Response {
        status: if seen == 0 { 500 } else { 200 },
        headers: Some(vec![("content-type".to_owned(), "text/plain".to_owned())]),
        body: Some(b"Hello, Spin in C!\n".to_vec()),
    }
}

#[export_name = "canonical_abi_realloc"]
unsafe extern "C" fn canonical_abi_realloc(
    old: *mut u8,
    old_size: usize,
    align: usize,
    size: usize,
) -> *mut u8 {
    let block = if size == 0 {
        return align as *mut u8;
    } else if old_size == 0 {
        alloc(Layout::from_size_align_unchecked(size, align))
    } else {
        realloc(old, Layout::from_size_align_unchecked(old_size, align), size)
    };
    if block.is_null() {
        std::process::abort();
    }
    block
}

#[export_name = "canonical_abi_free"]
unsafe extern "C" fn canonical_abi_free(block: *mut u8, size: usize, align: usize) {
    if size != 0 {
        dealloc(block, Layout::from_size_align_unchecked(size, align));
    }
}

unsafe fn string(ptr: *mut u8, len: usize) -> String {
    String::from_utf8_unchecked(Vec::from_raw_parts(ptr, len, len))
}

unsafe fn pairs(ptr: *mut [usize; 4], len: usize) -> Vec<(String, String)> {
    let taken = (0..len)
        .map(|i| {
            let [k, k_len, v, v_len] = *ptr.add(i);
            (string(k as *mut u8, k_len), string(v as *mut u8, v_len))
        })
        .collect();
    canonical_abi_free(ptr as *mut u8, len * 16, 4);
    taken
}

#[repr(C, align(4))]
struct Area([u8; 28]);
static mut AREA: Area = Area([0; 28]);

unsafe fn store32(offset: usize, value: usize) {
    let at = core::ptr::addr_of_mut!(AREA) as *mut u8;
    *(at.add(offset) as *mut usize) = value;
}

unsafe fn store8(offset: usize, value: u8) {
    *(core::ptr::addr_of_mut!(AREA) as *mut u8).add(offset) = value;
}

#[export_name = "handle-http-request"]
unsafe extern "C" fn handle_http_request(
    method: u32,
    uri: *mut u8,
    uri_len: usize,
    headers: *mut [usize; 4],
    headers_len: usize,
    params: *mut [usize; 4],
    params_len: usize,
    has_body: u32,
    body: *mut u8,
    body_len: usize,
) -> *const Area {
    let response = handle(Request {
        method,
        uri: string(uri, uri_len),
        headers: pairs(headers, headers_len),
        params: pairs(params, params_len),
        body: (has_body != 0).then(|| Vec::from_raw_parts(body, body_len, body_len)),
    });
    let at = core::ptr::addr_of_mut!(AREA) as *mut u8;
    *(at as *mut u16) = response.status;
    if let Some(list) = response.headers {
        let list: Vec<[usize; 4]> = list
            .into_iter()
            .map(|(k, v)| {
                let (k, v) = (k.into_boxed_str(), v.into_boxed_str());
                let flat = [k.as_ptr() as usize, k.len(), v.as_ptr() as usize, v.len()];
                std::mem::forget((k, v));
                flat
            })
            .collect();
        let list = list.into_boxed_slice();
        store8(4, 1);
        store32(8, list.as_ptr() as usize);
        store32(12, list.len());
        std::mem::forget(list);
    }
    if let Some(bytes) = response.body {
        let bytes = bytes.into_boxed_slice();
        store8(16, 1);
        store32(20, bytes.as_ptr() as usize);
        store32(24, bytes.len());
        std::mem::forget(bytes);
    }
    core::ptr::addr_of!(AREA)
}
