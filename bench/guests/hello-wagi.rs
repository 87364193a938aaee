//! The smallest CGI answer in Rust.
fn main() {
    print!("content-type: text/plain\n\nHello, Spin in C!\n");
}
