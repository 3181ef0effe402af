//! `xtask-bindgen INPUT.wasm OUT_DIR`: writes the JavaScript module, its type
//! declarations and the final wasm file.
//!
//! The command `wasm-bindgen` does the same; as a library its version follows the
//! lock file and nothing has to be installed.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use walrus::Module;
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
    if let Err(e) = result {
        eprintln!("wasm-bindgen on {input}: {e:?}");
        return ExitCode::FAILURE;
    }
    let stem = Path::new(input).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if let Err(why) = shorten(Path::new(out_dir), &stem) {
        eprintln!("shortening the imports of {stem}: {why}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Gives the imports names of one or two letters, in both files: the hashes in those they have are
/// random digits, which no compression makes smaller.
fn shorten(dir: &Path, stem: &str) -> Result<(), String> {
    let (wasm, script) = (dir.join(format!("{stem}_bg.wasm")), dir.join(format!("{stem}.js")));
    let mut module = Module::from_file(&wasm).map_err(|e| format!("{}: {e}", wasm.display()))?;
    let mut text = fs::read_to_string(&script).map_err(|e| format!("{}: {e}", script.display()))?;
    for (number, import) in module.imports.iter_mut().enumerate() {
        // Each is a property of the object that the instance is made with.
        let declared = format!("{}: function", import.name);
        if text.matches(&declared).count() != 1 {
            continue;
        }
        let letter = |digit: usize| char::from(b'a' + (digit % 26) as u8);
        let short = String::from_iter([letter(number / 26), letter(number)]);
        text = text.replace(&declared, &format!("{short}: function"));
        import.name = short;
    }
    fs::write(&script, text).map_err(|e| format!("{}: {e}", script.display()))?;
    module.emit_wasm_file(&wasm).map_err(|e| format!("{}: {e}", wasm.display()))
}
