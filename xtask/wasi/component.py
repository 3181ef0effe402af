"""Runs a WASI 0.2 command component in Wasmtime: `component.py [--no-network] COMPONENT ARGUMENT...`"""

import sys

from wasmtime import Config, Engine, Store, WasiConfig
from wasmtime import _ffi as ffi
from wasmtime.component import Component, Linker

# The binding has no method for these two: without them, a component has no network.
NETWORK = ffi.wasi_config_inherit_network
NAMES = ffi.wasi_config_allow_ip_name_lookup


def main() -> int:
    words = sys.argv[1:]
    network = words[0] != "--no-network"
    words = words if network else words[1:]
    config = Config()
    config.cache = True
    engine = Engine(config)
    store = Store(engine)
    wasi = WasiConfig()
    wasi.argv = words
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    if network:
        NETWORK(wasi.ptr())
        NAMES(wasi.ptr(), True)
    store.set_wasi(wasi)
    linker = Linker(engine)
    linker.add_wasip2()
    instance = linker.instantiate(store, Component.from_file(engine, words[0]))
    place = instance.get_export_index(store, "wasi:cli/run@0.2.12")
    place = place or next(
        found
        for minor in range(20)
        if (found := instance.get_export_index(store, f"wasi:cli/run@0.2.{minor}"))
    )
    run = instance.get_func(store, instance.get_export_index(store, "run", place))
    try:
        outcome = run(store)
    except Exception as error:
        # `exit` is a trap with a status.
        code = getattr(error, "code", None)
        if code is None:
            print(error, file=sys.stderr)
            return 70
        return code
    return 0 if outcome.tag == "ok" else 1


sys.exit(main())
