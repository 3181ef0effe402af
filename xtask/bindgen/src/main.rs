//! `xtask-bindgen INPUT.wasm OUT_DIR`: writes the JavaScript module, its type
//! declarations and the final wasm file.
//!
//! The command `wasm-bindgen` does the same; as a library its version follows the
//! lock file and nothing has to be installed.

use std::env;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let [input, out_dir] = args.as_slice() else {
        eprintln!("usage: xtask-bindgen INPUT.wasm OUT_DIR");
        return ExitCode::from(2);
    };
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(input)
        .typescript(true)
        // A program goes on with a new instance after a trap.
        .reset_state_function(true)
        .remove_name_section(false)
        .remove_producers_section(true);
    let result = bindgen.web(true).and_then(|bindgen| bindgen.generate(out_dir));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("wasm-bindgen on {input}: {e:?}");
            ExitCode::FAILURE
        }
    }
}
