import { Server, ServerCredentials, type ServiceDefinition } from "@grpc/grpc-js";
import protobuf from "protobufjs";

/** What a test looks at in a span. */
export interface Span {
  readonly service: string;
  readonly name: string;
  /** Hex. */
  readonly traceId: string;
  readonly parentSpanId: string;
}

/** A backend that takes OTLP over gRPC and keeps of it what {@link Span} has: a stand-in for a collector. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly port: number;
  readonly spans: readonly Span[];
}

/** The fields that are read, with the numbers of opentelemetry/proto/trace/v1/trace.proto; others are skipped. */
const SCHEMA = `
  syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message KeyValue { string key = 1; Value value = 2; }
  message Value { string string_value = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span { bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; }
`;

interface Request {
  readonly resourceSpans: readonly {
    readonly resource?: { readonly attributes: readonly { key: string; value?: { stringValue: string } }[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly { name: string; traceId: Uint8Array; parentSpanId: Uint8Array }[];
    }[];
  }[];
}

const request = protobuf.parse(SCHEMA).root.lookupType("Request");

const SERVICE: ServiceDefinition = {
  export: {
    path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    requestStream: false,
    responseStream: false,
    // The schema above says that it is one.
    requestDeserialize: (bytes) => request.decode(bytes) as unknown as Request,
    requestSerialize: () => Buffer.alloc(0),
    responseSerialize: () => Buffer.alloc(0),
    responseDeserialize: () => ({}),
  },
};

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: Span[] = [];
  const server = new Server();
  server.addService(SERVICE, {
    export(call: { request: Request }, answer: (error: null, value: object) => void) {
      spans.push(...spansOf(call.request));
      answer(null, {});
    },
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
    error === null ? resolve(port) : reject(error),
  );
  const port = await promise;
  return {
    port,
    spans,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

function spansOf({ resourceSpans }: Request): Span[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const named = resource?.attributes.find(({ key }) => key === "service.name");
    return scopeSpans
      .flatMap(({ spans }) => spans)
      .map(({ name, traceId, parentSpanId }) => ({
        service: named?.value?.stringValue ?? "",
        name,
        traceId: Buffer.from(traceId).toString("hex"),
        parentSpanId: Buffer.from(parentSpanId).toString("hex"),
      }));
  });
}
