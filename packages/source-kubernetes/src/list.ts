import type { ApiRequest, KubeApi } from "@sluice/kubernetes-api";
import { isStatus } from "@sluice/kubernetes-api";
import { isRawObject, type RawObject } from "@sluice/kubernetes-objects";
import { z } from "zod";

const Page = z.object({
  metadata: z.object({ resourceVersion: z.string().min(1), continue: z.string().optional() }),
  items: z.array(z.custom<RawObject>(isRawObject)).nullish(),
});

/** Objects in one answer; a page is parsed and narrowed before the next is asked for. */
const PAGE_SIZE = 500;

export interface Listing {
  page(items: readonly RawObject[]): void;
}

/**
 * Lists all objects in pages, and hands each page to a listing. Returns the version to watch from, with the listing that is
 * complete: when the server has forgotten where it was (410, between two pages), a new one is made and filled in one page.
 */
export async function listAll<L extends Listing>(
  api: KubeApi,
  request: ApiRequest,
  begin: () => L,
): Promise<{ readonly listing: L; readonly version: string }> {
  try {
    return await listPages(api, request, begin(), { limit: `${PAGE_SIZE}` });
  } catch (error) {
    if (!isStatus(error, 410)) throw error;
    return await listPages(api, request, begin(), {});
  }
}

async function listPages<L extends Listing>(
  api: KubeApi,
  request: ApiRequest,
  listing: L,
  limit: Readonly<Record<string, string>>,
): Promise<{ readonly listing: L; readonly version: string }> {
  let next: string | undefined;
  for (;;) {
    const query = { ...request.query, ...limit, ...(next === undefined ? {} : { continue: next }) };
    const { metadata, items } = Page.parse(await api.json({ ...request, query }));
    listing.page(items ?? []);
    next = metadata.continue || undefined;
    if (next === undefined) return { listing, version: metadata.resourceVersion };
  }
}
