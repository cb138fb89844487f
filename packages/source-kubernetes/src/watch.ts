import type { ApiRequest, KubeApi } from "@sluice/kubernetes-api";
import { ApiError, jsonLines } from "@sluice/kubernetes-api";
import { isRawObject, type RawObject } from "@sluice/kubernetes-objects";
import { z } from "zod";

/** One event of a watch. `version` is the point to go on from. */
export interface WatchEvent {
  readonly type: "set" | "delete" | "bookmark";
  readonly object: RawObject;
  readonly version: string;
}

const Event = z.object({ type: z.string(), object: z.custom<RawObject>(isRawObject) });
const Head = z.object({ metadata: z.object({ resourceVersion: z.string().min(1) }) });
const Status = z.object({ code: z.number(), message: z.string().catch("no message") });

const TYPES: Readonly<Record<string, WatchEvent["type"]>> = {
  ADDED: "set",
  MODIFIED: "set",
  DELETED: "delete",
  BOOKMARK: "bookmark",
};

/** The server ends a watch after a time between this and twice this, seconds, so that watches spread over servers. */
const MIN_WATCH_SECONDS = 290;

/**
 * Opens a watch; resolves when the server has agreed. Without a version it begins with the objects as they are, as
 * events. An error event ends the iteration with an {@link ApiError}: 410 says that the version is too old.
 */
export async function openWatch(
  api: KubeApi,
  request: ApiRequest,
  version: string | undefined,
  random: () => number,
): Promise<AsyncIterable<WatchEvent>> {
  const seconds = Math.floor(MIN_WATCH_SECONDS * (1 + random()));
  const chunks = await api.stream({
    ...request,
    query: {
      ...request.query,
      watch: "1",
      allowWatchBookmarks: "true",
      timeoutSeconds: `${seconds}`,
      ...(version === undefined ? {} : { resourceVersion: version }),
    },
  });
  return eventsOf(chunks);
}

async function* eventsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<WatchEvent> {
  for await (const line of jsonLines(chunks)) {
    const { type, object } = Event.parse(line);
    if (type === "ERROR") {
      const { code, message } = Status.parse(object);
      throw new ApiError(code, `${message} (${code}, on a watch)`);
    }
    const known = TYPES[type];
    if (known === undefined) continue;
    yield { type: known, object, version: Head.parse(object).metadata.resourceVersion };
  }
}
