import { type EchoBackend, type EchoOptions, startEcho } from "@sluice/echo-backend";
import type { Diagnostic } from "@sluice/model";
import { afterAll, beforeAll } from "vitest";
import { service, yamlOf } from "./manifests.ts";
import { recordReports } from "./record-exercised.ts";
import type { TestRequest, TestResponse } from "./request.ts";
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "./test-gateway.ts";

export interface UseGatewayOptions extends Omit<TestGatewayOptions, "manifests"> {
  /** Echo backends to start, each behind a Service of its name in the namespace `default`. */
  readonly backends: readonly (string | EchoOptions)[];
  /** Objects that are there from the start; called when the backends listen. */
  readonly objects: (backends: Backends) => readonly object[] | Promise<readonly object[]>;
}

/** The echo backends of a test, by name. */
export interface Backends {
  get(name: string): EchoBackend;
}

/** A gateway shared by the tests of a `describe` or a file. */
export interface SharedGateway extends Backends {
  readonly gateway: TestGateway;
  send(request: TestRequest): Promise<TestResponse>;
  /** Name of the backend that answered, or the status where none did. */
  who(request: TestRequest): Promise<string | number>;
  /** What there is to say about an object, by its name. */
  diagnostics(objectName: string): readonly Diagnostic[];
}

/** Starts a gateway before the tests and ends it after them. */
export function useGateway(options: UseGatewayOptions): SharedGateway {
  const running = new Map<string, EchoBackend>();
  let gateway: TestGateway | undefined;
  const get = (name: string): EchoBackend => {
    const backend = running.get(name);
    if (backend === undefined) throw new Error(`no backend ${name} was started`);
    return backend;
  };
  const started = (): TestGateway => {
    if (gateway === undefined) throw new Error("the gateway has not started");
    return gateway;
  };

  beforeAll(async () => {
    const wanted = options.backends.map((each) => (typeof each === "string" ? { name: each } : each));
    for (const each of wanted) running.set(each.name, await startEcho(each));
    const services = wanted.flatMap(({ name }) => service(name, [{ port: get(name).port }]));
    const objects = await options.objects({ get });
    const { backends: _backends, objects: _objects, ...rest } = options;
    gateway = await startTestGateway({
      ...rest,
      manifests: { "services.yaml": yamlOf(...services), "objects.yaml": yamlOf(...objects) },
    });
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
    for (const backend of running.values()) await backend.kill();
  });

  return {
    get gateway() {
      return started();
    },
    get,
    send: (request) => started().request(request),
    async who(request) {
      const response = await started().request(request);
      const name = response.headers["x-echo-backend"];
      return typeof name === "string" ? name : response.status;
    },
    diagnostics: (objectName) =>
      recordReports(
        started()
          .gateway.gateways.diagnostics()
          .filter(({ origin }) => origin?.object.name === objectName),
      ),
  };
}
