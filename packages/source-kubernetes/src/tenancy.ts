import { type ObjectKey, objectKey, parseObjectKey } from "@sluice/model";
import type { Put } from "./held.ts";

/** What one follower has put, so that it can be taken away at once when nobody wants it any more. */
export interface Tenancy {
  readonly put: Put;
  /** Takes away all that was put. What is put afterwards, by an answer that was still under way, is dropped. */
  end(): void;
}

export function createTenancy(put: Put): Tenancy {
  const present = new Set<ObjectKey>();
  let ended = false;
  return {
    put(ref, object, diagnostics) {
      if (ended) return;
      if (object === undefined) present.delete(objectKey(ref));
      else present.add(objectKey(ref));
      put(ref, object, diagnostics);
    },
    end() {
      ended = true;
      for (const key of present) put(parseObjectKey(key), undefined, []);
    },
  };
}
