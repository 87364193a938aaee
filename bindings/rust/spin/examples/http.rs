//! Serves an application: `http [MANIFEST [HOST:PORT]]`, until Ctrl-C.

use std::path::Path;
use std::process::ExitCode;

use spin_host::{Application, Error, HttpOptions, HttpServer};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let manifest = arguments.next().unwrap_or_else(|| {
        let hello = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../examples/hello");
        hello.to_string_lossy().into_owned()
    });
    match serve(&manifest, arguments.next()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::from(error.kind().exit_code() as u8)
        }
    }
}

fn serve(manifest: &str, listen: Option<String>) -> Result<(), Error> {
    let application = Application::load(manifest)?;
    let options = HttpOptions { listen, handle_signals: true, ..Default::default() };
    let mut server = HttpServer::new(&application, &options)?;
    println!("{}: http://{}", application.name(), server.address());
    server.run()
}
