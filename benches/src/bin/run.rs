//! One client, one workload, one line of figures.

fn main() {
    redmux_benches::main(None);
}
