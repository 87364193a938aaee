//! What `make bench` runs as a component, in libspin and in Wasmtime itself.
wit_bindgen::generate!({ world: "component" });

struct Component;

impl exports::bench::component::calls::Guest for Component {
    fn greet(name: String) -> String {
        format!("Hello, {name}!")
    }

    fn take(bytes: Vec<u8>) -> u32 {
        bytes.len() as u32
    }

    fn echo(bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }
}

export!(Component);
