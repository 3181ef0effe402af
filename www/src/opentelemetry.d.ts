// Types of `redmux/opentelemetry`: see docs/observability.md.

import type { MeterProvider, TracerProvider } from "@opentelemetry/api";

export interface InstrumentOptions {
  /** Default: the one that is registered with `@opentelemetry/api`. */
  tracerProvider?: TracerProvider;
  /** Default: the one that is registered with `@opentelemetry/api`. */
  meterProvider?: MeterProvider;
  /** Whether there are spans. Default true. */
  spans?: boolean;
  /** Whether there are metrics. Default true. */
  metrics?: boolean;
  /** Whether commands have a span only inside another span. Default false. */
  requireParentSpan?: boolean;
}

/**
 * Makes spans and metrics of what all clients of the build for servers do, also of those that are connected later. Returns a
 * function that ends it.
 */
export declare function instrument(options?: InstrumentOptions): () => void;
